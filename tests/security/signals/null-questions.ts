import { createVerifier } from '@handstamp/server'
import { expect } from 'vitest'
import { type Served, schemaOf, serveAuth, type User } from '../../wire/served-auth.ts'
import { ownPage, signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'

interface Asked extends Closable {
  readonly served: Served
  readonly visitor: Visitor
  /** The visitor's request, as the application gets it. */
  request(): Request
}

/** Somebody who proved themselves an hour ago and has used the session since. */
async function asked(): Promise<Asked> {
  const served = await serveAuth({
    strategy: 'hybrid',
    transport: 'bearer',
    times: { idleTimeout: '8h', lifetime: '8h' },
  })
  const visitor = await signedIn(served.wire, 'bearer')
  served.clock.advance('1h')
  await visitor.refresh()
  const headers = () => [...visitor.credentials(), ...ownPage].map(([name, value]): [string, string] => [name, value])
  return {
    served,
    visitor,
    request: () => new Request(`${served.auth.origin}/transfer`, { method: 'POST', headers: headers() }),
    close: () => served.stop(),
  }
}

/** True where the call lets somebody in; a throw does not. */
async function admits(ask: () => unknown): Promise<boolean> {
  try {
    return (await (ask() as Promise<{ readonly ok?: unknown }>))?.ok === true
  } catch {
    return false
  }
}

/** What stands where a duration was meant, after a setting was not found. */
const notDurations: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'an empty text': '',
  'not a number': Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  'a negative time': -1,
  false: false,
  true: true,
  'a number as text': '300000',
  'a word': 'forever',
  'a list': ['5m'],
  'an object': { valueOf: () => 1e12 },
}

export const nullQuestions: Attack = attack({
  ids: ['CVE-2024-22257', 'CVE-2024-22234'],
  title: 'a check that is asked with nothing in its hand',
  cost: 'A setting that was not found would turn the check off, and nobody would see it.',
  shows: ['ASVS 7.5.1'],
  stage: asked,
  legal: {
    'who is there, and who was there of late': async ({ served, request, visitor }) => {
      expect(await admits(() => served.auth.authenticate(request()))).toBe(true)
      expect(await admits(() => served.auth.authenticate(request(), {}))).toBe(true)
      expect(await admits(() => served.auth.authenticate(request(), { fresh: '61m' }))).toBe(true)
      expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
    },
  },
  hostile: {
    'a proof that is too old, however young the token is': async ({ served, request, visitor }) => {
      expect(await admits(() => served.auth.authenticate(request(), { fresh: '59m' }))).toBe(false)
      expect((await visitor.ask('GET', '/api/fresh')).status).toBe(401)
    },
    ...each(notDurations, async ({ served, request }: Asked, fresh) => {
      expect(await admits(() => served.auth.authenticate(request(), { fresh: fresh as '5m' }))).toBe(false)
    }),
    'no request': async ({ served }) => {
      for (const nothing of [undefined, null, {}, '', 0, true])
        expect(await admits(() => served.auth.authenticate(nothing as unknown as Request))).toBe(false)
    },
    'a request of nothing': async ({ served }) => {
      const blank = { method: 'GET', url: served.auth.origin, headers: { get: () => null } }
      expect(await served.auth.authenticate(blank)).toMatchObject({ ok: false, reason: 'absent' })
    },
    'no token, at a service that verifies': async ({ served }) => {
      const verify = createVerifier({
        issuer: served.auth.origin,
        user: schemaOf<User>('id', 'role'),
        clock: served.clock,
        fetch: (url, init) => fetch(`http://127.0.0.1:${served.wire.port}${new URL(url).pathname}`, init),
      })
      for (const nothing of [undefined, null, '', 0, true, {}, []])
        expect(await admits(() => verify(nothing as unknown as string))).toBe(false)
    },
    'a pending factor, asked for with something that is nearly true': async () => {
      const served = await serveAuth({
        strategy: 'session',
        transport: 'bearer',
        verifyCredentials: async () => ({ user: { id: 'ada', role: 'admin' }, pending: 'mfa' }),
      })
      const { tokens } = await signedIn(served.wire, 'bearer')
      const request = () => new Request(served.auth.origin, { headers: { authorization: `Bearer ${tokens.access}` } })
      for (const allowPending of [undefined, null, 1, 'true', {}, []])
        expect(await admits(() => served.auth.authenticate(request(), { allowPending: allowPending as never }))).toBe(
          false,
        )
      expect(await admits(() => served.auth.authenticate(request(), { allowPending: true }))).toBe(true)
      await served.stop()
    },
  },
})
