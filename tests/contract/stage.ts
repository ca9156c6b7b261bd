/**
 * The stage of a case: the application, the network, browsers, and clients in their tabs.
 * @module
 */
import { deepEqual, equal } from 'node:assert/strict'
import { type AuthClient, type AuthClientOptions, createAuthClient, type ShapeOf } from '@handstamp/client'
import type { Session, Transport } from '@handstamp/core/session'
import { memoryStore } from '@handstamp/server'
import { type FakeClock, type FaultStore, fakeClock, faultStore } from '@handstamp/server/testing'
import { type Application, type Credentials, openApplication, origin, type Shape, type User } from './application.ts'
import { type Browser, createBrowser, type Tab } from './browser/browser.ts'
import { createNetwork, type Network } from './browser/network.ts'
import { installRealms } from './browser/realm.ts'
import { type Combination, transports } from './subject.ts'

/** One promise that holds for every legal combination; a rejection says what does not hold. */
export interface ContractCase {
  readonly name: string
  run(subject: Combination): Promise<void>
}

/** What follows from the strategy and the transport, so that a case can say what else must hold. */
export interface Facts {
  readonly transport: Transport
  /** Sessions are kept in a store: listed, and ended there. */
  readonly stateful: boolean
  /** The access credential runs out before the session does. */
  readonly expires: boolean
  /** What has run out can still be refreshed. */
  readonly refreshes: boolean
  /** When somebody whose session was ended elsewhere is refused: at the next request, at the next refresh, or not before the token runs out. */
  readonly endsAt: 'request' | 'refresh' | 'expiry'
  /** Whether the client is still signed in after a reload; in another tab of the same browser; after its end. */
  readonly outlives: { readonly page: boolean; readonly tab: boolean; readonly browser: boolean }
}

export type Client = AuthClient<ShapeOf<Shape>>

/** A client in a tab. */
export interface Visit {
  readonly browser: Browser
  readonly tab: Tab
  readonly client: Client
  /** What a listener found each time it was told: who, or null, or undefined. */
  readonly told: (string | null | undefined)[]
  /** Who the application's own route says it is; null where it refuses. */
  whoAmI(): Promise<User | null>
  addNote(text: string): Promise<Response>
}

export interface Stage {
  readonly facts: Facts
  readonly storage: Combination['storage']
  readonly app: Application
  readonly network: Network
  readonly store: FaultStore
  readonly clock: FakeClock
  /** Another device. */
  browser(): Browser
  /** A page that is opened, or reloaded, in the tab of a browser, with a client of its own. */
  visit(browser: Browser, tab?: Tab, options?: { readonly initial?: Session<User> | null }): Visit
  /** A new browser whose user has signed in. */
  signedIn(name?: string): Promise<Visit>
  /** Time passes, for servers and pages alike. */
  pass(minutes: number, seconds?: number): void
  /** Time passes while the device sleeps, so that the clocks of its pages stand still. */
  sleep(minutes: number, seconds?: number): void
}

/** The parts of a stage that one case needs otherwise. */
export interface StageOptions {
  /** The server allows every transport that the strategy knows, and the client has to say which. */
  readonly anyTransport?: boolean
}

/** A case that gets a stage for whatever it is held against. */
export function contractCase(
  name: string,
  body: (stage: Stage) => Promise<void>,
  options: StageOptions = {},
): ContractCase {
  return {
    name,
    async run(subject) {
      const remove = installRealms()
      try {
        const stage = openStage(subject, options)
        await body(stage)
        await stage.app.auth.close()
      } finally {
        remove()
      }
    },
  }
}

function openStage(subject: Combination, options: StageOptions): Stage {
  const { transport, storage } = subject
  const clock = fakeClock()
  const store = faultStore(memoryStore({ clock }))
  const strategy = subject.strategy.create({ clock, store })
  const { stateful, revocable, refreshes } = strategy
  const allowed = transports.filter((one) => one !== transport && (one !== 'split' || refreshes))
  const app = openApplication({
    strategy,
    // The client's own comes last, so that nobody gets it without asking for it.
    transports: options.anyTransport === true ? [...allowed, transport] : [transport],
    clock,
  })
  const network = createNetwork()
  network.serve(origin, app.answer)
  let monotonic = 0

  const stage: Stage = {
    facts: {
      transport,
      stateful,
      refreshes,
      expires: subject.strategy.expires,
      endsAt: revocable ? (refreshes ? 'refresh' : 'request') : 'expiry',
      // In split the cookie brings a new access token.
      outlives: transport === 'split' ? { page: true, tab: true, browser: true } : storage.outlives,
    },
    storage,
    app,
    network,
    store,
    clock,
    browser: () => createBrowser({ network, clock, monotonic: () => monotonic }),
    visit(browser, tab = browser.open(origin), { initial } = {}) {
      const made = {
        baseURL: origin,
        storage: storage.option(browser),
        transport,
        fetch: tab.fetch,
        ...(initial === undefined ? {} : { initial }),
      }
      const client = within(
        tab,
        tab.run(() => createAuthClient<Shape>(made as AuthClientOptions<ShapeOf<Shape>>)),
      )
      const told: Visit['told'] = []
      client.subscribe(() => void told.push(client.session === null ? null : client.session?.user.id))
      return {
        browser,
        tab,
        client,
        told,
        async whoAmI() {
          const response = await client.fetch(`${origin}/api/me`)
          return response.ok ? ((await response.json()) as { readonly user: User }).user : null
        },
        addNote: (text) =>
          client.fetch(`${origin}/api/notes`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ text }),
          }),
      }
    },
    async signedIn(name = 'ada') {
      const visit = stage.visit(stage.browser())
      await signIn(visit, name)
      visit.told.length = 0
      network.drain()
      return visit
    },
    pass(minutes, seconds = 0) {
      monotonic += (minutes * 60 + seconds) * 1_000
      stage.sleep(minutes, seconds)
    },
    sleep: (minutes, seconds = 0) => void clock.advance((minutes * 60 + seconds) * 1_000),
  }
  return stage
}

/** The password of everybody. */
export function credentialsOf(name: string): Credentials {
  return { name, password: 'right' }
}

export async function signIn(visit: Visit, name: string): Promise<void> {
  const answer = await visit.client.signIn(credentialsOf(name))
  equal(answer.ok, true, `${name} signs in`)
  equal(visit.client.session?.user.id, name, 'who is signed in')
}

/** Texts that stand in the open somewhere in the tab. */
export function textsOf(tab: Tab): string[] {
  return Object.values(tab.visible()).filter((text) => text !== '')
}

/** Nothing of a session is left in the browser: no cookie, no text in any storage. */
export function isEmpty({ browser, tab }: Visit, when: string): void {
  deepEqual(textsOf(tab), [], `what stands in the open ${when}`)
  deepEqual([...browser.jar.all().keys()], [], `the cookies ${when}`)
}

/** The client with each of its methods called by a script of the tab. */
function within(tab: Tab, client: Client): Client {
  const called = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = tab.run(() => Reflect.get(target, name))
        if (typeof value === 'function') return (...args: unknown[]) => tab.run(() => value(...args))
        return name === 'sessions' && typeof value === 'object' && value !== null ? called(value) : value
      },
    })
  return called(client)
}
