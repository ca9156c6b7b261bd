import { expect } from 'vitest'
import type { Served } from '../../wire/served-auth.ts'
import { newVisitor, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import {
  expectKnown,
  expectNothingGiven,
  member,
  onPairs,
  type Pair,
  pairStage,
  recorded,
} from '../stages/session-pairs.ts'

/** Everything that the store is ever told while somebody signs in, comes back and refreshes. */
async function dumpOf(served: Served, pair: Pair): Promise<{ readonly visitor: Visitor; readonly dump: string }> {
  const told: unknown[] = []
  served.store.plan(({ args }) => {
    told.push(args)
    return undefined
  })
  const visitor = await member(served, pair)
  const { sessions } = await served.store.listByUser((await idOf(visitor)).slice(0, 16))
  served.clock.advance('1m')
  expect((await visitor.refresh()).status).toBe(200)
  await expectKnown(visitor)
  served.store.plan()
  return { visitor, dump: JSON.stringify([told, sessions]) }
}

async function idOf(visitor: Visitor): Promise<string> {
  const { json } = await visitor.ask('GET', '/auth/session')
  return (json as { readonly session: { readonly id: string } }).session.id
}

/** Whoever presents the text in every place and shape; nothing of it may be taken. */
async function expectWorthless(served: Served, pair: Pair, text: string): Promise<void> {
  const { wire } = served
  const handle = /^[\w-]{16}(?=\.)/.exec(text)?.[0] ?? 'A'.repeat(16)
  const digest = text.slice(text.lastIndexOf('.') + 1)
  const shapes = [text, digest, `hss1.${text}`, `hss1.${handle}.${digest}`, `hsr1.${text}`, `hsr1.${handle}.${digest}`]
  const fit = [
    ...shapes,
    `hsr1.${handle}.${digest.padEnd(91, 'A')}`,
    `hsr1.${handle}.${(digest + digest).padEnd(91, 'A')}`,
  ]
  for (const credential of fit) {
    const asAccess = newVisitor(wire, pair.transport)
    if (pair.transport === 'cookie') asAccess.cookies.set(wire.access, credential)
    else asAccess.tokens.access = credential
    expect((await asAccess.ask('GET', '/api/me')).status).toBe(401)
    const asRefresh = newVisitor(wire, pair.transport)
    if (pair.transport === 'bearer') asRefresh.tokens.refresh = credential
    else asRefresh.cookies.set(pair.strategy === 'hybrid' ? wire.refresh : wire.access, credential)
    const answer = await asRefresh.refresh()
    expect(answer.status).toBe(400)
    expectNothingGiven(answer)
  }
}

export const storeDump: Attack = attack({
  ids: ['C4'],
  title: 'a copy of everything that the store was ever told',
  cost: 'A backup, a replica or a look at the database would be the sessions of all users at once.',
  shows: ['SP 800-63B-4 §5.1', 'ASVS 7.2.3'],
  stage: pairStage({}, recorded),
  legal: onPairs(
    'the credential, of which the store was told nothing but a digest',
    async (served, pair) => {
      const { visitor, dump } = await dumpOf(served, pair)
      await expectKnown(visitor)
      expect(dump).toContain(await idOf(visitor))
    },
    recorded,
  ),
  hostile: {
    ...onPairs(
      'no credential that was ever handed out stands in it, nor the secret end of one',
      async (served, pair) => {
        const { dump } = await dumpOf(served, pair)
        const issued = [...served.wire.issued]
        expect(issued.length).toBeGreaterThan(0)
        for (const credential of issued) {
          expect(dump).not.toContain(credential)
          expect(dump).not.toContain(credential.slice(credential.lastIndexOf('.') + 1))
        }
      },
      recorded,
    ),
    ...onPairs(
      'nothing that stands in it is taken for a credential',
      async (served, pair) => {
        const { visitor, dump } = await dumpOf(served, pair)
        // The texts long enough to be a secret: ids, hashes, salts.
        const texts = new Set(dump.match(/[\w.-]{22,}/g))
        expect(texts.size).toBeGreaterThan(0)
        for (const text of texts) await expectWorthless(served, pair, text)
        await expectKnown(visitor)
      },
      recorded,
    ),
  },
})
