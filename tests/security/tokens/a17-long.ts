import { expect, vi } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { expectHeaderRefused, expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts' // biome-ignore format: one row

/** A genuine token of a length, if a token can have it: base64url has no length of 4n + 1. */
function genuine(stage: VerifierStage, length: number): string {
  const short = stage.sign({ claims: { fill: '' } })
  const close = Math.floor(((length - short.length - 8) * 3) / 4)
  for (let fill = close; fill < close + 16; fill += 1) {
    const token = stage.sign({ claims: { fill: 'f'.repeat(fill) } })
    if (token.length === length) return token
  }
  // A longer header moves the others by one.
  for (let fill = close - 24; fill < close + 16; fill += 1) {
    const token = stage.sign({ header: { fill: 'f' }, claims: { fill: 'f'.repeat(fill) } })
    if (token.length === length) return token
  }
  throw new Error(`no token of ${length} characters`)
}

/** Nothing of a text that is too long is parsed, and no key is looked for. */
async function expectUnread(stage: VerifierStage, text: string): Promise<void> {
  stage.served.clock.advance('31s')
  const parse = vi.spyOn(JSON, 'parse')
  const fetched = stage.fetched.length
  expect((await stage.verify(text)).ok).toBe(false)
  expect(parse).not.toHaveBeenCalled()
  expect(stage.fetched.length).toBe(fetched)
  parse.mockRestore()
}

export const long: Attack = attack({
  ids: ['A17'],
  title: 'a token that is longer than any header',
  cost: 'A text from anybody would have the server decode and parse megabytes before it knows who sent them.',
  shows: [],
  stage: verifierStage,
  legal: {
    '8,192 characters': (stage) => expectTaken(stage, genuine(stage, 8_192)),
    '8,191 characters': (stage) => expectTaken(stage, genuine(stage, 8_191)),
    'a text that is short enough is parsed': async ({ verify, sign }) => {
      const parse = vi.spyOn(JSON, 'parse')
      await verify(sign({ header: { kid: 'unknown' } }))
      expect(parse).toHaveBeenCalled()
      parse.mockRestore()
    },
  },
  hostile: {
    ...each(
      { '8,193 characters': 8_193, '8,194 characters': 8_194, '12,000 characters': 12_000 },
      async (stage: VerifierStage, length) => {
        const token = genuine(stage, length)
        await expectRefused(stage, token)
        await expectHeaderRefused(stage, `Bearer ${token}`, 'invalid request')
        await expectUnread(stage, token)
      },
    ),
    'a megabyte of claims': async (stage) => {
      const token = stage.sign({ claims: { fill: 'f'.repeat(1_048_576) } })
      await expectRefused(stage, token)
      await expectUnread(stage, token)
    },
    '100 megabytes of one letter': (stage) => expectUnread(stage, 'A'.repeat(100 * 1_048_576)),
    '100 megabytes behind a genuine token': (stage) => expectUnread(stage, stage.token + 'A'.repeat(100 * 1_048_576)),
    '100 megabytes of dots': (stage) => expectUnread(stage, '.'.repeat(100 * 1_048_576)),
  },
})
