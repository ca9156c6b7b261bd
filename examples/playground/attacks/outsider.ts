/**
 * Whoever is not the page: a client outside of the browser, with none of its cookies, over the network.
 * @module
 */
import { credentialShape } from '@handstamp/core/credential'
import { type Agent, createAgent } from '@handstamp/server/testing'
import type { World } from './attack.ts'

/** Both passwords stand on the page, so an attacker may have an account as well. */
const accounts = {
  ada: { email: 'ada@example.com', password: 'analytical-engine' },
  grace: { email: 'grace@example.com', password: 'nanoseconds' },
} as const

/** A client that speaks the present transport, and is signed in nowhere. It says of its origin what suits it: no browser makes it honest. */
export function outsider({ origin, configuration }: World): Agent {
  return createAgent({ origin, handler: (request) => fetch(request) }, configuration().transport)
}

/** Signs in and answers the access credential. */
export async function signInAs(agent: Agent, who: keyof typeof accounts, world: World): Promise<string> {
  const response = await agent.send('POST', '/auth/sign-in', { json: accounts[who] })
  if (!response.ok) throw new Error(`${who} could not sign in: ${response.status}`)
  return accessOf(agent, world)
}

/** What became of a credential that was presented. */
export interface Presented {
  readonly status: number
  /** The code of a refusal. */
  readonly code?: string
  readonly user?: { readonly id: string; readonly name: string; readonly role: string }
}

/** Asks `/api/me` with a stolen or made-up access credential, where this configuration reads it. */
export async function present(credential: string, world: World): Promise<Presented> {
  const agent = outsider(world)
  hold(agent, credential, world)
  return read(await agent.send('GET', '/api/me'))
}

/** Asks for a new credential with one that was stolen, and answers with the agent that may hold it now. */
export async function renew(credential: string, world: World): Promise<Presented & { readonly agent: Agent }> {
  const agent = outsider(world)
  const isRefresh = credentialShape(credential) === 'refresh'
  const byBody = isRefresh && world.configuration().transport === 'bearer'
  if (!byBody) hold(agent, credential, world)
  const answer = await agent.send('POST', '/auth/refresh', byBody ? { json: { refresh_token: credential } } : {})
  return { ...(await read(answer)), agent }
}

/** Puts a credential where the present transport carries one of its kind. */
export function hold(agent: Agent, credential: string, { names, configuration }: World): void {
  if (credentialShape(credential) === 'refresh') agent.cookies.set(names.refresh, credential)
  else if (configuration().transport === 'cookie') agent.cookies.set(names.access, credential)
  else agent.tokens.access = credential
}

/** The access credential that an agent holds; empty: none. */
export function accessOf(agent: Agent, { names }: World): string {
  return agent.tokens.access ?? agent.cookies.get(names.access) ?? ''
}

/** The refresh token that an agent holds, wherever the transport keeps it. */
export function refreshTokenOf(agent: Agent, { names }: World): string | undefined {
  return agent.tokens.refresh ?? agent.cookies.get(names.refresh)
}

async function read(response: Response): Promise<Presented> {
  const { status } = response
  const body = (await response.json().catch(() => ({}))) as { code?: string; user?: Presented['user'] }
  return {
    status,
    ...(typeof body.code === 'string' ? { code: body.code } : {}),
    ...(body.user === undefined ? {} : { user: body.user }),
  }
}

/** `200, as Ada Lovelace (admin)`, or `401 invalid_token`. */
export function sayPresented({ status, code, user }: Presented): string {
  if (user !== undefined) return `${status}, as ${user.name} (${user.role})`
  return code === undefined ? `${status}` : `${status} ${code}`
}
