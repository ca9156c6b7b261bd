import { type Attack, attack, each } from '../attack.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const lists = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

/** The object as JSON with a member more, whose value is a text of JSON. */
const withMember = (object: object, json: string): string => `${JSON.stringify(object).slice(0, -1)},"deep":${json}}`

export const nested: Attack = attack({
  ids: ['A18'],
  title: 'JSON that is nested without end',
  cost: 'One request of a few kilobytes would overflow the stack of whatever walks the claims.',
  shows: [],
  stage: verifierStage,
  legal: each({ lists, objects }, async (stage: VerifierStage, deep) => {
    await expectTaken(stage, stage.signAs(stage.header, withMember(stage.claims, deep(15))))
    await expectTaken(stage, stage.signAs(withMember(stage.header, deep(7)), stage.claims))
  }),
  hostile: {
    ...each({ lists, objects }, async (stage: VerifierStage, deep) => {
      for (const depth of [16, 500, 900]) {
        await expectRefused(stage, stage.signAs(stage.header, withMember(stage.claims, deep(depth))))
        await expectRefused(stage, stage.signAs(withMember(stage.header, deep(depth)), stage.claims))
      }
      await expectRefused(stage, stage.signAs(withMember(stage.header, deep(8)), stage.claims))
      await expectRefused(stage, stage.signAs(stage.header, deep(2_600 / deep(1).length)))
      await expectRefused(stage, stage.signAs(deep(2_600 / deep(1).length), stage.claims))
    }),
    'lists 100,000 deep': (stage) => expectRefused(stage, stage.signAs(stage.header, lists(100_000))),
    'lists 100,000 deep that never end': (stage) => expectRefused(stage, stage.signAs('['.repeat(100_000), '{}')),
    'lists 5,000 deep that never end': (stage) => expectRefused(stage, stage.signAs('['.repeat(5_000), '{}')),
  },
})
