/**
 * Test files of the packages run one after the other in the same worker. Each begins with modules of its own and with the globals
 * of the platform, and fails if it leaves behind what cannot be taken back for it.
 * @module
 */
import { afterAll, expect, vi } from 'vitest'

const before = shared()
const endTimers = keepTimers()

afterAll(() => {
  vi.useRealTimers()
  endTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
  vi.resetModules()
  const after = shared()
  const names = new Set([...before.keys(), ...after.keys()])
  const left = [...names].filter((name) => !Object.is(before.get(name), after.get(name)))
  expect(left.join(', '), 'what a test file leaves behind').toBe('')
})

/** What a file still waits for when it is over would go on in the next one. Answers what gives the platform's timers back. */
function keepTimers(): () => void {
  const { setTimeout, clearTimeout, setInterval } = globalThis
  const waiting = new Set<ReturnType<typeof setTimeout>>()

  const kept = <F extends (...given: never[]) => void>(start: F, alike: F): F =>
    Object.defineProperties(start, Object.getOwnPropertyDescriptors(alike))

  globalThis.setTimeout = kept(
    ((run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      const timer = setTimeout(() => {
        waiting.delete(timer)
        run(...given)
      }, ms)
      waiting.add(timer)
      return timer
    }) as typeof setTimeout,
    setTimeout,
  )
  globalThis.clearTimeout = kept((timer) => {
    waiting.delete(timer as ReturnType<typeof setTimeout>)
    clearTimeout(timer)
  }, clearTimeout)
  globalThis.setInterval = kept(
    ((run: () => void, ms?: number) => {
      const timer = setInterval(run, ms)
      waiting.add(timer)
      return timer
    }) as typeof setInterval,
    setInterval,
  )
  return () => {
    for (const timer of waiting) clearTimeout(timer)
    Object.assign(globalThis, { setTimeout, clearTimeout, setInterval })
  }
}

/** What all files of a process share. Of a global that is made at its first use, the name alone. */
function shared(): Map<string, unknown> {
  const globals = Object.entries(Object.getOwnPropertyDescriptors(globalThis))
    // What msw notes for itself.
    .filter(([name]) => !name.startsWith('__MSW_'))
  return new Map<string, unknown>([
    ...globals.map(([name, { value }]) => [`global ${name}`, value] as const),
    ...Object.entries(process.env).map(([name, value]) => [`variable ${name}`, value] as const),
    ...process.eventNames().map((name) => [`listeners of ${String(name)}`, process.listenerCount(name)] as const),
    ['directory', process.cwd()],
  ])
}
