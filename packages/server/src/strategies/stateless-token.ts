/**
 * Tokens with nothing behind them: re-issued while valid, ended by nothing but time.
 * @module
 */
import type { AccessClaims } from '@handstamp/core/jwt/claims'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import { wholeSecond } from '@handstamp/core/session'
import {
  type AccessTokenPlan,
  clockTolerance,
  openAccessTokens,
  secondsLeft,
  sessionFromClaims,
  standingFromClaims,
  type TokenSubject,
} from '../access-tokens.ts'
import { type Grant, type OpenStrategy, type Refused, refuse, type StrategyContext } from './strategy.ts'

interface Genuine<User> {
  readonly ok: true
  readonly claims: AccessClaims
  readonly user: User
}

export function openStatelessTokens<User extends { readonly id: string }>(
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

  /** A genuine token of this strategy. One with a `sid` has a record behind it, and must not be re-issued past its end. */
  function read(token: string, now: number): Eventual<Genuine<User> | Refused> {
    return after(tokens.verify(token, now), (verified) => {
      if (!verified.ok) return refuse(verified.reason)
      const { claims } = verified
      if (claims.sid !== undefined) return refuse('wrong_type', false)
      return after(context.readUser(claims.user), (user) =>
        user?.id === claims.sub ? { ok: true, claims, user } : refuse('outdated', false),
      )
    })
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
        expiresAt: now + Math.min(entry.lifetime ?? lifetime, lifetime),
        ...(pending === undefined ? {} : { pending }),
        now,
      }
      return { grant: await grant(subject), save: async () => 'saved' }
    },

    authenticate({ access }, now) {
      if (!access) return refuse('absent')
      return after(read(access.text, now), (good) =>
        good.ok
          ? {
              ok: true,
              session: sessionFromClaims(good.claims, good.user),
              standing: standingFromClaims(good.claims),
              expiresIn: secondsLeft(good.claims, now),
              refreshable: true,
            }
          : good,
      )
    },

    async renew({ access }, entry) {
      const good = access ? await read(access.text, entry.now) : refuse('absent')
      if (!good.ok) return good
      const { pending: _owed, ...kept } = subjectFromClaims(good.claims, entry.user, entry.now)
      const owed = entry.pending === undefined ? {} : { pending: entry.pending }
      const subject = { ...kept, authTime: wholeSecond(entry.now), ...owed }
      return { grant: await grant(subject), save: async () => 'saved' }
    },

    async refresh({ access }, now, admit, judge) {
      if (!access) return refuse('absent')
      const good = await read(access.text, now)
      if (!good.ok) return refuse(good.reason, false)
      const refusal = admit(standingFromClaims(good.claims), access.via)
      if (refusal) return refuse(refusal, false)
      const subject = subjectFromClaims(good.claims, good.user, now)
      if (now >= subject.expiresAt) return refuse('expired', false)
      const granted = await grant(subject)
      judge(granted)
      return granted
    },

    async revoke({ access }, now) {
      const claims = access && (await tokens.identify(access.text, now))
      if (!claims || claims.exp * 1000 + clockTolerance <= now) return { revoked: true }
      return { revoked: false, validUntil: claims.exp * 1000, standing: standingFromClaims(claims) }
    },

    jwks: tokens.jwks,
    signRevocations: tokens.signRevocations,
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
