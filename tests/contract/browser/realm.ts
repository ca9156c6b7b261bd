/**
 * The globals of a page: whoever runs inside of a tab finds that tab's storages and clock, and the server beside it finds none.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'

/** What `globalThis` has for the scripts of one page. */
export interface Realm {
  readonly localStorage: Storage
  readonly sessionStorage: Storage
  /** `performance.now()` */
  readonly now: () => number
}

const realms = new AsyncLocalStorage<Realm | undefined>()

/** Runs what a script of the page does. */
export function inside<T>(realm: Realm, task: () => T): T {
  return realms.run(realm, task)
}

/** Runs what another machine does, whoever caused it. */
export function outside<T>(task: () => T): T {
  return realms.run(undefined, task)
}

/** Puts the globals in place; answers their undo. */
export function installRealms(): () => void {
  const { performance } = globalThis
  const machine = performance.now
  const storages = ['localStorage', 'sessionStorage'] as const
  const former = storages.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const)
  performance.now = () => realms.getStore()?.now() ?? machine.call(performance)
  for (const name of storages) {
    Object.defineProperty(globalThis, name, { configurable: true, get: () => realms.getStore()?.[name] })
  }
  return () => {
    performance.now = machine
    for (const [name, descriptor] of former) {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor)
      else Reflect.deleteProperty(globalThis, name)
    }
  }
}
