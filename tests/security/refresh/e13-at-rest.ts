import { expect } from 'vitest'
import type { Served } from '../../wire/served-auth.ts'
import { ownPage, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectOver, expectRefreshed, familyStage, overEach, refreshTokenOf } from '../stages/refresh-family.ts'

/** Everything that the store holds of somebody, and was told, as text. */
async function dump(visitor: Visitor, { store, events }: Served): Promise<string> {
  const handle = refreshTokenOf(visitor)?.split('.')[1] ?? ''
  return JSON.stringify([await store.listByUser(handle), events])
}

/** All runs of 24 bytes of the token's secrets, as text in either alphabet and as hex. */
function piecesOf(token: string): readonly string[] {
  const bytes = Buffer.from(token.split('.')[2] ?? '', 'base64url')
  return [0, 32 + 4].flatMap((from) => {
    const secret = bytes.subarray(from, from + 32)
    return [secret.toString('hex'), secret.toString('base64url').slice(0, 40), secret.toString('base64').slice(0, 40)]
  })
}

export const atRest: Attack = attack({
  ids: ['E13'],
  title: 'a refresh token out of a copy of the store',
  cost: 'Whoever reads a backup could sign in as everybody in it.',
  shows: [],
  stage: familyStage,
  legal: overEach('what the client holds refreshes', async (visitor) => void (await expectRefreshed(visitor))),
  hostile: {
    ...overEach('no secret of a token is in the store or in an event, live or spent', async (visitor, served) => {
      const tokens = [refreshTokenOf(visitor) ?? '']
      await expectRefreshed(visitor)
      tokens.push(refreshTokenOf(visitor) ?? '')
      const kept = await dump(visitor, served)
      for (const piece of tokens.flatMap(piecesOf)) expect(kept).not.toContain(piece)
    }),
    ...overEach('nor is a token made of what the store holds worth anything', async (visitor, served) => {
      await expectRefreshed(visitor)
      const [found] = (await served.store.listByUser(refreshTokenOf(visitor)?.split('.')[1] ?? '')).sessions.slice(-1)
      const { id = '', rotation } = found?.record ?? {}
      const [handle, digest = ''] = id.split('.')
      const bytes = [digest, rotation?.cur ?? '', rotation?.salt ?? '', rotation?.prev ?? ''].map((text) =>
        Buffer.from(text, 'base64url'),
      )
      for (const family of bytes)
        for (const secret of bytes) {
          const thief = visitor.copy()
          const token = `hsr1.${handle}.${Buffer.concat([family, Buffer.from([0, 0, 0, 1]), secret]).toString('base64url')}`
          if (thief.tokens.refresh === undefined) thief.cookies.set(served.wire.refresh, token)
          else thief.tokens.refresh = token
          thief.cookies.delete(served.wire.access)
          await expectOver(thief)
        }
      await expectRefreshed(visitor)
    }),
    ...overEach('the name of a session opens nothing', async (visitor, served) => {
      const [{ id } = { id: '' }] = await served.auth.sessions.list('ada')
      for (const credential of [id, `hss1.${id}`, `hsr1.${id}`]) {
        const header =
          visitor.transport === 'cookie'
            ? (['Cookie', `${served.wire.access}=${credential}`] as const)
            : (['Authorization', `Bearer ${credential}`] as const)
        const { status } = await served.wire.ask({ method: 'GET', target: '/api/me', headers: [header, ...ownPage] })
        expect(status).toBe(401)
      }
    }),
  },
})
