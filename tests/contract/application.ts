/**
 * The application of the contract: one auth, and routes of its own that ask it who is there.
 * @module
 */

import type { Clock } from '@handstamp/core/clock'
import type { StandardSchema } from '@handstamp/core/schema'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import { type Auth, type AuthEvent, createAuth, type Strategy } from '@handstamp/server'

export const origin = 'https://app.example'
/** A page of another origin that the server lists. */
export const listed = 'https://spa.app.example'

/** More than an id, so that a field that gets lost on the way is missed. */
export interface User {
  readonly id: string
  readonly name: string
  readonly role: 'admin' | 'member'
  readonly permissions: readonly string[]
  readonly profile: { readonly city: string | null; readonly age: number; readonly verified: boolean }
}

export interface Credentials {
  readonly name: string
  readonly password: string
}

export interface Shape {
  readonly '~shape'?: { user: User; strategy: 'hybrid'; transport: Transport; credentials: Credentials }
}

export type ContractAuth = Auth<{ user: User; strategy: 'hybrid'; transport: Transport; credentials: Credentials }>

export const users: { readonly ada: User; readonly grace: User } = {
  ada: {
    id: 'ada',
    name: 'Ada "Countess" Lovelace – Ἀδα 💜',
    role: 'admin',
    permissions: ['notes:write', 'notes:read'],
    profile: { city: null, age: 36, verified: true },
  },
  grace: {
    id: 'grace',
    name: 'Grace Hopper',
    role: 'member',
    permissions: [],
    profile: { city: 'Arlington', age: 85, verified: false },
  },
}

const userSchema: StandardSchema<User> = objectSchema(['id', 'name', 'role', 'permissions', 'profile'])
const credentialsSchema: StandardSchema<Credentials> = objectSchema(['name', 'password'])

export interface Application {
  readonly auth: ContractAuth
  readonly notes: string[]
  readonly events: readonly AuthEvent[]
  answer(request: Request): Promise<Response>
}

export interface ApplicationSetting {
  readonly strategy: Strategy<StrategyKind>
  readonly transports: readonly Transport[]
  readonly clock: Clock
}

/** Opens the application. The users' password is `right`. */
export function openApplication({ strategy, transports, clock }: ApplicationSetting): Application {
  const notes: string[] = []
  const events: AuthEvent[] = []
  const auth = createAuth({
    origin,
    origins: [listed],
    // One application has one strategy; here the types would have to know all of them at once.
    strategy: strategy as Strategy<'hybrid'>,
    transport: transports,
    user: userSchema,
    credentials: credentialsSchema,
    verifyCredentials: async ({ name, password }) => (password === 'right' ? findUser(name) : null),
    limits: { signIn: false },
    events: (event) => events.push(event),
    clock,
  }) as ContractAuth

  async function guarded(request: Request): Promise<Response> {
    const result = await auth.authenticate(request)
    if (!result.ok) return auth.challenge(result)
    const { pathname } = new URL(request.url)
    if (pathname === '/api/me') {
      const { user, id } = result.session
      return auth.apply(result, Response.json({ user, id }))
    }
    notes.push(await request.text())
    return auth.apply(result, Response.json({ by: result.session.user.id }, { status: 201 }))
  }

  /** A sign-in by other means, e.g. by a link in a mail. */
  async function enter(request: Request): Promise<Response> {
    const persistent = new URL(request.url).searchParams.get('persistent') !== 'false'
    const granted = await auth.signIn(users.ada, request, { persistent })
    return auth.apply(granted, Response.json(granted.body))
  }

  return {
    auth,
    notes,
    events,
    async answer(request) {
      const ours = await auth.handler(request)
      if (ours) return ours
      const { pathname } = new URL(request.url)
      const response =
        request.method === 'OPTIONS' ? preflight() : await (pathname === '/enter' ? enter(request) : guarded(request))
      for (const [name, value] of auth.corsHeaders(request)) response.headers.append(name, value)
      return response
    },
  }
}

function findUser(id: string): User | null {
  return Object.values(users).find((user) => user.id === id) ?? null
}

/** `auth.corsHeaders` says who is permitted, this says what. */
function preflight(): Response {
  const headers = {
    'access-control-allow-methods': 'GET, POST',
    'access-control-allow-headers': 'authorization, content-type',
  }
  return new Response(null, { status: 204, headers })
}

/** A schema of an object with these fields, so that the contract needs no library. */
function objectSchema<T>(fields: readonly (keyof T & string)[]): StandardSchema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'handstamp',
      validate(value) {
        const missing = fields.find((field) => (value as Record<string, unknown> | null)?.[field] === undefined)
        return missing === undefined ? { value: value as T } : { issues: [{ message: 'is missing', path: [missing] }] }
      },
    },
  }
}
