/**
 * Access tokens: what a session says of itself when it is signed, and how that is read back (RFC 9068).
 * @module
 */
import { encodeBase64url } from '@handstamp/core/base64url'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { AuthError } from '@handstamp/core/errors'
import { type AccessClaims, type RegisteredClaim, registeredClaims } from '@handstamp/core/jwt/claims'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import { createKeyRing, type KeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import { signAccessToken } from '@handstamp/core/jwt/sign'
import { createVerifiedTokens } from '@handstamp/core/jwt/verified-tokens'
import { type TokenResult, verifyAccessToken } from '@handstamp/core/jwt/verify'
import { type Session, type SessionRecord, sessionExpiry, type Transport } from '@handstamp/core/session'
import { type RevocationsClaims, revocationsType } from '@handstamp/core/wire'
import { feedStale } from './changes.ts'
import { type Standing, type StrategyContext, sharedClockSkew } from './strategies/strategy.ts'

/** Milliseconds of difference between clocks that a token is forgiven. */
export const clockTolerance = 5_000

/** Fields of the user that are repeated as claims at the top of the token, for readers that look for them there. */
export type CustomClaims = { readonly [field: string]: true } & { readonly [R in RegisteredClaim]?: never }

export interface AccessTokenOptions {
  /** A key ring, or its JWKs with `activeFrom` and `retireAt`. `npx @handstamp/server keys` makes the first one. */
  readonly keys: KeyRing | readonly KeyRingJwk[]
  /** `iss`; the first origin unless set. */
  readonly issuer?: string
  /** `aud`; the issuer unless set. */
  readonly audience?: string | readonly string[]
  /** `client_id` (RFC 9068 §2.2); `handstamp` unless set. */
  readonly clientId?: string
  /** `{ role: true }` repeats `user.role` as the claim `role`. */
  readonly claims?: CustomClaims
}

/** What a token says, beyond who signed it. Times are milliseconds since the epoch. */
export interface TokenSubject<User> {
  /** The `sid` claim; absent where no record stands behind the token. */
  readonly sid?: string
  readonly user: User
  readonly transport: Transport
  readonly persistent: boolean
  readonly epoch: number
  /** Of the record that the user was read from. */
  readonly version?: number
  readonly generation: number
  readonly createdAt: number
  readonly authTime: number
  readonly expiresAt: number
  readonly pending?: string
  readonly now: number
}

export interface SignedAccess {
  readonly token: string
  /** `jti`. */
  readonly id: string
  /** Seconds until it expires. */
  readonly expiresIn: number
}

export interface AccessTokens {
  sign<User extends { readonly id: string }>(subject: TokenSubject<User>): Promise<SignedAccess>
  /** At once where the platform can. A token that was good before is not verified again. */
  verify(token: string, now: number): Eventual<TokenResult>
  /**
   * The claims of a genuine token whatever its times: to end a session it may have expired, or come from a server whose
   * clock is ahead.
   */
  identify(token: string, now: number): Promise<AccessClaims | undefined>
  jwks(now: number): ReturnType<KeyRing['jwks']>
  signRevocations(claims: Omit<RevocationsClaims, 'iss'>, now: number): Eventual<string>
}

/** The options of tokens, checked; `strategy` names them in errors. */
export interface AccessTokenPlan extends AccessTokenOptions {
  readonly keys: KeyRing
  readonly accessLifetime: number
}

/** The names of the options that both token strategies share. */
export const accessTokenNames = ['keys', 'issuer', 'audience', 'clientId', 'claims', 'accessLifetime'] as const

/** Checks what both token strategies share. */
export function planAccessTokens(
  options: AccessTokenOptions & { readonly accessLifetime?: Duration },
  fallback: Duration,
  strategy: string,
): AccessTokenPlan {
  const { keys, issuer, audience, clientId, claims = {} } = options
  if (keys === undefined || keys === null || (Array.isArray(keys) && keys.length === 0)) {
    throw new TypeError(
      `${strategy}({ keys }) is missing or empty: is HANDSTAMP_KEYS set? \`npx @handstamp/server keys\` prints it`,
    )
  }
  if (!Array.isArray(keys) && typeof (keys as Partial<KeyRing>).signer !== 'function')
    throw new TypeError(
      `${strategy}({ keys }) must be a list of JWKs, so JSON.parse a text, or what createKeyRing() answers`,
    )
  if (issuer !== undefined && !isName(issuer))
    throw new TypeError(`${strategy}({ issuer }) must be text: leave it out for the first origin`)
  if (
    audience !== undefined &&
    !(isName(audience) || (Array.isArray(audience) && audience.length > 0 && audience.every(isName)))
  )
    throw new TypeError(`${strategy}({ audience }) must be text or a list of it: leave it out for the issuer`)
  if (clientId !== undefined && !isName(clientId))
    throw new TypeError(`${strategy}({ clientId }) must be text: leave it out for "handstamp"`)
  for (const [field, repeated] of Object.entries(claims)) {
    if ((registeredClaims as readonly string[]).includes(field))
      throw new TypeError(
        `${strategy}({ claims }) names "${field}", which is a registered claim: rename the user's field`,
      )
    if (repeated !== true) throw new TypeError(`${strategy}({ claims }) must say true for "${field}", or leave it out`)
  }
  return {
    ...options,
    keys: Array.isArray(keys) ? createKeyRing(keys as readonly KeyRingJwk[]) : (keys as KeyRing),
    accessLifetime: parseDuration(options.accessLifetime ?? fallback, `${strategy}({ accessLifetime })`),
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== ''
}

/** Signing and verifying with one plan, for one `createAuth`. */
export function openAccessTokens(
  plan: AccessTokenPlan,
  context: Pick<StrategyContext<unknown>, 'origin' | 'random' | 'feed'>,
): AccessTokens {
  const issuer = plan.issuer ?? context.origin
  const audience = plan.audience ?? issuer
  const { keys, accessLifetime } = plan
  const acceptFor = accessLifetime + clockTolerance
  const seen = createVerifiedTokens()

  /** A key that was revoked signs nothing, so what is known of keys must be no older than what is known of sessions. */
  function judge(token: string, now: number, tolerance: number): Eventual<TokenResult> {
    const result = judgeByKnown(token, now, tolerance)
    const { feed } = context
    if (feed === undefined) return result
    return after(result, (known) => {
      if (!known.ok) return known
      const current = feed.changes.isCurrent()
      if (current === true) return known
      return after(current, (proven) => {
        if (!proven && feed.onStale === 'refuse') throw feedStale()
        return judgeByKnown(token, now, tolerance)
      })
    })
  }

  function judgeByKnown(token: string, now: number, tolerance: number): Eventual<TokenResult> {
    return verifyAccessToken(token, {
      resolve: (kid, alg) =>
        context.feed?.changes.trusts(kid) === false ? undefined : keys.verifier(kid, alg, now, acceptFor),
      issuer,
      audience,
      now,
      clockTolerance: tolerance,
      maxLifetime: acceptFor,
      seen,
    })
  }

  return {
    async sign(subject) {
      const { now, user } = subject
      const iat = Math.floor(now / 1000)
      const exp = Math.min(iat + Math.ceil(accessLifetime / 1000), Math.floor(subject.expiresAt / 1000))
      const jti = encodeBase64url(context.random(16))
      const claims: AccessClaims = {
        ...customClaims(user, plan.claims),
        iss: issuer,
        sub: user.id,
        aud: audience,
        client_id: plan.clientId ?? 'handstamp',
        iat,
        nbf: iat,
        exp,
        jti,
        ...(subject.sid === undefined ? {} : { sid: subject.sid }),
        auth_time: Math.floor(subject.authTime / 1000),
        hs: {
          v: 1,
          g: subject.generation,
          e: subject.epoch,
          ...(subject.version === undefined ? {} : { n: subject.version }),
          t: subject.transport,
          c: subject.createdAt,
          x: subject.expiresAt,
          ...(subject.persistent ? {} : { s: 0 as const }),
          ...(subject.pending === undefined ? {} : { p: subject.pending }),
        },
        user: user as unknown as { readonly [field: string]: unknown },
      }
      return { token: await signAccessToken(claims, keys.signer(now)), id: jti, expiresIn: Math.max(0, exp - iat) }
    },

    verify(token, now) {
      return after(judge(token, now, clockTolerance), (verified) =>
        // Servers that share keys may be that far apart, and what one ahead has just issued is good.
        !verified.ok && verified.reason === 'not_yet_valid' ? judge(token, now, sharedClockSkew) : verified,
      )
    },

    async identify(token, now) {
      const verified = await judgeByKnown(token, now, Number.POSITIVE_INFINITY)
      return verified.ok ? verified.claims : undefined
    },

    jwks: (now) => keys.jwks(now, acceptFor),
    signRevocations: (claims, now) =>
      keys.signer(now).sign(revocationsType, JSON.stringify({ iss: issuer, ...claims })),
  }
}

/** Thrown where a refusal would make a client throw a genuine token away, which is good again once the clocks are right. */
export function clockBehind(): AuthError {
  return new AuthError(
    'ERR_CLOCK_BEHIND',
    'a token of ours begins in the future: set the clock of this server right, or of the one that signed it',
  )
}

function customClaims(user: object, fields: CustomClaims | undefined): { readonly [claim: string]: unknown } {
  if (fields === undefined) return {}
  return Object.fromEntries(
    Object.keys(fields).flatMap((field) => (field in user ? [[field, (user as Record<string, unknown>)[field]]] : [])),
  )
}

/** The session as a token tells it; `id` is `sid`, or `jti` where no record stands behind. */
export function sessionFromClaims<User>(claims: AccessClaims, user: User): Session<User> {
  const { hs } = claims
  const session = {
    id: claims.sid ?? claims.jti,
    user,
    createdAt: hs.c ?? claims.auth_time * 1000,
    lastSeenAt: claims.iat * 1000,
    expiresAt: hs.x ?? claims.exp * 1000,
    authTime: claims.auth_time * 1000,
  }
  return hs.p === undefined ? session : { ...session, pending: hs.p }
}

/** What admission asks of a token. */
export function standingFromClaims(claims: AccessClaims): Standing {
  return { id: claims.sid ?? claims.jti, userId: claims.sub, transport: claims.hs.t, authTime: claims.auth_time * 1000 }
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
    version: record.version,
    generation,
    createdAt: record.createdAt,
    authTime: record.authTime,
    expiresAt: sessionExpiry(record),
    ...(record.pending === undefined ? {} : { pending: record.pending }),
    now,
  }
}

/** Whole seconds until the token expires. */
export function secondsLeft(claims: AccessClaims, now: number): number {
  return Math.max(0, claims.exp - Math.floor(now / 1000))
}
