/**
 * I8: whoever has read the whole store can present nothing; with more than the store alone it is said what that gives.
 * @module
 */
import { idOf, readToken, successorOf, type Token, writeToken } from './reference.ts'
import { Violation, type Watch } from './watch.ts'
import type { Outcome, World } from './world.ts'

/** Tries what can be made of the store, of the keys without the live secret, and of spent tokens without the store. */
export async function presentDump(
  world: World,
  watch: Watch,
  present: (text: string) => Promise<Outcome | undefined>,
): Promise<void> {
  for (const user of world.users) {
    for (const family of watch.families.values()) {
      if (family.userId !== user.id || family.ended) continue
      const record = family.record
      const { rotation } = record
      if (!rotation) continue
      const [handle = '', digest = ''] = record.id.split('.')
      const kept = [digest, rotation.cur, rotation.prev ?? '', rotation.salt].filter((text) => text.length === 43)
      const found = kept.map((text) => Buffer.from(text, 'base64url'))
      const tokens: Token[] = found.flatMap((family) =>
        found.map((secret) => ({ handle, family, g: rotation.g, secret })),
      )
      // The store and the key, without any secret that ever travelled: whatever is derived has the wrong family or no live secret.
      const keys = [...(world.servers[0]?.keys.values() ?? [])]
      const derived = tokens.flatMap((token) => keys.map((key) => successorOf(token, key, rotation.salt)))
      // The key and a spent token, without the store: the salt is missing.
      const spent = watch.refreshTokens
        .map(readToken)
        .filter((token) => idOf(token) === record.id && token.g === rotation.g - 1)
      const blind = spent.flatMap((token) =>
        keys.map((key) => successorOf(token, key, Buffer.alloc(32).toString('base64url'))),
      )
      for (const token of [...tokens, ...derived, ...blind]) {
        const outcome = await present(writeToken(token))
        if (outcome?.is !== 'refused') throw new Violation('I8', `the store was presented, and it was ${outcome?.is}`)
      }
      for (const text of kept) {
        const outcome = await present(text)
        if (outcome?.is !== 'refused') throw new Violation('I8', 'a stored text was presented, and it was not refused')
      }
      return
    }
  }
}
