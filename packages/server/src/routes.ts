/**
 * The routes of the wire: which path is ours, what each method does there, and the one place that answers failures.
 * @module
 */
import type { Authenticated } from '@handstamp/core/auth-result'
import type { Effect } from '@handstamp/core/effect'
import { isAuthError, safeCause } from '@handstamp/core/errors'
import type { UserLike } from '@handstamp/core/schema'
import { listingOf, type SessionRecord } from '@handstamp/core/session'
import { routePaths, type SessionBody, type SessionsBody } from '@handstamp/core/wire'
import { clockBehind } from './access-tokens.ts'
import { authenticate, prove, reject } from './authenticate.ts'
import { corsHeaders, preflight } from './cors.ts'
import { clearCookies } from './grants.ts'
import type { Settings } from './options.ts'
import { isJson, mediaType, originVerdict } from './origin-check.ts'
import { challengeResponse, errorResponse, problem, refusedRefresh } from './problem.ts'
import { presentedByCookie, readCredential } from './read-credential.ts'
import { safeRedirect } from './redirect.ts'
import { refreshSession } from './refresh.ts'
import { parseObject, readBody } from './request-body.ts'
import { applyEffects } from './response-headers.ts'
import { revocationsRoute } from './revocations-route.ts'
import { formType, seeOther, signInRoute } from './sign-in-route.ts'
import { endSession, touchesCookies } from './sign-out.ts'

type Route<User extends UserLike> = (request: Request, settings: Settings<User>, id: string) => Promise<Response>
type Methods<User extends UserLike> = { readonly [method: string]: Route<User> }

/** Answers a request to one of our paths, 404 included; undefined when the path is not ours. Nothing is thrown. */
export async function handleRoute<User extends UserLike>(
  request: Request,
  settings: Settings<User>,
): Promise<Response | undefined> {
  const url = new URL(request.url)
  const found = findRoute(url.pathname, settings)
  if (!found) return undefined
  const { methods, id } = found
  const cors = { trusted: settings.trusted, credentials: settings.cookies !== undefined }
  const allowed = ['OPTIONS', ...Object.keys(methods), ...('GET' in methods ? ['HEAD'] : [])].join(', ')
  if (request.method === 'OPTIONS') return preflight(request, cors, allowed)

  const method = request.method === 'HEAD' ? 'GET' : request.method
  // A runtime may let any method in, and every object has a `toString`.
  const route = Object.hasOwn(methods, method) ? methods[method] : undefined
  const response = route
    ? await answer(route, request, settings, id)
    : Object.keys(methods).length === 0
      ? problem(404, 'not_found')
      : problem(405, 'method_not_allowed', { allow: allowed })
  for (const [name, value] of corsHeaders(request, cors)) response.headers.append(name, value)
  return request.method === 'HEAD' ? new Response(null, response) : response
}

async function answer<User extends UserLike>(
  route: Route<User>,
  request: Request,
  settings: Settings<User>,
  id: string,
): Promise<Response> {
  try {
    return await route(request, settings, id)
  } catch (error) {
    const [code, message, cause] = isAuthError(error)
      ? [error.code, error.message, error.cause]
      : (['ERR_INTERNAL', 'an unexpected error', error] as const)
    settings.emit({ type: 'error', code, message, ...(cause === undefined ? {} : { cause: safeCause(cause) }) })
    return errorResponse(error)
  }
}

function findRoute<User extends UserLike>(
  pathname: string,
  settings: Settings<User>,
): { readonly methods: Methods<User>; readonly id: string } | undefined {
  const { basePath, strategy } = settings
  const keys = strategy.jwks ? { GET: jwksRoute } : undefined
  if (pathname === '/.well-known/jwks.json') return keys && { methods: keys, id: '' }
  if (!pathname.startsWith(`${basePath}/`)) return undefined
  const path = pathname.slice(basePath.length)
  const one = path.startsWith(`${routePaths.sessions}/`) ? path.slice(routePaths.sessions.length + 1) : ''
  const methods = one === '' ? tableOf<User>(settings)[path] : strategy.sessions && { DELETE: endOneRoute }
  return { methods: methods ?? {}, id: one }
}

function tableOf<User extends UserLike>({
  strategy,
  feed,
}: Settings<User>): { readonly [path: string]: Methods<User> | undefined } {
  return {
    [routePaths.signIn]: { POST: signInRoute },
    [routePaths.signOut]: { POST: signOutRoute },
    [routePaths.refresh]: { POST: refreshRoute },
    [routePaths.session]: { GET: sessionRoute },
    [routePaths.sessions]: strategy.sessions && { GET: listRoute, DELETE: endAllRoute },
    [routePaths.jwks]: strategy.jwks && { GET: jwksRoute },
    [routePaths.revocations]: feed?.published && strategy.signRevocations ? { GET: revocationsRoute } : undefined,
  }
}

async function signOutRoute<User extends UserLike>(request: Request, settings: Settings<User>): Promise<Response> {
  const form = mediaType(request) === formType && settings.transports.includes('cookie')
  const body = await readBody(request)
  if (body === undefined) return problem(413, 'body_too_large')
  if (body !== '' && !form && !isJson(request)) return problem(415, 'unsupported_media_type')
  const { fault } = readCredential(request, settings)
  if (touchesCookies(request, settings) && originVerdict(request, settings.trusted) !== 'allow')
    return problem(403, 'cross_site')
  // Which session is meant cannot be told, so none is said to have ended.
  if (fault !== undefined) return challengeResponse(reject(settings, fault, {}), settings)
  const ended = await endSession(request, settings)
  if (form)
    return applyEffects(
      ended.effects,
      seeOther(safeRedirect(new URLSearchParams(body).get('redirect'), settings.origin)),
      settings,
    )
  const { revoked, validUntil } = ended
  const response = revoked ? new Response(null, { status: 204 }) : Response.json({ revoked, validUntil })
  return applyEffects(ended.effects, response, settings)
}

async function refreshRoute<User extends UserLike>(request: Request, settings: Settings<User>): Promise<Response> {
  const body = await readBody(request)
  if (body === undefined) return problem(413, 'body_too_large')
  if (body !== '' && !isJson(request)) return problem(415, 'unsupported_media_type')
  const fields = body === '' ? {} : parseObject(body)
  const token = fields?.refresh_token
  if (fields === undefined || (token !== undefined && typeof token !== 'string')) return problem(400, 'invalid_request')
  const result = await refreshSession(
    request,
    settings.refreshes && settings.transports.includes('bearer') ? token : undefined,
    settings,
  )
  return result.ok
    ? applyEffects(result.effects, Response.json(result.body), settings)
    : refusedRefresh(result, settings)
}

async function sessionRoute<User extends UserLike>(request: Request, settings: Settings<User>): Promise<Response> {
  const result = await prove(request, settings, {})
  if (result.ok) {
    const { session, expiresIn, refreshable } = result
    const body: SessionBody<User> = { session, expires_in: expiresIn, refreshable }
    return applyEffects(settings.caching.answered, Response.json(body), settings)
  }
  if (result.reason === 'absent') return applyEffects(result.effects.filter(isHeader), nobody(), settings)
  if (result.refreshable === true)
    return challengeResponse(
      {
        ...result,
        reason: 'expired',
        effects: result.effects.map((effect) =>
          effect.type === 'challenge' ? { ...effect, reason: 'expired' } : effect,
        ),
      },
      settings,
    )
  if (result.reason === 'not_yet_valid') throw clockBehind()
  if (!dead.has(result.reason)) return challengeResponse(result, settings)
  // Another page's request causes nothing, and a bearer token that is dead says nothing of the cookies beside it.
  const held = presentedByCookie(readCredential(request, settings))
  const clears = held && originVerdict(request, settings.trusted) === 'allow'
  return applyEffects(clears ? clearCookies(settings) : result.effects.filter(isHeader), nobody(), settings)
}

function isHeader({ type }: Effect): boolean {
  return type === 'header'
}

/** Reasons after which the credential can never be good again. */
const dead: ReadonlySet<string> = new Set([
  'malformed',
  'expired',
  'outdated',
  'unknown',
  'revoked',
  'reused',
  'bad_signature',
  'wrong_issuer',
  'wrong_audience',
  'wrong_type',
  'unknown_key',
  'unsupported_algorithm',
  'mismatch',
  'transport_mismatch',
  'binding',
])

function nobody(): Response {
  return Response.json({ session: null }, { headers: { 'cache-control': 'private, no-store' } })
}

/** Who asks about sessions, the records of theirs, and which of those is the one that asks. */
interface SessionsRead<User> {
  readonly result: Authenticated<User>
  readonly records: readonly SessionRecord[]
  readonly current: SessionRecord
}

/**
 * Reads the sessions of whoever asks. The records are asked, and not the token alone: a token may live a
 * little longer than its session, and what was ended must not end others.
 */
async function readSessions<User extends UserLike>(
  request: Request,
  settings: Settings<User>,
): Promise<SessionsRead<User> | Response> {
  const result = await authenticate(request, settings)
  if (!result.ok) return challengeResponse(result, settings)
  const records = (await settings.strategy.sessions?.list(result.session.user.id)) ?? []
  const current = records.find(({ id }) => id === result.session.id)
  return current ? { result, records, current } : challengeResponse(reject(settings, 'revoked', {}), settings)
}

async function listRoute<User extends UserLike>(request: Request, settings: Settings<User>): Promise<Response> {
  const read = await readSessions(request, settings)
  if (read instanceof Response) return read
  const { result, records } = read
  const body: SessionsBody = { sessions: records.map((record) => listingOf(record, result.session.id)) }
  return applyEffects(result.effects, Response.json(body), settings)
}

/** Another user's session, a malformed id and one that is not there are the same 404. */
async function endOneRoute<User extends UserLike>(
  request: Request,
  settings: Settings<User>,
  id: string,
): Promise<Response> {
  const read = await readSessions(request, settings)
  if (read instanceof Response) return read
  const { result, records } = read
  if (!records.some((record) => record.id === id) || !(await settings.strategy.sessions?.revoke(id)))
    return applyEffects(result.effects, problem(404, 'not_found'), settings)
  return ended(read, id === result.session.id, settings)
}

async function endAllRoute<User extends UserLike>(request: Request, settings: Settings<User>): Promise<Response> {
  const read = await readSessions(request, settings)
  if (read instanceof Response) return read
  const { session } = read.result
  const others = new URL(request.url).searchParams.get('others') === 'true'
  const sessions = (await settings.strategy.sessions?.revokeAll(session.user.id, others ? session.id : undefined)) ?? 0
  settings.emit({ type: 'user.signed_out_everywhere', userId: session.user.id, sessions })
  return ended(read, !others, settings)
}

/** What ended itself by a bearer token leaves the cookies: they are another session's. */
function ended<User extends UserLike>(
  { result, current }: SessionsRead<User>,
  own: boolean,
  settings: Settings<User>,
): Response {
  const effects =
    own && current.transport !== 'bearer' ? [...clearCookies(settings), ...result.effects] : result.effects
  return applyEffects(effects, new Response(null, { status: 204 }), settings)
}

async function jwksRoute<User extends UserLike>(_request: Request, settings: Settings<User>): Promise<Response> {
  const keys = settings.strategy.jwks?.(settings.clock()) ?? { keys: [] }
  return Response.json(keys, {
    headers: { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=300' },
  })
}
