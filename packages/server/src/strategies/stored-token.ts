/**
 * Tokens with a record behind them, which can be ended: it is asked at every request, or the feed is where there is one.
 * @module
 */
import { sessionIdOf } from '@handstamp/core/credential'
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import { userHandle } from '@handstamp/core/secret'
import { isExpired, type SessionRecord, sessionOf } from '@handstamp/core/session'
import { type AccessTokenPlan, openAccessTokens, secondsLeft, subjectOf } from '../access-tokens.ts'
import { openStore } from '../open-store.ts'
import { conflict, keepRecords, type Lifetimes, newRecord, renewedRecord, seen } from '../records.ts'
import type { Found, SessionStore } from '../stores/store.ts'
import { outlives, proveByToken } from '../token-standing.ts'
import { type Grant, type OpenStrategy, type Refused, refuse, type StrategyContext } from './strategy.ts'

interface Live<User> {
  readonly ok: true
  readonly claims: AccessClaims
  readonly found: Found
  readonly user: User
}

export function openStoredTokens<User extends { readonly id: string }>(
  given: SessionStore,
  plan: AccessTokenPlan,
  lifetimes: Lifetimes,
  context: StrategyContext<User>,
): OpenStrategy<User> {
  const tokens = openAccessTokens(plan, context)
  const store = openStore(given, context, outlives(plan))
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
  function read(token: string, now: number): Eventual<Live<User> | Refused> {
    return after(tokens.verify(token, now), (verified) => {
      if (!verified.ok) return refuse(verified.reason)
      const { claims } = verified
      if (claims.sid === undefined) return refuse('wrong_type', false)
      return after(store.find(claims.sid), (found) => (found ? judge(claims, found, now) : refuse('revoked', false)))
    })
  }

  function judge(claims: AccessClaims, found: Found, now: number): Eventual<Live<User> | Refused> {
    const { record } = found
    // A record that rotates is kept alive by its refresh token alone: an access token of minutes must not be enough.
    if (record.rotation !== undefined) return refuse('wrong_type', false)
    if (isExpired(record, now)) return refuse('expired', false)
    if (record.userId !== claims.sub) {
      context.emit({ type: 'store.corrupt', sessionId: record.id })
      return refuse('unknown', false)
    }
    return after(records.readUser(record), (user) =>
      user === undefined ? refuse('unknown', false) : { ok: true, claims, found, user },
    )
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

    authenticate({ access }, now) {
      if (!access) return refuse('absent')
      // What the feed knows need not be asked of the store.
      if (context.feed) {
        const { text: token } = access
        return proveByToken(tokens, store, context, { token, now, refreshable: true, otherwise: undefined })
      }
      return after(read(access.text, now), (live) =>
        live.ok
          ? {
              ok: true,
              session: sessionOf(live.found.record, live.user),
              standing: live.found.record,
              expiresIn: secondsLeft(live.claims, now),
              refreshable: true,
            }
          : live,
      )
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

    async refresh({ access }, now, admit, judge) {
      if (!access) return refuse('absent')
      for (let attempt = 0; attempt < 4; attempt += 1) {
        const live = await read(access.text, now)
        if (!live.ok) return refuse(live.reason, false)
        const { found, user, claims } = live
        const refusal = admit(found.record, access.via)
        if (refusal) return refuse(refusal, false)
        const record = seen(found.record, now, lifetimes.idle)
        const answer = await grant(record, user, claims.hs.g + 1, now)
        judge(answer)
        if (await store.replace(record.id, found.version, record)) return answer
      }
      throw conflict()
    },

    async revoke({ access }, now) {
      const claims = access && (await tokens.identify(access.text, now))
      return records.end(claims?.sid === undefined ? [] : [claims.sid], claims)
    },

    sessions: records,
    jwks: tokens.jwks,
    signRevocations: tokens.signRevocations,
  }
}
