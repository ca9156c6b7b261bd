/**
 * A service that verifies, its issuer, and what an attacker holds: a token of their own that the issuer signed.
 * @module
 */
import { outwardAnswer } from '@handstamp/core/rejection'
import { createVerifier, type Verify } from '@handstamp/server'
import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { forged } from '../../wire/key-pair.ts'
import { expected } from '../../wire/outward-answers.ts'
import { type Served, schemaOf, serveAuth, type User } from '../../wire/served-auth.ts'
import { ownPage, signedIn } from '../../wire/visitor.ts'
import type { Closable } from '../attack.ts'

export interface VerifierStage extends Closable {
  /** The issuer. */
  readonly served: Served
  /** Of the service, which fetches the public keys from the issuer. */
  readonly verify: Verify<User>
  /** Signed by the issuer for ada, over bearer. */
  readonly token: string
  /** The same, signed anew by the issuer's key after changes. */
  sign(change?: Parameters<typeof forged>[2]): string
  /** By the clock of both, in seconds. */
  now(): number
}

export async function verifierStage(): Promise<VerifierStage> {
  const served = await serveAuth({ strategy: 'token', transport: 'bearer' })
  const { tokens } = await signedIn(served.wire, 'bearer')
  const token = tokens.access ?? ''
  return {
    served,
    verify: createVerifier({
      issuer: served.auth.origin,
      user: schemaOf<User>('id', 'role'),
      clock: served.clock,
      fetch: (url, init) => fetch(`http://127.0.0.1:${served.wire.port}${new URL(url).pathname}`, init),
    }),
    token,
    sign: (change) => forged(token, served.keys, change),
    now: () => Math.floor(served.clock() / 1_000),
    close: () => served.stop(),
  }
}

/** The service and the issuer take the token. */
export async function expectTaken({ served, verify }: VerifierStage, token: string): Promise<void> {
  expect(await verify(token)).toMatchObject({ ok: true, session: { user: { id: 'ada' } } })
  expect((await show(served, token)).status).toBe(200)
}

/** Neither takes it, and both say `invalid_token` and not why, whatever was wrong. */
export async function expectRefused({ served, verify }: VerifierStage, token: string): Promise<void> {
  const result = await verify(token)
  expect(result.ok ? 'taken' : outwardAnswer(result).code).toBe('invalid_token')
  expectRefusal(await show(served, token), expected('invalid token', served.wire))
}

/** Presents a token to the issuer's own application. */
export function show({ wire }: Served, token: string): Promise<Answer> {
  return wire.ask({ method: 'GET', target: '/api/me', headers: [['Authorization', `Bearer ${token}`], ...ownPage] })
}
