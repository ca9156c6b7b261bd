/**
 * The application's own routes: each asks who is there, and lets the answer carry what must go back.
 * @module
 */
import type { Rejected } from '@handstamp/core/auth-result'
import type { AuthResult, Session } from '@handstamp/server'
import type { User } from './accounts.ts'
import type { PlaygroundAuth } from './auth.ts'
import { readJson } from './body.ts'
import { longestNote, type Notes } from './notes.ts'
import { problem } from './problem.ts'

export interface Api {
  readonly auth: PlaygroundAuth
  readonly notes: Notes
  readonly node: string
  /** Told who was there, for the page's list of requests. */
  readonly seen: (result: AuthResult<User>) => void
}

type Route = (session: Session<User>, request: Request, api: Api) => Response | Promise<Response>

const routes: { readonly [path: string]: { readonly [method: string]: Route } } = {
  '/api/me': {
    GET: (session, _, { node }) => Response.json({ user: session.user, session, node }),
  },
  '/api/notes': {
    GET: (_session, _request, { notes }) => Response.json({ notes: notes.list() }),
    POST: addNote,
  },
}

/** Answers a path under `/api`. */
export async function answerApi(request: Request, api: Api): Promise<Response> {
  const { auth } = api
  const methods = routes[new URL(request.url).pathname]
  if (methods === undefined) return problem(404, 'not_found')
  const allow = ['OPTIONS', 'HEAD', ...Object.keys(methods)].join(', ')
  const response = await answer(request, methods, allow, api)
  for (const [name, value] of auth.corsHeaders(request)) response.headers.append(name, value)
  return response
}

async function answer(
  request: Request,
  methods: { readonly [method: string]: Route },
  allow: string,
  api: Api,
): Promise<Response> {
  if (request.method === 'OPTIONS') return preflight(request, allow, api)
  const route = methods[request.method === 'HEAD' ? 'GET' : request.method]
  if (route === undefined) return problem(405, 'method_not_allowed', { allow })
  const result = await api.auth.authenticate(request)
  api.seen(result)
  if (!result.ok) return api.auth.challenge(result satisfies Rejected)
  return api.auth.apply(result, await route(result.session, request, api))
}

/** The page itself is of the same origin and never asks; another one that is listed would. */
function preflight(request: Request, allow: string, { auth }: Api): Response {
  const listed = auth.corsHeaders(request).has('access-control-allow-origin')
  const permission = {
    'access-control-allow-methods': allow,
    'access-control-allow-headers': 'authorization, content-type',
  }
  return new Response(null, { status: 204, headers: { allow, ...(listed ? permission : {}) } })
}

async function addNote(session: Session<User>, request: Request, { notes }: Api): Promise<Response> {
  const body = await readJson(request)
  if (body instanceof Response) return body
  const text = typeof body.text === 'string' ? body.text.trim() : ''
  if (text === '' || text.length > longestNote) return problem(400, 'invalid_request')
  return Response.json(notes.add(text, session.user.id), { status: 201 })
}
