/**
 * Test files of the packages run one after the other in the same worker. Each begins with modules of its own and with the globals
 * of the platform, and fails if it leaves behind what cannot be taken back for it.
 * @module
 */
import { afterAll, expect, vi } from 'vitest'

const before = shared()

afterAll(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  vi.unstubAllEnvs()
  vi.resetModules()
  const after = shared()
  const names = new Set([...before.keys(), ...after.keys()])
  const left = [...names].filter((name) => !Object.is(before.get(name), after.get(name)))
  expect(left.join(', '), 'what a test file leaves behind').toBe('')
})

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
