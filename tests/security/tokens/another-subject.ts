import type { StandardSchema } from '@handstamp/core/schema'
import { createVerifier, token } from '@handstamp/server'
import { expect } from 'vitest'
import { claimsOf } from '../../wire/key-pair.ts'
import { type Served, serveAuth, servedOrigin, type User } from '../../wire/served-auth.ts'
import { signedIn } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { newHandKey } from '../stages/token-keys.ts'
import { show, type VerifierStage, verifierStage } from '../stages/verifier.ts'

/** A schema that answers what a hook of the application makes of the user. */
function schemaBy(hook: (user: User) => unknown): StandardSchema<User> {
  return {
    '~standard': {
      version: 1,
      vendor: 'tests',
      validate: (value) => ({ value: hook(value as User) as User }),
    },
  }
}

const hooks: Readonly<Record<string, (user: User) => unknown>> = {
  'another id': (user) => ({ ...user, id: 'root' }),
  'no id': ({ role }) => ({ role }),
  'an id that is no text': (user) => ({ ...user, id: { toString: () => user.id } }),
  'an id with a space': (user) => ({ ...user, id: `${user.id} ` }),
  'an id in capitals': (user) => ({ ...user, id: user.id.toUpperCase() }),
}

/** Names that the token has for itself. */
const names = { sub: 'root', iss: 'https://evil.example', aud: '*', exp: 9_999_999_999, sid: 'x', jti: 'x', auth_time: 9_999_999_999, hs: { v: 1, e: 9 }, cnf: {}, user: { id: 'root' } } as const // biome-ignore format: one row

async function withServed(
  setting: Parameters<typeof serveAuth>[0],
  use: (served: Served) => Promise<void>,
): Promise<void> {
  const served = await serveAuth(setting)
  try {
    await use(served)
  } finally {
    await served.stop()
  }
}

export const anotherSubject: Attack = attack({
  ids: ['CVE-2026-2912'],
  title: 'a hook of the application that changes who a token is about',
  cost: 'Whoever can choose a field of their profile would choose the user that they are.',
  shows: ['RFC 8725 §3.8'],
  stage: verifierStage,
  legal: {
    'a hook that adds to the user': async (stage) => {
      const user = schemaBy((value) => ({ ...value, role: value.role.toUpperCase(), seen: true }))
      const options = { issuer: servedOrigin, clock: stage.served.clock, user }
      const keys = {
        fetch: (url: string) => fetch(`http://127.0.0.1:${stage.served.wire.port}${new URL(url).pathname}`),
      }
      expect(await createVerifier({ ...options, ...keys })(stage.token)).toMatchObject({
        ok: true,
        session: { user: { id: 'ada', role: 'ADMIN', seen: true } },
      })
    },
    'a field of the user that is repeated at the top': () =>
      withServed({ strategy: tokens({ role: true }), transport: 'bearer' }, async ({ wire }) => {
        const { tokens: held } = await signedIn(wire, 'bearer')
        expect(claimsOf(held.access ?? '')).toMatchObject({ sub: 'ada', role: 'admin' })
      }),
  },
  hostile: {
    ...each(hooks, async (stage: VerifierStage, hook) => {
      const verify = createVerifier({
        issuer: servedOrigin,
        clock: stage.served.clock,
        user: schemaBy(hook),
        fetch: (url) => fetch(`http://127.0.0.1:${stage.served.wire.port}${new URL(url).pathname}`),
      })
      expect((await verify(stage.token)).ok).toBe(false)
      // The issuer, from the moment on at which its hook does so.
      let led = false
      const user = schemaBy((value) => (led ? hook(value) : value))
      await withServed({ strategy: tokens(), transport: 'bearer', user }, async (served) => {
        const { tokens: held } = await signedIn(served.wire, 'bearer')
        expect((await show(served, held.access ?? '')).status).toBe(200)
        led = true
        expect((await show(served, held.access ?? '')).status).toBe(401)
      })
    }),
    'fields of the user with names of claims': () =>
      withServed(
        {
          strategy: tokens(),
          transport: 'bearer',
          user: schemaBy((value) => value),
          verifyCredentials: async () => ({ id: 'ada', role: 'member', ...names }) as User,
        },
        async (served) => {
          const { tokens: held } = await signedIn(served.wire, 'bearer')
          const { sub, iss, aud, exp, iat, jti, auth_time, hs, cnf } = claimsOf(held.access ?? '') as Record<string, unknown> & { iat: number; exp: number } // biome-ignore format: one row
          expect({ sub, iss, aud, cnf, left: exp - iat, auth_time }).toEqual({ sub: 'ada', iss: servedOrigin, aud: servedOrigin, cnf: undefined, left: 300, auth_time: iat }) // biome-ignore format: one row
          expect([jti === 'x', hs]).toEqual([false, expect.objectContaining({ e: 0 })])
          expect(await served.auth.authenticate(requestWith(held.access))).toMatchObject({
            session: { user: { id: 'ada' } },
          })
        },
      ),
    ...each(
      Object.fromEntries(
        [
          'sub',
          'iss',
          'aud',
          'exp',
          'nbf',
          'iat',
          'jti',
          'sid',
          'auth_time',
          'client_id',
          'hs',
          'cnf',
          'user',
          'act',
        ].map((name) => [`the claim ${name}, repeated from the user`, name]),
      ),
      (_: VerifierStage, name) => {
        expect(() => tokens({ [name]: true })).toThrow(TypeError)
      },
    ),
  },
})

function tokens(claims: Readonly<Record<string, true>> = {}): ReturnType<typeof token> {
  return token({ keys: [newHandKey('ES256').jwk], accessLifetime: '5m', lifetime: '8h', claims: claims as never })
}

function requestWith(access: string | undefined): Request {
  return new Request(`${servedOrigin}/api/me`, { headers: { authorization: `Bearer ${access}` } })
}
