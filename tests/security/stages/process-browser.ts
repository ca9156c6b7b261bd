/**
 * A page's client of our own, on a real server, with a storage of the page that a test can break or fill.
 * @module
 */
import { type AuthClient, createAuthClient, type TokenStorage } from '@handstamp/client'
import { localTokenStorage } from '@handstamp/client/storages/local-storage'
import { sessionTokenStorage } from '@handstamp/client/storages/session-storage'
import { type Served, type StrategyName, serveAuth, type User } from '../../wire/served-auth.ts'
import type { Closable } from '../attack.ts'

interface Shape {
  readonly user: User
  readonly strategy: 'hybrid'
  readonly transport: 'bearer'
  readonly credentials: { readonly email: string; readonly password: string }
}

export interface Page {
  readonly client: AuthClient<Shape>
  /** What the page has asked the server since the last time, each with the credential that it showed. */
  drain(): readonly { readonly path: string; readonly authorization: string | null }[]
}

export interface BrowserStage extends Closable {
  readonly served: Served
  /** A page that starts anew, as after a reload, with this storage. */
  open(storage: TokenStorage | 'localStorage' | 'sessionStorage' | 'memory'): Page
}

export async function browserStage(strategy: StrategyName = 'hybrid'): Promise<BrowserStage> {
  const served = await serveAuth({ strategy, transport: 'bearer' })
  return {
    served,
    open(storage) {
      const asked: { path: string; authorization: string | null }[] = []
      const client = createAuthClient<{ readonly '~shape'?: Shape }>({
        baseURL: served.auth.origin,
        storage,
        fetch: async (input, init) => {
          const request = new Request(input, init)
          const { pathname } = new URL(request.url)
          asked.push({ path: pathname, authorization: request.headers.get('authorization') })
          const { method, headers } = request
          const body = method === 'GET' ? {} : { body: await request.text() }
          return fetch(`http://127.0.0.1:${served.wire.port}${pathname}`, { method, headers, ...body })
        },
      })
      return { client, drain: () => asked.splice(0) }
    },
    close: () => served.stop(),
  }
}

/** The two storages of a browser, under an area of it that this test owns. */
export const webStorages: Readonly<Record<'localStorage' | 'sessionStorage', () => TokenStorage>> = {
  localStorage: localTokenStorage,
  sessionStorage: sessionTokenStorage,
}

/** Runs with a global of the browser that is the given value, or that throws where it is looked at. */
export async function withGlobal<T>(
  name: 'localStorage' | 'sessionStorage',
  look: () => unknown,
  run: () => Promise<T>,
): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(globalThis, name)
  Object.defineProperty(globalThis, name, { configurable: true, get: look })
  try {
    return await run()
  } finally {
    if (before === undefined) Reflect.deleteProperty(globalThis, name)
    else Object.defineProperty(globalThis, name, before)
  }
}

export interface Area {
  readonly values: Map<string, string>
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

export function newArea(): Area {
  const values = new Map<string, string>()
  return {
    values,
    getItem: (key) => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: (key) => void values.delete(key),
  }
}
