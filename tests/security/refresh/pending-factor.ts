import { createVerifier } from '@handstamp/server'
import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { expected, pairs } from '../../wire/outward-answers.ts'
import { type Served, schemaOf, serveAuth, type User } from '../../wire/served-auth.ts'
import { newVisitor, ownPage, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, type Inputs } from '../attack.ts'

type Pair = (typeof pairs)[number]

interface HalfSignedIn extends Closable {
  readonly serve: (pair: Pair) => Promise<{ readonly served: Served; readonly visitor: Visitor }>
}

const ada: User = { id: 'ada', role: 'admin' }

/** Servers on which a password is not enough. */
function halfSignedIn(): HalfSignedIn {
  const all: Served[] = []
  return {
    async serve(pair) {
      const served = await serveAuth({ ...pair, verifyCredentials: async () => ({ user: ada, pending: 'mfa' }) })
      all.push(served)
      const visitor = newVisitor(served.wire, pair.transport)
      expect((await visitor.signIn()).json).toMatchObject({ session: { pending: 'mfa' } })
      return { served, visitor }
    },
    close: () => Promise.all(all.map((served) => served.stop())),
  }
}

function onEach(
  name: string,
  attempt: (visitor: Visitor, served: Served, pair: Pair) => unknown,
  of = pairs,
): Inputs<HalfSignedIn> {
  return Object.fromEntries(
    of.map((pair) => [
      `${name}, ${pair.strategy} by ${pair.transport}`,
      async ({ serve }: HalfSignedIn) => {
        const { served, visitor } = await serve(pair)
        await attempt(visitor, served, pair)
      },
    ]),
  )
}

async function stillOwed(visitor: Visitor, { wire }: Served): Promise<void> {
  for (const target of ['/api/me', '/api/fresh', '/auth/session'])
    expectRefusal(await visitor.ask('GET', target), expected('step up', wire))
}

/** The second factor, as an application takes it. */
async function takeFactor(visitor: Visitor, { auth }: Served): Promise<void> {
  const headers = [...visitor.credentials(), ...ownPage].map(([name, value]): [string, string] => [name, value])
  const granted = await auth.renew(ada, new Request(`${auth.origin}/mfa`, { method: 'POST', headers }))
  if (!granted.ok) throw new Error(`renew answers ${granted.reason}`)
  const { headers: sent } = auth.apply(granted, new Response())
  visitor.keep({ setCookies: sent.getSetCookie(), json: granted.body } as unknown as Answer)
}

export const pendingFactor: Attack = attack({
  ids: ['GHSA-xg6x-h9c9-2m83'],
  title: 'a session that still owes a factor, by every way around it',
  cost: 'A stolen password would be enough for whoever asks for a second factor because passwords get stolen.',
  shows: ['ASVS 7.2.4'],
  stage: halfSignedIn,
  legal: onEach('with the factor', async (visitor, served) => {
    await takeFactor(visitor, served)
    for (const target of ['/api/me', '/api/fresh']) expect((await visitor.ask('GET', target)).status).toBe(200)
  }),
  hostile: {
    ...onEach('as it is', stillOwed),
    ...onEach('refreshed', async (visitor, served) => {
      expect((await visitor.refresh()).json).toMatchObject({ session: { pending: 'mfa' } })
      served.clock.advance('1m')
      await visitor.refresh()
      await stillOwed(visitor, served)
    }),
    ...onEach('the half from before, once the factor was taken', async (visitor, served, { strategy }) => {
      const half = visitor.copy()
      await takeFactor(visitor, served)
      const refreshed = await half.copy().refresh()
      if (strategy === 'token') expect(refreshed.json).toMatchObject({ session: { pending: 'mfa' } })
      else expect(refreshed.status).toBe(400)
      expect((await half.ask('GET', '/api/me')).status).toBe(401)
    }),
    ...onEach(
      'its access token at a service that only verifies',
      async (visitor, { auth, clock, wire }) => {
        const verify = createVerifier({
          issuer: auth.origin,
          user: schemaOf<User>('id', 'role'),
          clock,
          fetch: (url, init) => fetch(`http://127.0.0.1:${wire.port}${new URL(url).pathname}`, init),
        })
        expect(await verify(visitor.tokens.access ?? '')).toMatchObject({ ok: false, reason: 'pending' })
      },
      pairs.filter(({ strategy, transport }) => strategy !== 'session' && transport !== 'cookie'),
    ),
    ...onEach(
      'listing and ending sessions',
      async (visitor, { wire }) => {
        expectRefusal(await visitor.ask('GET', '/auth/sessions'), expected('step up', wire))
        expectRefusal(await visitor.ask('DELETE', '/auth/sessions'), expected('step up', wire))
      },
      pairs.filter(({ strategy }) => strategy !== 'token'),
    ),
  },
})
