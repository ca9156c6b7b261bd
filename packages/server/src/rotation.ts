/**
 * Rotation of refresh tokens: one live leaf for a family, the same successor for honest repeats, and an end for theft
 * (RFC 9700 §4.14.2).
 * @module
 */
import { decodeBase64url, encodeBase64url } from '@handstamp/core/base64url'
import {
  formatRefreshCredential,
  parseRefreshCredential,
  type RefreshCredential,
  uint32,
} from '@handstamp/core/credential'
import { AuthError } from '@handstamp/core/errors'
import { concatBytes, equalBytes, hkdfSha256, hmacSha256, sha256, utf8 } from '@handstamp/core/secret'
import { isExpired, type Rotation, type SessionRecord } from '@handstamp/core/session'
import { conflict, seen } from './records.ts'
import type { Found, SessionStore } from './stores/store.ts'
import {
  type Admit,
  type Refused,
  refuse,
  type StrategyContext,
  sharedClockSkew,
  type Via,
} from './strategies/strategy.ts'

const domain = utf8('handstamp/refresh/1\0')
const none = new Uint8Array(0)

/** A rotation key with the name under which records remember it. */
interface RotationKey {
  readonly kid: string
  readonly key: Uint8Array
}

/** Secrets of at least 32 bytes, newest first, as keys with names. */
export function rotationKeys(secrets: readonly (string | Uint8Array)[]): readonly RotationKey[] {
  if (!Array.isArray(secrets) || secrets.length === 0) {
    const problem =
      secrets?.length > 0
        ? 'must be a list: JSON.parse it'
        : 'is missing or empty: is HANDSTAMP_SECRETS set? `npx @handstamp/server keys` prints it'
    throw new TypeError(`hybrid({ secrets }) ${problem}`)
  }
  return secrets.map((secret, at) => {
    const bytes = typeof secret === 'string' ? utf8(secret) : secret
    if (!(bytes instanceof Uint8Array) || bytes.length < 32) {
      throw new RangeError(
        `hybrid({ secrets })[${at}] is shorter than 32 bytes: run \`npx @handstamp/server keys\` for one`,
      )
    }
    if (bytes.every((byte) => byte === bytes[0]))
      throw new RangeError(`hybrid({ secrets })[${at}] repeats one byte: run \`npx @handstamp/server keys\``)
    return {
      kid: encodeBase64url(hkdfSha256(bytes, none, utf8('handstamp/rotate/kid/1'), 8)),
      key: hkdfSha256(bytes, none, utf8('handstamp/rotate/1'), 32),
    }
  })
}

/** A record at its live generation, and the token for it. */
export interface Rotated {
  readonly ok: true
  readonly record: SessionRecord
  readonly token: string
  /** When the record was read. */
  readonly now: number
}

export interface RefreshRotation {
  /** The state and the token of a new family; `id` is the session's public id. */
  begin(
    handle: string,
    now: number,
  ): { readonly family: Uint8Array; readonly rotation: Rotation; readonly token: string }
  /** Turns a presented token into the live one. `answer` is composed before the swap, so that a failure to sign rotates nothing. */
  refresh<Answer>(
    presented: { readonly text: string; readonly via: Via },
    admit: Admit,
    answer: (rotated: Rotated) => Promise<Answer | Refused>,
  ): Promise<Answer | Refused>
}

/** Rotation over one store. `grace` and `idle` are milliseconds. */
export function createRotation(
  store: SessionStore,
  keys: readonly RotationKey[],
  times: { readonly grace: number; readonly idle: number },
  context: Pick<StrategyContext<unknown>, 'random' | 'emit' | 'clock'>,
): RefreshRotation {
  const [current] = keys
  if (current === undefined) throw new TypeError('hybrid({ secrets }) is empty')
  const { kid, key } = current
  const forgiven = times.grace + (store.singleProcess === true ? 0 : sharedClockSkew)

  /** A spent token proves that somebody kept a copy. Only whoever ends the family reports it, so it is reported once. */
  async function endFamily({ record }: Found, live: Rotation, presented: RefreshCredential): Promise<Refused> {
    if (await store.delete(record.id)) {
      context.emit({
        type: 'refresh.reuse',
        sessionId: record.id,
        userId: record.userId,
        presented: presented.generation,
        live: live.g,
      })
    }
    return refuse('reused', false)
  }

  /** The successor that was already made for the generation before, derived anew instead of stored. */
  function successor(live: Rotation, presented: RefreshCredential): string {
    const made = keys.find((candidate) => candidate.kid === live.kid)
    const salt = decodeBase64url(live.salt)
    if (!made || !salt)
      throw new AuthError(
        'ERR_KEY_UNAVAILABLE',
        'the secret that rotated this session is not among hybrid({ secrets })',
      )
    const secret = derive(made.key, presented, live.g, salt)
    if (!matches(live.cur, presented.family, live.g, secret)) {
      throw new AuthError('ERR_INTERNAL', 'the derived refresh token is not the one on record')
    }
    return formatRefreshCredential({ ...presented, generation: live.g, secret })
  }

  return {
    begin(handle, now) {
      const family = context.random(32)
      const secret = context.random(32)
      return {
        family,
        rotation: { g: 0, cur: hash(family, 0, secret), prev: null, salt: '', kid, rotatedAt: now },
        token: formatRefreshCredential({ handle, family, generation: 0, secret }),
      }
    },

    async refresh(held, admit, answer) {
      const presented = parseRefreshCredential(held.text)
      if (!presented) return refuse('malformed', false)
      const { family, generation, secret } = presented
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const found = await store.find(presented.id)
        // At each attempt, and after the store has answered: a rotation dated back would shorten the grace that follows it.
        const now = context.clock()
        const live = found?.record.rotation
        if (!found || !live) return refuse('unknown', false)
        const { record } = found
        if (isExpired(record, now)) return refuse('expired', false)
        if (generation > live.g) {
          context.emit({ type: 'refresh.ahead', sessionId: record.id, userId: record.userId, generation })
          return refuse('unknown', false)
        }
        // A wrong tail is tampering or noise: never a reason to end what another holds, so it is not even admitted.
        const hashed = generation === live.g ? live.cur : live.prev
        if (generation >= live.g - 1 && (hashed === null || !matches(hashed, family, generation, secret)))
          return refuse('unknown', false)
        const refusal = admit(record, held.via)
        if (refusal) return refuse(refusal, false)
        const age = Math.max(0, now - live.rotatedAt)

        if (generation === live.g) {
          if (live.g > 0 && age <= forgiven) return answer({ ok: true, record, token: held.text, now })
          const salt = context.random(32)
          const next = derive(key, presented, generation + 1, salt)
          const rotated: SessionRecord = {
            ...seen(record, now, times.idle),
            rotation: {
              g: generation + 1,
              cur: hash(family, generation + 1, next),
              prev: live.cur,
              salt: encodeBase64url(salt),
              kid,
              rotatedAt: Math.max(now, live.rotatedAt),
            },
          }
          const token = formatRefreshCredential({ ...presented, generation: generation + 1, secret: next })
          const composed = await answer({ ok: true, record: rotated, token, now })
          if (isRefused(composed)) return composed
          if (await store.replace(record.id, found.version, rotated)) {
            context.emit({
              type: 'refresh.rotated',
              sessionId: record.id,
              userId: record.userId,
              generation: generation + 1,
            })
            return composed
          }
          // Lost to somebody: what they wrote is read, and this salt is thrown away. No pause, since every loss is another's progress.
          continue
        }

        // Older than the one before, the family secret proves that it was real once, or made by someone who had one.
        if (generation < live.g - 1 || age > forgiven) return endFamily(found, live, presented)
        const token = successor(live, presented)
        context.emit({ type: 'refresh.replayed', sessionId: record.id, userId: record.userId, generation: live.g })
        return answer({ ok: true, record, token, now })
      }
      throw conflict()
    },
  }
}

function isRefused(answer: unknown): answer is Refused {
  return (answer as { readonly ok?: unknown }).ok === false
}

function hash(family: Uint8Array, generation: number, secret: Uint8Array): string {
  return encodeBase64url(hashBytes(family, generation, secret))
}

function hashBytes(family: Uint8Array, generation: number, secret: Uint8Array): Uint8Array {
  return sha256(domain, family, uint32(generation), secret)
}

function matches(stored: string, family: Uint8Array, generation: number, secret: Uint8Array): boolean {
  const bytes = decodeBase64url(stored)
  return bytes !== undefined && equalBytes(bytes, hashBytes(family, generation, secret))
}

/** `next` of the protocol; all parts have fixed lengths, so nothing is ambiguous. */
function derive(key: Uint8Array, presented: RefreshCredential, generation: number, salt: Uint8Array): Uint8Array {
  return hmacSha256(key, concatBytes(domain, presented.family, uint32(generation), salt, presented.secret))
}
