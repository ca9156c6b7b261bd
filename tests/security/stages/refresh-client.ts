/**
 * The client of a page, its server behind a network that a test can disturb, and the two clocks of its machine.
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AuthClient,
  type AuthClientOptions,
  createAuthClient,
  type ShapeOf,
  type TokenStorage,
} from '@handstamp/client'
import type { Transport } from '@handstamp/core/session'
import { expect } from 'vitest'
import { type Served, type Setting, serveAuth, servedOrigin, type User } from '../../wire/served-auth.ts'
import { ada, newVisitor } from '../../wire/visitor.ts'
import type { Closable } from '../attack.ts'

interface Shape {
  readonly '~shape'?: { user: User; strategy: 'hybrid'; transport: Transport; credentials: typeof ada }
}

export type Client = AuthClient<ShapeOf<Shape>>

/** What answers in place of the server; undefined: nothing does. It may also throw, as a connection does. */
export type Disturbance = (path: string) => Response | Promise<Response> | undefined

export interface Page {
  readonly client: Client
  /** Who is signed in, each time that a listener was told. */
  readonly told: (string | null | undefined)[]
  /** A client of another page that keeps its tokens in the same place. */
  beside(): Client
}

export interface ClientStage extends Closable {
  readonly served: Served
  /** What went out since the last `forget`, as `POST /auth/refresh`. */
  readonly asked: readonly string[]
  forget(): void
  disturb(how?: Disturbance): void
  /** A page on which ada has just signed in. */
  signedIn(transport?: Transport): Promise<Page>
  /** The monotonic clock of the page's machine goes on. */
  pass(milliseconds: number): void
  /** The wall clock of the page's machine is set. */
  setWallClock(milliseconds: number): void
}

/** Access tokens live 5 minutes, sessions 14 days without a refresh. The page's `fetch` sends over HTTP, and keeps cookies. */
export async function clientStage(setting: Partial<Setting> = {}): Promise<ClientStage> {
  const served = await serveAuth({
    strategy: 'hybrid',
    transport: ['bearer', 'cookie', 'split'],
    times: { idleTimeout: '14d', lifetime: '90d' },
    ...setting,
  })
  const asked: string[] = []
  let disturbance: Disturbance | undefined
  const clocks = turnedClocks()

  function network(transport: Transport): typeof globalThis.fetch {
    const jar = newVisitor(served.wire, transport)
    return async (input, init) => {
      const request = new Request(input, init)
      const { pathname, search } = new URL(request.url)
      asked.push(`${request.method} ${pathname}`)
      const instead = await disturbance?.(pathname)
      if (instead !== undefined) return instead
      const answer = await served.wire.ask({
        method: request.method,
        target: pathname + search,
        headers: [
          ...request.headers,
          ...(request.credentials === 'include' ? jar.credentials() : []),
          ['Sec-Fetch-Site', 'same-origin'],
        ],
        ...(request.body === null ? {} : { body: new Uint8Array(await request.arrayBuffer()) }),
      })
      for (const line of answer.setCookies) jar.keep({ ...answer, setCookies: [line], json: undefined })
      const empty = [101, 204, 205, 304].includes(answer.status)
      return new Response(empty ? null : answer.text, {
        status: answer.status,
        headers: answer.headers.map(([name, value]): [string, string] => [name, value]),
      })
    }
  }

  function open(transport: Transport, storage: TokenStorage, fetch: typeof globalThis.fetch): Client {
    const kept = transport === 'bearer' ? storage : transport === 'cookie' ? 'cookie' : 'memory'
    const options = { baseURL: servedOrigin, transport, storage: kept, fetch }
    return createAuthClient<Shape>(options as AuthClientOptions<ShapeOf<Shape>>)
  }

  return {
    served,
    asked,
    forget: () => void asked.splice(0),
    disturb(how) {
      disturbance = how
    },
    async signedIn(transport = 'bearer') {
      disturbance = undefined
      const [storage, fetch] = [sharedStorage(), network(transport)]
      const client = open(transport, storage, fetch)
      expect(await client.signIn(ada)).toMatchObject({ ok: true })
      const told: Page['told'] = []
      client.subscribe(() => void told.push(client.session === null ? null : client.session?.user.id))
      asked.length = 0
      return { client, told, beside: () => open(transport, storage, fetch) }
    },
    ...clocks,
    async close() {
      clocks.close()
      await served.stop()
    },
  }
}

/** `client.fetch('/api/me')`, and what came of it. */
export async function me(client: Client): Promise<number> {
  return (await client.fetch(`${servedOrigin}/api/me`)).status
}

export function count({ asked }: ClientStage, what: string): number {
  return asked.filter((one) => one === what).length
}

/** Another server on this machine, which notes the headers of whoever comes. */
export async function listener(
  answer: (path: string) => { readonly status: number; readonly headers?: Readonly<Record<string, string>> },
): Promise<{ readonly origin: string; readonly heard: (string | undefined)[]; close(): Promise<unknown> }> {
  const heard: (string | undefined)[] = []
  const server = createServer((request, response) => {
    heard.push(request.headers.authorization)
    const { status, headers = {} } = answer(request.url ?? '')
    response.writeHead(status, { connection: 'close', ...headers }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, heard, close: () => new Promise((resolve) => server.close(resolve)) }
}

function sharedStorage(): TokenStorage {
  let text: string | null = null
  return {
    get: async () => text,
    async set(value) {
      text = value
    },
    async remove() {
      text = null
    },
  }
}

function turnedClocks(): Pick<ClientStage, 'pass' | 'setWallClock'> & { close(): void } {
  const [monotonic, wall] = [performance.now, Date.now]
  let passed = 0
  performance.now = () => monotonic.call(performance) + passed
  return {
    pass(milliseconds) {
      passed += milliseconds
    },
    setWallClock(milliseconds) {
      Date.now = () => milliseconds
    },
    close() {
      performance.now = monotonic
      Date.now = wall
    },
  }
}
