/**
 * What the page knows: the configuration, its client, and what the server saw. Panels read it and are told when it changes.
 * @module
 */
import type { Session, SessionListing } from '@handstamp/core/session'
import type { User } from '../accounts.ts'
import { type Balance, type Configuration, type StorageName, storageProblem, storagesOf } from '../configuration.ts'
import type { SeenCookie } from '../internals.ts'
import type { Note } from '../notes.ts'
import type { Boot } from '../page.ts'
import type { SeenRequest } from '../seen.ts'
import { type Client, type OpenClient, openClient, plainFetch } from './client.ts'

/** A choice in one of the three pickers. */
export type Pick = Partial<{ strategy: string; transport: string; storage: StorageName }>

export interface Playground {
  readonly configuration: Configuration
  readonly storage: StorageName
  readonly client: Client
  readonly requests: readonly SeenRequest[]
  /** The request that the user caused last, among those that the page sent by itself. */
  readonly caused: string | undefined
  readonly cookies: readonly SeenCookie[]
  /** Undefined where they are not known, or there is nothing to list. */
  readonly sessions: readonly SessionListing[] | undefined
  readonly notes: readonly Note[]
  /** A switch of the configuration is under way. */
  readonly switching: boolean
  /** Asks what the server saw meanwhile. */
  look(): Promise<void>
  /** Runs what the user asked for, then looks at what the server saw of it. */
  act<T>(task: () => Promise<T>): Promise<T>
  /** Part of an act. */
  reloadNotes(): Promise<void>
  reloadSessions(): Promise<void>
  /** Tells people who cannot see what changed. */
  say(message: string): void
  pick(choice: Pick): Promise<void>
  /** Lets the balancer choose another way. */
  setBalance(balance: Balance): Promise<void>
  subscribe(listener: () => void): void
}

export function createPlayground(boot: Boot, say: (message: string) => void): Playground {
  const listeners = new Set<() => void>()
  let configuration = boot.configuration
  let storage = pickedStorage(configuration)
  let open: OpenClient = start(boot.session)
  let requests: readonly SeenRequest[] = []
  let cookies: readonly SeenCookie[] = []
  let sessions: readonly SessionListing[] | undefined
  let notes: readonly Note[] = []
  let switching = false
  let caused: string | undefined
  let loadedFor: string | undefined

  const tell = () => {
    for (const listener of listeners) listener()
  }

  function start(initial: Session<User> | null | undefined): OpenClient {
    const opened = openClient(configuration, storage, initial)
    opened.client.subscribe(() => tell())
    return opened
  }

  /** What the server can tell of the last requests; it is asked by the plain fetch, so that looking changes nothing. */
  async function look(): Promise<void> {
    const asked = configuration
    const [seen, jar] = await Promise.all([
      ask<{ requests: readonly SeenRequest[]; switches: number }>('/playground/requests'),
      ask<{ cookies: readonly SeenCookie[] }>('/playground/cookies'),
    ])
    // Another page has picked something else: everything here is of yesterday.
    const elsewhere = seen !== undefined && seen.switches !== asked.switches
    if (elsewhere && asked === configuration && !switching) location.reload()
    requests = seen?.requests ?? requests
    cookies = jar?.cookies ?? []
    tell()
  }

  async function reloadNotes(): Promise<void> {
    // The global fetch, on purpose: the interceptor brings the credential.
    const answer = open.client.session ? await fetch('/api/notes').catch(() => undefined) : undefined
    notes = answer?.ok === true ? ((await answer.json()) as { notes: readonly Note[] }).notes : []
    tell()
  }

  async function reloadSessions(): Promise<void> {
    const { client } = open
    const listed = client.session && configuration.strategy !== 'token'
    sessions = listed ? await client.sessions.list().catch(() => undefined) : undefined
    tell()
  }

  async function act<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task()
    } finally {
      await look()
      caused = requests[0]?.id
      tell()
      if (open.client.session?.user.id !== loadedFor) {
        loadedFor = open.client.session?.user.id
        await Promise.all([reloadNotes(), reloadSessions()])
        await look()
      }
    }
  }

  async function switchTo(strategy: string, transport: string, next: StorageName | undefined): Promise<void> {
    const elsewhere = strategy !== configuration.strategy || transport !== configuration.transport
    if (open.client.session) await open.client.signOut()
    open.close()
    if (elsewhere) {
      const body = JSON.stringify({ strategy, transport })
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
      configuration = (await ask<Configuration>('/playground/configuration', init)) ?? configuration
    }
    const fits = next !== undefined && storageProblem(configuration.transport, next) === undefined
    storage = fits ? next : (storagesOf(configuration.transport)[0] ?? 'memory')
    history.replaceState(null, '', storage === storagesOf(configuration.transport)[0] ? '/' : `/?storage=${storage}`)
    // Nobody is signed in: the session that was there has just been ended.
    open = start(null)
  }

  return {
    get configuration() {
      return configuration
    },
    get storage() {
      return storage
    },
    get client() {
      return open.client
    },
    get requests() {
      return requests
    },
    get caused() {
      return caused
    },
    get cookies() {
      return cookies
    },
    get sessions() {
      return sessions
    },
    get notes() {
      return notes
    },
    get switching() {
      return switching
    },
    look,
    act,
    reloadNotes,
    reloadSessions,
    say,
    async pick({ strategy = configuration.strategy, transport = configuration.transport, storage: next = storage }) {
      if (switching) return
      switching = true
      tell()
      await act(async () => {
        await switchTo(strategy, transport, next).finally(() => {
          switching = false
        })
      })
      say(`Now ${configuration.strategy} by ${configuration.transport}, kept in ${storage}. Nobody is signed in.`)
    },
    async setBalance(balance) {
      const init = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ balance }),
      }
      configuration = (await ask<Configuration>('/playground/balance', init)) ?? configuration
      tell()
    },
    subscribe: (listener) => void listeners.add(listener),
  }
}

/** The pick survives a reload in the address; what does not fit the transport does not count. */
function pickedStorage({ transport }: Configuration): StorageName {
  const asked = new URLSearchParams(location.search).get('storage')
  const legal = storagesOf(transport)
  return legal.find((storage) => storage === asked) ?? legal[0] ?? 'memory'
}

async function ask<T>(path: string, init?: RequestInit): Promise<T | undefined> {
  try {
    const response = await plainFetch(path, init)
    return response.ok ? ((await response.json()) as T) : undefined
  } catch {
    return undefined
  }
}
