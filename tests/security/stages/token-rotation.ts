/**
 * An issuer whose ring holds three keys, one after the other, a service beside it that fetches them, and what must hold by time alone.
 * @module
 */
import { createKeyRing, createVerifier, hybrid, memoryStore, token, type Verify } from '@handstamp/server'
import { fakeClockStart } from '@handstamp/server/testing'
import { type Served, schemaOf, serveAuth, type User } from '../../wire/served-auth.ts'
import type { Closable } from '../attack.ts'
import { claimsAt, compact, type HandKey, newHandKey, signerOf } from './token-keys.ts'

export const minute = 60_000
export const hour: number = 60 * minute

/** A token lives 5 minutes, and clocks may be 5 seconds apart. */
export const acceptFor: number = 5 * minute + 5_000

/** Of three algorithms; each signs for two hours, and the last one has no successor. */
export const keys = ['ES256', 'EdDSA', 'RS256'].map((alg, at) => newHandKey(alg, `key-${at}`)) as readonly HandKey[]
const stopsAt = [2 * hour, 4 * hour, 6 * hour].map((time) => fakeClockStart + time)

export interface RotationStage extends Closable {
  readonly served: Served
  readonly verify: Verify<User>
  /** Moves both clocks to so many milliseconds after the start. */
  at(time: number): void
  /** A token made now by a key, whether or not it may sign. */
  signBy(at: number): string
}

export async function openRotation(kind: 'token' | 'hybrid'): Promise<RotationStage> {
  const ring = createKeyRing(
    keys.map(({ jwk }, at) => ({
      ...jwk,
      ...(at === 0 ? {} : { activeFrom: new Date(stopsAt[at - 1] ?? 0).toISOString() }),
      ...(at === keys.length - 1 ? { retireAt: stopsAt[at] ?? 0 } : {}),
    })),
  )
  let clock = (): number => fakeClockStart
  const times = { accessLifetime: '5m', lifetime: '12h' } as const
  const strategy =
    kind === 'token'
      ? token({ keys: ring, ...times })
      : hybrid({ keys: ring, ...times, idleTimeout: '12h', secrets: ['the secret of rotation, of enough bytes'], store: memoryStore({ clock: () => clock() }) }) // biome-ignore format: one row
  const served = await serveAuth({ strategy, transport: 'bearer' })
  clock = served.clock
  return {
    served,
    verify: createVerifier({
      issuer: served.auth.origin,
      user: schemaOf<User>('id', 'role'),
      clock: served.clock,
      fetch: (url, init) => fetch(`http://127.0.0.1:${served.wire.port}${new URL(url).pathname}`, init),
    }),
    at: (time) => served.clock.set(fakeClockStart + time),
    signBy(at) {
      const { jwk, key } = keys[at] ?? newHandKey('ES256')
      const header = { typ: 'at+jwt', alg: jwk.alg, kid: jwk.kid }
      return compact(header, claimsAt(served.clock(), served.auth.origin), signerOf(jwk.alg, key))
    },
    close: () => served.stop(),
  }
}

/** The id of the key that signs at a time. */
export function signerAt(now: number): string | undefined {
  return keys[stopsAt.findIndex((end) => now < end)]?.jwk.kid
}

/** The ids of those that are published: from the first day on, until no token of theirs can be good. */
export function publishedAt(now: number): readonly string[] {
  return keys.flatMap(({ jwk }, at) => (now < (stopsAt[at] ?? 0) + acceptFor ? [jwk.kid] : [])).toReversed()
}

export function kidOf(token: string | undefined): string | undefined {
  return (JSON.parse(Buffer.from(token?.split('.')[0] ?? '', 'base64url').toString()) as { readonly kid?: string }).kid
}
