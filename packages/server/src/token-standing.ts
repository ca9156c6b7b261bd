/**
 * Whether what a genuine token says still holds, and the session that it then proves.
 * @module
 */
import { type AccessClaims, longestClockTolerance } from '@handstamp/core/jwt/claims'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import { isExpired } from '@handstamp/core/session'
import {
  type AccessTokenPlan,
  type AccessTokens,
  secondsLeft,
  sessionFromClaims,
  standingFromClaims,
} from './access-tokens.ts'
import { feedStale } from './changes.ts'
import type { SessionStore } from './stores/store.ts'
import { type Proof, type Refused, refuse, type StrategyContext, sharedClockSkew } from './strategies/strategy.ts'

/** Milliseconds after the end of a session during which a token of it could still be shown to some verifier. */
export function outlives({ accessLifetime }: AccessTokenPlan): number {
  return accessLifetime + longestClockTolerance + sharedClockSkew
}

/**
 * Judges a token by itself and by the feed, without its record. `refreshable` is said of one that holds or is out of
 * date, `otherwise` of any other.
 */
export function proveByToken<User extends { readonly id: string }>(
  tokens: AccessTokens,
  store: SessionStore,
  context: StrategyContext<User>,
  {
    token,
    now,
    refreshable,
    otherwise,
  }: {
    readonly token: string
    readonly now: number
    readonly refreshable: boolean
    readonly otherwise: boolean | undefined
  },
): Eventual<Proof<User> | Refused> {
  return after(tokens.verify(token, now), (verified) => {
    if (!verified.ok) return refuse(verified.reason, otherwise)
    const { claims } = verified
    if (claims.sid === undefined) return refuse('wrong_type', false)
    return after(refusalOf(claims, store, context), (refusal) => {
      if (refusal !== undefined) return refuse(refusal, refusal === 'outdated' && refreshable)
      return after(context.readUser(claims.user), (user) =>
        user?.id === claims.sub
          ? {
              ok: true,
              session: sessionFromClaims(claims, user),
              standing: standingFromClaims(claims),
              expiresIn: secondsLeft(claims, now),
              refreshable,
            }
          : refuse('outdated', refreshable),
      )
    })
  })
}

/** Why the token holds no more, by the feed; undefined where it does, or where there is no feed to tell. */
function refusalOf<User>(
  claims: AccessClaims,
  store: SessionStore,
  { clock, feed }: StrategyContext<User>,
): Eventual<'revoked' | 'outdated' | undefined> {
  if (feed === undefined) return undefined
  return after(feed.changes.judge(claims), (verdict) => {
    if (verdict === 'good') return undefined
    if (verdict === 'revoked') return 'revoked'
    if (verdict === 'changed') return 'outdated'
    if (feed.onStale === 'refuse') throw feedStale()
    return after(store.find(claims.sid ?? ''), (found) => {
      if (!found || isExpired(found.record, clock())) return 'revoked'
      return (claims.hs.n ?? 0) < found.version && !sameUser(found.record.user, claims.user) ? 'outdated' : undefined
    })
  })
}

/** A rotation raises the version too, so it alone says nothing. */
function sameUser(stored: unknown, signed: unknown): boolean {
  return JSON.stringify(stored) === JSON.stringify(signed)
}
