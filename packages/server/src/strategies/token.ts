/**
 * The token strategy: a signed token is the session; with a store, a record stands behind it and can be ended.
 * @module
 */
import { sessionIdOf } from '@handstamp/core/credential'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import { userHandle } from '@handstamp/core/secret'
import { isExpired, type SessionRecord, sessionOf } from '@handstamp/core/session'
import {
  type AccessTokenOptions,
  type AccessTokenPlan,
  openAccessTokens,
  planAccessTokens,
  sessionFromClaims,
  standingFromClaims,
  type TokenSubject,
} from '../access-tokens.ts'
import { boundedStore } from '../stores/bounded.ts'
import { checkStore, type SessionStore } from '../stores/store.ts'
import { conflict, keepRecords, type Lifetimes, newRecord, renewedRecord, seen } from './session.ts'
import { type Grant, type OpenStrategy, refuse, type Strategy, type StrategyContext } from './strategy.ts'

export interface TokenOptions extends AccessTokenOptions {
  /** How long one token is good; `15m` unless set, which is also the most without a store. */
  readonly accessLifetime?: Duration
  /** How long tokens are re-issued after a sign-in; `8h` unless set. */
  readonly lifetime?: Duration
}

/**
 * Tokens that verify without a lookup. Without a store nobody can list or revoke them: they are re-issued while valid
 * until `lifetime` and die at `exp`. With a store a record stands behind each, which is asked at every request.
 *
 * @example
 * ```ts
 * import { memoryStore, token } from '@handstamp/server'
 * const strategy = token({ keys: JSON.parse(process.env.HANDSTAMP_KEYS ?? '[]'), accessLifetime: '1h', store: memoryStore() })
 * ```
 * @throws TypeError | RangeError naming the option.
 */
export function token(options: TokenOptions & { readonly store: SessionStore }): Strategy<'token+store'>
export function token(options: TokenOptions & { readonly store?: undefined }): Strategy<'token'>
export function token(
  options: TokenOptions & { readonly store?: SessionStore | undefined },
): Strategy<'token' | 'token+store'> {
  const plan = planAccessTokens(options, '15m', 'token')
  const lifetime = parseDuration(options.lifetime ?? '8h', 'token({ lifetime })')
  if (plan.accessLifetime > lifetime) {
    throw new RangeError('token({ accessLifetime }) is longer than the lifetime: write one that is shorter')
  }
  const { store } = options
  if (store === undefined) {
    if (plan.accessLifetime > 900_000) {
      throw new RangeError(
        "token({ accessLifetime }) is at most '15m' without a store, since nothing can revoke the token: write less, or add a store",
      )
    }
    return {
      kind: 'token',
      stateful: false,
      revocable: false,
      refreshes: false,
      open: (context) => openStateless(plan, lifetime, context),
    }
  }
  checkStore(store, 'token({ store })')
  return {
    kind: 'token+store',
    stateful: true,
    revocable: true,
    refreshes: false,
    open: (context) => openWithStore(store, plan, { idle: lifetime, lifetime }, context),
  }
}

function openStateless<User extends { readonly id: string }>(
  plan: AccessTokenPlan,
  lifetime: number,
  context: StrategyContext<User>,
): OpenStrategy<User> {
  const tokens = openAccessTokens(plan, context)

  async function grant(subject: TokenSubject<User>): Promise<Grant<User>> {
    const signed = await tokens.sign(subject)
    const { user, now, pending } = subject
    return {
      session: {
        id: signed.id,
        user,
        createdAt: subject.createdAt,
        lastSeenAt: wholeSecond(now),
        expiresAt: subject.expiresAt,
        authTime: subject.authTime,
        ...(pending === undefined ? {} : { pending }),
      },
      transport: subject.transport,
      persistent: subject.persistent,
      access: signed.token,
      expiresIn: signed.expiresIn,
      refreshable: true,
      cookieUntil: subject.expiresAt,
    }
  }

  return {
    epoch: async () => undefined,
    sharedClock: false,

    async issue({ user, transport, persistent, now, pending, ...entry }) {
      const subject = {
        user,
        transport,
        persistent,
        epoch: 0,
        generation: 0,
        createdAt: now,
        authTime: wholeSecond(now),
        expiresAt: now + (entry.lifetime ?? lifetime),
        ...(pending === undefined ? {} : { pending }),
        now,
      }
      return { grant: await grant(subject), save: async () => 'saved' }
    },

    async authenticate({ access }, now) {
      if (!access) return refuse('absent')
      const verified = await tokens.verify(access.text, now)
      if (!verified.ok) return refuse(verified.reason)
      const { claims } = verified
      const user = await context.readUser(claims.user)
      if (user === undefined || user.id !== claims.sub) return refuse('outdated', false)
      return {
        ok: true,
        session: sessionFromClaims(claims, user),
        standing: standingFromClaims(claims),
        expiresIn: secondsLeft(claims, now),
        refreshable: true,
      }
    },

    async renew({ access }, entry) {
      const verified = access && (await tokens.verify(access.text, entry.now))
      if (!verified?.ok) return refuse(verified?.reason ?? 'absent')
      const { pending: _owed, ...kept } = subjectFromClaims(verified.claims, entry.user, entry.now)
      const owed = entry.pending === undefined ? {} : { pending: entry.pending }
      const subject = { ...kept, authTime: wholeSecond(entry.now), ...owed }
      return { grant: await grant(subject), save: async () => 'saved' }
    },

    async refresh({ access }, now, admit) {
      if (!access) return refuse('absent')
      const verified = await tokens.verify(access.text, now)
      if (!verified.ok) return refuse(verified.reason, false)
      const { claims } = verified
      const refusal = admit(standingFromClaims(claims), access.via)
      if (refusal) return refuse(refusal, false)
      const user = await context.readUser(claims.user)
      if (user === undefined || user.id !== claims.sub) return refuse('outdated', false)
      const subject = subjectFromClaims(claims, user, now)
      return now >= subject.expiresAt ? refuse('expired', false) : grant(subject)
    },

    async revoke({ access }, now) {
      const verified = access && (await tokens.verify(access.text, now))
      if (!verified?.ok) return { revoked: true }
      const { claims } = verified
      return { revoked: false, validUntil: claims.exp * 1000, standing: standingFromClaims(claims) }
    },

    jwks: tokens.jwks,
  }
}

function openWithStore<User extends { readonly id: string }>(
  given: SessionStore,
  plan: AccessTokenPlan,
  lifetimes: Lifetimes,
  context: StrategyContext<User>,
): OpenStrategy<User> {
  const tokens = openAccessTokens(plan, context)
  const store = boundedStore(given, { timeoutMs: context.storeTimeout })
  const records = keepRecords(store, context)

  async function grant(record: SessionRecord, user: User, generation: number, now: number): Promise<Grant<User>> {
    const signed = await tokens.sign(subjectOf(record, user, generation, now))
    return {
      session: sessionOf(record, user),
      transport: record.transport,
      persistent: record.persistent,
      access: signed.token,
      expiresIn: signed.expiresIn,
      refreshable: true,
      cookieUntil: record.expiresAt,
    }
  }

  /** A genuine token and the live record behind it. */
  async function read(token: string, now: number) {
    const verified = await tokens.verify(token, now)
    if (!verified.ok) return refuse(verified.reason)
    const { claims } = verified
    if (claims.sid === undefined) return refuse('wrong_type', false)
    const found = await store.find(claims.sid)
    if (!found) return refuse('revoked', false)
    if (isExpired(found.record, now)) return refuse('expired', false)
    const user = found.record.userId === claims.sub ? await records.readUser(found.record) : undefined
    if (user === undefined) return refuse('unknown', false)
    return { ok: true as const, claims, found, user }
  }

  return {
    epoch: records.epoch,
    sharedClock: store.singleProcess !== true,

    async issue(entry) {
      // The record is found by a signed name, so nobody ever needs the secret that this id is the digest of.
      const id = sessionIdOf(userHandle(entry.user.id), context.random(32))
      const record = newRecord(id, entry, lifetimes)
      return {
        grant: await grant(record, entry.user, 0, entry.now),
        save: () => store.save(id, record, { epoch: entry.epoch, cap: context.sessionsPerUser }),
      }
    },

    async authenticate({ access }, now) {
      if (!access) return refuse('absent')
      const live = await read(access.text, now)
      if (!live.ok) return live
      return {
        ok: true,
        session: sessionOf(live.found.record, live.user),
        standing: live.found.record,
        expiresIn: secondsLeft(live.claims, now),
        refreshable: true,
      }
    },

    async renew({ access }, entry) {
      const live = access ? await read(access.text, entry.now) : refuse('absent')
      if (!live.ok) return live
      const id = sessionIdOf(userHandle(entry.user.id), context.random(32))
      const record = renewedRecord(live.found.record, id, entry, lifetimes)
      return {
        grant: await grant(record, entry.user, live.claims.hs.g + 1, entry.now),
        save: () => records.move(live.found, record),
      }
    },

    async refresh({ access }, now, admit) {
      if (!access) return refuse('absent')
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const live = await read(access.text, now)
        if (!live.ok) return refuse(live.reason, false)
        const { found, user, claims } = live
        const refusal = admit(found.record, access.via)
        if (refusal) return refuse(refusal, false)
        const record = seen(found.record, now, lifetimes.idle)
        const answer = await grant(record, user, claims.hs.g + 1, now)
        if (await store.replace(record.id, found.version, record)) return answer
      }
      throw conflict()
    },

    async revoke({ access }, now) {
      const verified = access && (await tokens.verify(access.text, now))
      const claims = verified && (verified.ok || verified.reason === 'expired') ? verified.claims : undefined
      return records.end(claims?.sid === undefined ? [] : [claims.sid])
    },

    sessions: records,
    jwks: tokens.jwks,
  }
}

/** What a token without a record says of itself when it is signed anew. */
function subjectFromClaims<User>(claims: AccessClaims, user: User, now: number): TokenSubject<User> {
  const { createdAt, expiresAt, authTime, pending } = sessionFromClaims(claims, user)
  const { g, t, s } = claims.hs
  return {
    user,
    transport: t,
    persistent: s !== 0,
    epoch: 0,
    generation: g + 1,
    createdAt,
    authTime,
    expiresAt,
    ...(pending === undefined ? {} : { pending }),
    now,
  }
}

/** What a record says of itself when it is signed. */
export function subjectOf<User>(
  record: SessionRecord,
  user: User,
  generation: number,
  now: number,
): TokenSubject<User> {
  return {
    sid: record.id,
    user,
    transport: record.transport,
    persistent: record.persistent,
    epoch: record.epoch,
    generation,
    createdAt: record.createdAt,
    authTime: record.authTime,
    expiresAt: Math.min(record.expiresAt, record.idleUntil),
    ...(record.pending === undefined ? {} : { pending: record.pending }),
    now,
  }
}

/** Whole seconds until the token expires. */
export function secondsLeft(claims: AccessClaims, now: number): number {
  return Math.max(0, claims.exp - Math.floor(now / 1000))
}

function wholeSecond(time: number): number {
  return time - (time % 1000)
}
