/**
 * The hybrid strategy: an access token of minutes that needs no lookup, and a rotating refresh token with a record behind it.
 * @module
 */
import { isRefreshCredential, parseRefreshCredential, sessionIdOf } from '@handstamp/core/credential'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { userHandle } from '@handstamp/core/secret'
import { isExpired, type SessionRecord, sessionExpiry, sessionOf } from '@handstamp/core/session'
import {
  type AccessTokenOptions,
  type AccessTokenPlan,
  accessTokenNames,
  openAccessTokens,
  planAccessTokens,
  subjectOf,
} from '../access-tokens.ts'
import { openStore } from '../open-store.ts'
import { checkNames } from '../option-names.ts'
import { keepRecords, type Lifetimes, newRecord, readLifetimes, renewedRecord } from '../records.ts'
import { createRotation, rotationKeys } from '../rotation.ts'
import { checkStore, isBridged, type SessionStore } from '../stores/store.ts'
import { outlives, proveByToken } from '../token-standing.ts'
import { type Grant, type OpenStrategy, refuse, type Strategy, type StrategyContext } from './strategy.ts'

export interface HybridOptions extends AccessTokenOptions {
  /** Not one over `unstorage` or a store of express-session, which cannot compare and swap. */
  readonly store: SessionStore & { readonly compareAndSwap?: true }
  /** Secrets of at least 32 bytes that derive refresh tokens, newest first. `npx @handstamp/server keys` makes one. */
  readonly secrets: readonly (string | Uint8Array)[]
  /** How long an access token is good; `5m` unless set. */
  readonly accessLifetime?: Duration
  /** A session that is not refreshed for so long ends; `14d` unless set. */
  readonly idleTimeout?: Duration
  /** A session ends so long after sign-in; `90d` unless set. */
  readonly lifetime?: Duration
  /** How long the token before the live one is answered with the live one; `10s` unless set, `60s` at most. */
  readonly grace?: Duration
}

type Rotations = { readonly grace: number; readonly keys: ReturnType<typeof rotationKeys> }

/**
 * A short-lived access token that any service can verify, and a refresh token that rotates: a replay of a spent one
 * ends the session, while a lost response or two tabs never do.
 *
 * @example
 * ```ts
 * import { hybrid, memoryStore } from '@handstamp/server'
 * const strategy = hybrid({
 *   store: memoryStore(),
 *   keys: JSON.parse(process.env.HANDSTAMP_KEYS ?? '[]'),
 *   secrets: JSON.parse(process.env.HANDSTAMP_SECRETS ?? '[]'),
 * })
 * ```
 * @throws TypeError | RangeError naming the option.
 */
export function hybrid(options: HybridOptions): Strategy<'hybrid'> {
  checkNames(options, [...accessTokenNames, 'store', 'secrets', 'idleTimeout', 'lifetime', 'grace'], 'hybrid()')
  checkStore(options.store, 'hybrid({ store })')
  if (isBridged(options.store))
    throw new TypeError(
      'hybrid({ store }) cannot compare and swap, so two servers could rotate one refresh token: write redisStore() or memcachedStore(), or session({ store })',
    )
  const plan = planAccessTokens(options, '5m', 'hybrid')
  const lifetimes = readLifetimes(options, { idleTimeout: '14d', lifetime: '90d' }, 'hybrid')
  if (plan.accessLifetime > lifetimes.idle) {
    throw new RangeError('hybrid({ accessLifetime }) is longer than the idle timeout: write minutes')
  }
  const grace = parseDuration(options.grace ?? '10s', 'hybrid({ grace })')
  if (grace > 60_000)
    throw new RangeError("hybrid({ grace }) is at most '60s': within it a stolen token is answered too")
  const rotations = { grace, keys: rotationKeys(options.secrets) }
  return {
    kind: 'hybrid',
    stateful: true,
    revocable: true,
    refreshes: true,
    open: (context) => openHybrid(options.store, plan, lifetimes, rotations, context),
  }
}

function openHybrid<User extends { readonly id: string }>(
  given: SessionStore,
  plan: AccessTokenPlan,
  lifetimes: Lifetimes,
  rotations: Rotations,
  context: StrategyContext<User>,
): OpenStrategy<User> {
  const tokens = openAccessTokens(plan, context)
  const store = openStore(given, context, outlives(plan))
  const records = keepRecords(store, context)
  const rotation = createRotation(store, rotations.keys, { grace: rotations.grace, idle: lifetimes.idle }, context)

  async function grant(record: SessionRecord, user: User, refresh: string, now: number): Promise<Grant<User>> {
    const signed = await tokens.sign(subjectOf(record, user, record.rotation?.g ?? 0, now))
    return {
      session: sessionOf(record, user),
      transport: record.transport,
      persistent: record.persistent,
      access: signed.token,
      refresh,
      expiresIn: signed.expiresIn,
      refreshable: true,
      cookieUntil: sessionExpiry(record),
    }
  }

  return {
    epoch: records.epoch,
    sharedClock: store.singleProcess !== true,

    async issue(entry) {
      const handle = userHandle(entry.user.id)
      const begun = rotation.begin(handle, entry.now)
      const record = { ...newRecord(sessionIdOf(handle, begun.family), entry, lifetimes), rotation: begun.rotation }
      return {
        grant: await grant(record, entry.user, begun.token, entry.now),
        save: () => store.save(record.id, record, { epoch: entry.epoch, cap: context.sessionsPerUser }),
      }
    },

    authenticate(held, now) {
      // Whether a refresh can help is known where its cookie is read; a bearer client keeps its refresh token to itself.
      const refreshable =
        held.access?.via === 'authorization' || (held.refresh !== undefined && isRefreshCredential(held.refresh.text))
      if (!held.access) return refreshable ? refuse('expired', true) : refuse(held.refresh ? 'malformed' : 'absent')
      return proveByToken(tokens, store, context, {
        token: held.access.text,
        now,
        refreshable,
        otherwise: refreshable,
      })
    },

    async renew({ access }, entry) {
      const verified = access && (await tokens.verify(access.text, entry.now))
      if (!verified?.ok) return refuse(verified?.reason ?? 'absent')
      const { sid } = verified.claims
      if (sid === undefined) return refuse('wrong_type', false)
      const found = await store.find(sid)
      if (!found?.record.rotation) return refuse('revoked', false)
      if (isExpired(found.record, entry.now)) return refuse('expired', false)
      const handle = userHandle(entry.user.id)
      const begun = rotation.begin(handle, entry.now)
      const renewed = renewedRecord(found.record, sessionIdOf(handle, begun.family), entry, lifetimes)
      const record = { ...renewed, rotation: begun.rotation }
      return {
        grant: await grant(record, entry.user, begun.token, entry.now),
        save: () => records.move(found, record),
      }
    },

    async refresh({ access, refresh }, now, admit, judge) {
      if (!refresh) return refuse('absent')
      if (access?.via === 'cookie' && refresh.via === 'cookie') {
        // Both were set together. A refresh cookie without `__Host-` can be another host's, and bring its own session.
        const claims = await tokens.identify(access.text, now)
        if (claims && claims.sid !== parseRefreshCredential(refresh.text)?.id) return refuse('mismatch', false)
      }
      return rotation.refresh(refresh, admit, async ({ record, token, now }) => {
        const user = await records.readUser(record)
        if (user === undefined) return refuse('unknown', false)
        const granted = await grant(record, user, token, now)
        judge(granted)
        return granted
      })
    },

    /** A token that expired still names its session; two credentials of different sessions end both. */
    async revoke({ access, refresh }, now) {
      const claims = access && (await tokens.identify(access.text, now))
      const family = refresh && parseRefreshCredential(refresh.text)
      const ids = new Set([claims?.sid, family?.id].filter((id) => id !== undefined))
      return records.end([...ids], claims)
    },

    sessions: records,
    jwks: tokens.jwks,
    signRevocations: tokens.signRevocations,
  }
}
