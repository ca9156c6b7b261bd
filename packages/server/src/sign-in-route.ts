/**
 * `POST /sign-in`: method → media type → size → origin → parse → schema → limit → verify → session.
 * @module
 */
import type { Granted } from '@handstamp/core/auth-result'
import { formatChallenge } from '@handstamp/core/authorization'
import { AuthError, isAuthError, safeCause } from '@handstamp/core/errors'
import type { UserLike } from '@handstamp/core/schema'
import type { Transport } from '@handstamp/core/session'
import type { Verified } from './auth-options.ts'
import type { Settings, SignInSettings } from './options.ts'
import { bearerOriginVerdict, mediaType, originVerdict } from './origin-check.ts'
import { problem } from './problem.ts'
import { safeRedirect } from './redirect.ts'
import { parseObject, readBody } from './request-body.ts'
import { addressOf } from './request-face.ts'
import { applyEffects } from './response-headers.ts'
import { chooseTransport, grantSession, type Proven } from './sign-in.ts'

/** The media type of a form without files. */
export const formType = 'application/x-www-form-urlencoded'

/** What the route was asked, once it is well formed. */
interface Attempt {
  readonly credentials: unknown
  readonly transport: Transport
  /** Set for a form: where a success leads. */
  readonly redirect?: string
}

/** Answers the route; `undefined` settings.signIn means that the application signs in by itself, and the route is not there. */
export async function signInRoute<User extends UserLike>(
  request: Request,
  settings: Settings<User>,
): Promise<Response> {
  const { signIn } = settings
  if (!signIn) return problem(404, 'not_found')
  const provenAt = settings.clock()
  const attempt = await readAttempt(request, signIn, settings)
  if (attempt instanceof Response) return attempt

  const address = addressOf(request)
  const counted = signIn.limiter?.take(signIn.identify(attempt.credentials), address)
  if (counted && !counted.ok) {
    settings.emit({ type: 'sign_in.refused', reason: 'rate_limited', ...(address === undefined ? {} : { address }) })
    if (attempt.redirect !== undefined) return refusedForm('rate_limited', settings)
    return problem(429, 'rate_limited', { 'retry-after': String(counted.retryAfter) })
  }

  const granted = await verifyAndGrant(attempt, request, provenAt, signIn, settings).catch((error: unknown) => {
    // Our own failure is not a guess.
    counted?.giveBack()
    throw error
  })
  if (!granted) {
    settings.emit({
      type: 'sign_in.refused',
      reason: 'invalid_credentials',
      ...(address === undefined ? {} : { address }),
    })
    if (attempt.redirect !== undefined) return refusedForm('invalid_credentials', settings)
    return problem(401, 'invalid_credentials', { 'www-authenticate': formatChallenge({ realm: settings.realm }) })
  }
  counted?.giveBack()
  if (attempt.redirect !== undefined) return applyEffects(granted.effects, seeOther(attempt.redirect), settings)
  return applyEffects(granted.effects, Response.json(granted.body), settings)
}

async function readAttempt<User extends UserLike>(
  request: Request,
  signIn: SignInSettings<User>,
  settings: Settings<User>,
): Promise<Attempt | Response> {
  const type = mediaType(request)
  const form = type === formType
  if (!form && type !== 'application/json') return problem(415, 'unsupported_media_type')
  const body = await readBody(request)
  if (body === undefined) return problem(413, 'body_too_large')

  const transport = form ? 'cookie' : chooseTransport(request, settings.transports)
  if (form && !settings.transports.includes('cookie')) return problem(415, 'unsupported_media_type')
  if (transport === undefined) return problem(400, 'invalid_request')
  const verdict =
    transport === 'bearer' ? bearerOriginVerdict(request, settings.trusted) : originVerdict(request, settings.trusted)
  if (verdict !== 'allow') return problem(403, 'cross_site')

  const fields = form ? Object.fromEntries(new URLSearchParams(body)) : parseObject(body)
  if (fields === undefined) return problem(400, 'invalid_request')
  const { redirect, ...credentials } = fields
  const parsed = await signIn.credentials['~standard'].validate(form ? credentials : fields)
  if (parsed.issues !== undefined)
    return form ? refusedForm('invalid_credentials', settings) : problem(400, 'invalid_request')
  return {
    credentials: parsed.value,
    transport,
    ...(form ? { redirect: safeRedirect(redirect, settings.origin) } : {}),
  }
}

async function verifyAndGrant<User extends UserLike>(
  attempt: Attempt,
  request: Request,
  provenAt: number,
  signIn: SignInSettings<User>,
  settings: Settings<User>,
): Promise<Granted<User> | undefined> {
  const prove = async (): Promise<Pick<Proven<User>, 'user' | 'pending'> | undefined> =>
    readVerified(await verify(attempt.credentials, request, signIn))
  const proven = await prove()
  return proven && grantSession({ ...proven, provenAt, proveAgain: prove }, request, attempt.transport, settings)
}

async function verify<User>(
  credentials: unknown,
  request: Request,
  signIn: SignInSettings<User>,
): Promise<Verified<User>> {
  try {
    return await signIn.verify(credentials, request)
  } catch (error) {
    if (isAuthError(error)) throw error
    throw new AuthError('ERR_VERIFY_CREDENTIALS_FAILED', 'verifyCredentials threw instead of answering', {
      cause: safeCause(error),
    })
  }
}

/** A user has an `id`; what has none but a `user` owes a factor. What cannot be either is no guess, and no user. */
function readVerified<User extends UserLike>(
  verified: Verified<User>,
): Pick<Proven<User>, 'user' | 'pending'> | undefined {
  if (!verified) return undefined
  if (typeof verified !== 'object')
    throw new AuthError(
      'ERR_VERIFY_CREDENTIALS_FAILED',
      'verifyCredentials must answer a user, { user, pending } or null',
    )
  if ('pending' in verified && 'user' in verified && !('id' in verified)) return verified
  return { user: verified as User }
}

function refusedForm<User extends UserLike>(
  code: 'invalid_credentials' | 'rate_limited',
  { signInPage, origin }: Settings<User>,
): Response {
  const page = new URL(signInPage, origin)
  page.searchParams.set('error', code)
  return seeOther(page.pathname + page.search + page.hash)
}

/** 303, so that the browser follows with GET (RFC 9110 §15.4.4). */
export function seeOther(path: string): Response {
  return new Response(null, { status: 303, headers: { location: path, 'cache-control': 'no-store' } })
}
