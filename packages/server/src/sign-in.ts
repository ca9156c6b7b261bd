/**
 * Signing in: a new session for a proven user, never one that the request brought along.
 * @module
 */
import type { Granted } from '@handstamp/core/auth-result'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { AuthError } from '@handstamp/core/errors'
import type { UserLike } from '@handstamp/core/schema'
import { userHandle } from '@handstamp/core/secret'
import type { Transport } from '@handstamp/core/session'
import { transportHeader } from '@handstamp/core/wire'
import { checkSize, deliver } from './grants.ts'
import { frozenJson } from './json-value.ts'
import type { Settings } from './options.ts'
import { readCredential } from './read-credential.ts'
import { conflict } from './records.ts'
import { clientOf, type RequestFace } from './request-face.ts'
import { epochAt } from './stores/store.ts'
import { type Held, sharedClockSkew } from './strategies/strategy.ts'

/** Milliseconds by which one clock may be set back while somebody signs in. */
const ownClockTolerance = 5_000

export interface SignInOptions {
  /** False: the cookies go when the browser closes. True unless set. */
  readonly persistent?: boolean
  /** Shorter than the strategy's lifetime, for this session alone. */
  readonly lifetime?: Duration
}

/** Who was proven, and the way to prove it once more. */
export interface Proven<User> {
  readonly user: User
  readonly pending?: string
  /** A time before the proof began, in milliseconds since the epoch. */
  readonly provenAt: number
  /** Verifies once more; undefined: refused this time. */
  readonly proveAgain?: () => Promise<Pick<Proven<User>, 'user' | 'pending'> | undefined>
}

/** The transport that the client asked for, within what is allowed; undefined: it asked for another. */
export function chooseTransport(request: RequestFace, transports: readonly Transport[]): Transport | undefined {
  const asked = request.headers.get(transportHeader)
  return asked === null ? transports[0] : transports.find((transport) => transport === asked)
}

/**
 * Grants a session. Everything that can refuse comes before the first write; the session that the request presents is
 * ended, so that what an attacker planted dies (OWASP ASVS 7.2.4). Undefined: the second proof was refused.
 *
 * @throws AuthError `ERR_STORE_CONFLICT` where the user was signed out everywhere meanwhile, and cannot be proven again.
 */
export async function grantSession<User extends UserLike>(
  given: Proven<User>,
  request: RequestFace,
  transport: Transport,
  settings: Settings<User>,
  options: SignInOptions = {},
): Promise<Granted<User> | undefined> {
  const { strategy, emit } = settings
  const lifetime = options.lifetime === undefined ? undefined : parseDuration(options.lifetime, 'signIn({ lifetime })')
  const tolerance = strategy.sharedClock ? sharedClockSkew : ownClockTolerance
  let user = await checkUser(given.user, settings)
  let { pending, provenAt } = given
  let moved = false
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const epoch = await strategy.epoch(user.id)
    if (given.proveAgain && (moved || (epoch !== undefined && epoch >= epochAt(provenAt - tolerance)))) {
      // Signed out everywhere since the password was proven, perhaps because it changed. This proof begins after the
      // epoch was read, so what ends it from here on makes the save fail.
      provenAt = settings.clock()
      const again = await given.proveAgain()
      if (again?.user.id !== given.user.id) return undefined
      pending = again.pending
      user = await checkUser(again.user, settings)
    }
    checkPending(pending)
    const now = settings.clock()
    const draft = await strategy.issue({
      user,
      transport,
      persistent: options.persistent !== false,
      now,
      ...(lifetime === undefined ? {} : { lifetime }),
      ...(pending === undefined ? {} : { pending }),
      ...clientOf(request),
      epoch,
    })
    checkSize(draft.grant, settings)
    await endPresented(request, transport, settings)
    const saved = await draft.save()
    if (saved === 'saved') {
      emit({ type: 'session.created', sessionId: draft.grant.session.id, userId: user.id })
      return deliver(draft.grant, now, settings)
    }
    moved = saved === 'epoch'
    // Without a way to prove it once more the proof is from before the sign-out.
    if (moved && epoch !== undefined && given.proveAgain === undefined) throw signedOutMeanwhile()
  }
  throw conflict()
}

/** The session that the request presents, if any. Its cookies are overwritten by those of the new one. */
async function endPresented<User extends UserLike>(
  request: RequestFace,
  transport: Transport,
  settings: Settings<User>,
): Promise<void> {
  const presented = readCredential(request, settings)
  const { access } = presented
  // A bearer sign-in may come without an Origin, so it has no say in what a cookie holds.
  const held: Held = transport !== 'bearer' ? presented : access?.via === 'authorization' ? { access } : {}
  if (held.access || held.refresh) await settings.strategy.revoke(held, settings.clock())
}

/**
 * The user as the schema gives it back, which is what every later read must accept.
 *
 * @throws AuthError `ERR_CLAIMS_INVALID` that names the field.
 */
export async function checkUser<User extends UserLike>(user: User, settings: Settings<User>): Promise<User> {
  const kept = jsonCopy(user)
  const parsed = await settings.parseUser(kept)
  if (!('user' in parsed))
    throw new AuthError(
      'ERR_CLAIMS_INVALID',
      `the user does not fit its own schema at "${parsed.issues}" once it is JSON`,
    )
  try {
    userHandle(parsed.user.id)
  } catch {
    throw new AuthError('ERR_CLAIMS_INVALID', 'user.id must be a string of 1 to 255 bytes')
  }
  // Here and not in the store or the token, of which some would change what others refuse.
  frozenJson(parsed.user, 'user')
  return parsed.user
}

/** @throws AuthError `ERR_CLAIMS_INVALID` unless the factor that is owed has a name. */
export function checkPending(pending: string | undefined): void {
  if (pending === undefined || (typeof pending === 'string' && pending !== '')) return
  throw new AuthError('ERR_CLAIMS_INVALID', "pending must name the factor that is owed, such as 'mfa'")
}

function signedOutMeanwhile(): AuthError {
  return new AuthError(
    'ERR_STORE_CONFLICT',
    'the user was signed out everywhere during this sign-in: prove anew who it is',
  )
}

function jsonCopy(user: unknown): unknown {
  try {
    return JSON.parse(JSON.stringify(user))
  } catch {
    throw new AuthError(
      'ERR_CLAIMS_INVALID',
      'the user cannot be written as JSON: keep functions, cycles and bigints out of the schema',
    )
  }
}
