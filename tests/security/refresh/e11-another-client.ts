import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { claimsOf } from '../../wire/key-pair.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { ownPage, signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'
import { expectRefreshed, refreshTokenOf } from '../stages/refresh-family.ts'

interface Clients extends Closable {
  readonly served: Served
  /** Of the same users, with keys, secrets and a store of its own. */
  readonly foreign: Served
}

const json: Header = ['Content-Type', 'application/json']

async function clients(): Promise<Clients> {
  const open = () => serveAuth({ strategy: 'hybrid', transport: ['cookie', 'bearer', 'split'] })
  const [served, foreign] = [await open(), await open()]
  return { served, foreign, close: () => Promise.all([served.stop(), foreign.stop()]) }
}

/** Refused, and the token is as good as before for the client that it was given to. */
async function unspent(owner: Visitor, served: Served, present: (token: string) => ReturnType<Visitor['ask']>) {
  served.store.reset()
  const answer = await present(refreshTokenOf(owner) ?? '')
  expect([400, 401]).toContain(answer.status)
  expect(served.store.counts.writes).toBe(0)
  await expectRefreshed(owner)
}

function inBody(token: string): { readonly headers: readonly Header[]; readonly body: string } {
  return { headers: [json, ...ownPage], body: JSON.stringify({ refresh_token: token }) }
}

export const anotherClient: Attack = attack({
  ids: ['E11'],
  title: 'a refresh token presented by another client, or with a wish for more',
  cost: 'A token stolen out of one place could be used from any other, or be turned into rights that its user never had.',
  shows: ['RFC 9700 §4.14.2'],
  stage: clients,
  legal: {
    'by its own client, over each transport': async ({ served }) => {
      for (const transport of ['cookie', 'bearer', 'split'] as const)
        await expectRefreshed(await signedIn(served.wire, transport))
    },
  },
  hostile: {
    'of a cookie, in a body': async ({ served }) => {
      for (const transport of ['cookie', 'split'] as const)
        await unspent(await signedIn(served.wire, transport), served, (token) =>
          served.wire.ask({ method: 'POST', target: '/auth/refresh', ...inBody(token) }),
        )
    },
    'of a body, in the cookie': async ({ served }) => {
      await unspent(await signedIn(served.wire, 'bearer'), served, (token) =>
        served.wire.ask({
          method: 'POST',
          target: '/auth/refresh',
          headers: [['Cookie', `${served.wire.refresh}=${token}`], ...ownPage],
        }),
      )
    },
    'as an access token': async ({ served }) => {
      await unspent(await signedIn(served.wire, 'bearer'), served, (token) =>
        served.wire.ask({ method: 'GET', target: '/api/me', headers: [['Authorization', `Bearer ${token}`]] }),
      )
    },
    'at another server': async ({ served, foreign }) => {
      const owner = await signedIn(served.wire, 'bearer')
      await unspent(owner, foreign, async (token) => {
        await signedIn(foreign.wire, 'bearer')
        foreign.store.reset()
        return foreign.wire.ask({ method: 'POST', target: '/auth/refresh', ...inBody(token) })
      })
    },
    'beside the access cookie of another session': async ({ served }) => {
      const [owner, other] = [await signedIn(served.wire, 'cookie'), await signedIn(served.wire, 'cookie')]
      await unspent(owner, served, (token) => {
        const jar = `${served.wire.access}=${other.cookies.get(served.wire.access)}; ${served.wire.refresh}=${token}`
        return served.wire.ask({ method: 'POST', target: '/auth/refresh', headers: [['Cookie', jar], ...ownPage] })
      })
    },
    ...each(
      {
        scope: { scope: 'admin openid' },
        audience: { audience: 'https://bank.example', resource: 'https://bank.example', aud: 'https://bank.example' },
        'another client': { client_id: 'another', client_secret: 'x' },
        'another user': { user: { id: 'grace' }, userId: 'grace', sub: 'grace' },
        'a longer life': { expires_in: 31_536_000, lifetime: '100y' },
      } as Readonly<Record<string, object>>,
      async ({ served }: Clients, wish) => {
        const owner = await signedIn(served.wire, 'bearer')
        const { iat: _at, nbf: _from, exp: _to, jti: _id, hs, ...before } = claimsOf(owner.tokens.access ?? '')
        const answer = await owner.ask('POST', '/auth/refresh', {
          json: { refresh_token: owner.tokens.refresh, grant_type: 'refresh_token', ...wish },
        })
        expect(answer.status).toBe(200)
        const after = claimsOf(owner.tokens.access ?? '')
        const { v, e, t, c, x } = hs as Readonly<Record<string, unknown>>
        expect(after).toMatchObject({ ...before, hs: { v, e, t, c, x, g: 1 } })
        expect(after.exp - after.iat).toBe(300)
        expect(Object.keys(after).sort()).toEqual([...Object.keys(before), 'iat', 'nbf', 'exp', 'jti', 'hs'].sort())
      },
    ),
  },
})
