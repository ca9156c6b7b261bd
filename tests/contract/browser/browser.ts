/**
 * A browser as far as an auth client notices: tabs with storages and `fetch`, one cookie jar, and its closing.
 * @module
 */
import type { TokenStorage } from '@handstamp/client'
import type { Clock } from '@handstamp/core/clock'
import { createJar, type Jar } from './cookie-jar.ts'
import type { Network } from './network.ts'
import { pageFetch } from './page-fetch.ts'
import { inside } from './realm.ts'
import { createWebStorage, textsOf } from './web-storage.ts'

/** A page in a tab. A reload keeps the tab; only what its scripts held in memory is gone. */
export interface Tab {
  readonly origin: string
  readonly fetch: typeof globalThis.fetch
  /** Runs what a script of this page does. */
  run<T>(task: () => T): T
  /** What any script of the page could read, by where it stands. */
  visible(): { readonly [place in Place]: string }
  /** The bodies that scripts of the page were given, in order. */
  readonly received: readonly string[]
}

/** `keychain`: a place that the application itself provides. */
export type Place = 'document.cookie' | 'localStorage' | 'sessionStorage' | 'keychain'

export interface Browser {
  readonly jar: Jar
  /** A storage of the application's own: on this device, asynchronous, out of the browser's reach. */
  readonly keychain: TokenStorage & { text: string | null }
  /** A new tab, opened by hand: nothing of another tab's sessionStorage is in it. */
  open(origin: string): Tab
  /** What one could do in its settings; pages stay open. */
  clearSiteData(): void
  /** Ends, with all its tabs; what is opened then is opened anew. */
  close(): void
}

export interface BrowserSetting {
  readonly network: Network
  readonly clock: Clock
  /** The clock of `performance.now()`, in milliseconds. */
  readonly monotonic: () => number
}

let made = 0

export function createBrowser({ network, clock, monotonic }: BrowserSetting): Browser {
  const jar = createJar(clock)
  const keychain = createKeychain()
  const localStorages = new Map<string, Storage>()
  const tabs = new Set<Storage>()
  made += 1
  const userAgent = `Mozilla/5.0 (Contract) Browser/${made}.0`

  function localStorageOf(origin: string): Storage {
    const area = localStorages.get(origin) ?? createWebStorage()
    localStorages.set(origin, area)
    return area
  }

  return {
    jar,
    keychain,
    open(origin) {
      const sessionStorage = createWebStorage()
      tabs.add(sessionStorage)
      const received: string[] = []
      const asker = { origin, userAgent, jar, network, received: (body: string) => void received.push(body) }
      const realm = { localStorage: localStorageOf(origin), sessionStorage, now: monotonic }
      return {
        origin,
        received,
        run: (task) => inside(realm, task),
        fetch: (input, init) => inside(realm, () => pageFetch(asker, input, init)),
        visible: () => ({
          'document.cookie': jar.visible(`${origin}/`),
          localStorage: textsOf(localStorageOf(origin)).join('\n'),
          sessionStorage: textsOf(sessionStorage).join('\n'),
          keychain: keychain.text ?? '',
        }),
      }
    },
    clearSiteData() {
      jar.clear()
      keychain.text = null
      for (const area of [...localStorages.values(), ...tabs]) area.clear()
    },
    close() {
      jar.close()
      for (const area of tabs) area.clear()
      tabs.clear()
    },
  }
}

/** Slow, as those of phones are: nothing is done in the turn in which it is asked. */
function createKeychain(): Browser['keychain'] {
  const later = async (): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) await null
  }
  const keychain = {
    text: null as string | null,
    async get() {
      await later()
      return keychain.text
    },
    async set(value: string) {
      await later()
      keychain.text = value
    },
    async remove() {
      await later()
      keychain.text = null
    },
  }
  return keychain
}
