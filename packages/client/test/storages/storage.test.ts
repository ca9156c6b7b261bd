import { afterEach, describe, expect, test, vi } from 'vitest'
import { createAuthClient } from '../../src/client.ts'
import { cookieTokenStorage } from '../../src/storages/cookie.ts'
import { localTokenStorage } from '../../src/storages/local-storage.ts'
import { memoryTokenStorage } from '../../src/storages/memory.ts'
import { sessionTokenStorage } from '../../src/storages/session-storage.ts'
import { fakeServer, origin, type Shape } from '../fake-server.ts'

function area(): Storage {
  const map = new Map<string, string>()
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
    clear: () => map.clear(),
    key: (index: number) => [...map.keys()][index] ?? null,
    get length() {
      return map.size
    },
  }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

test.each([
  ['memory', memoryTokenStorage],
  ['localStorage', localTokenStorage],
  ['sessionStorage', sessionTokenStorage],
])('%s keeps one text', async (_, make) => {
  vi.stubGlobal('localStorage', area())
  vi.stubGlobal('sessionStorage', area())
  const storage = make()
  expect(await storage.get()).toBeNull()
  await storage.set('one')
  await storage.set('two')
  expect(await storage.get()).toBe('two')
  await storage.remove()
  await storage.remove()
  expect(await storage.get()).toBeNull()
})

test('cookie keeps nothing', async () => {
  const storage = cookieTokenStorage()
  await storage.set('one')
  expect(await storage.get()).toBeNull()
  await storage.remove()
})

describe.each(['localStorage', 'sessionStorage'] as const)('%s', (name) => {
  const make = name === 'localStorage' ? localTokenStorage : sessionTokenStorage

  test('uses one key, of which another may be given', async () => {
    const web = area()
    vi.stubGlobal(name, web)
    await make().set('one')
    await make('mine').set('two')
    expect([web.getItem('handstamp'), web.getItem('mine'), web.length]).toEqual(['one', 'two', 2])
  })

  test('is found by its name and shared by clients', async () => {
    vi.stubGlobal(name, area())
    const server = fakeServer('bearer')
    const make = () => createAuthClient<Shape>({ baseURL: origin, storage: name, fetch: server.fetch })
    await make().signIn({ name: 'ada' })
    expect(await make().load()).toMatchObject({ user: { id: 'ada' } })
  })

  test.each<[string, PropertyDescriptor]>([
    ['missing', { value: undefined }],
    ['null', { value: null }],
    [
      'forbidden',
      {
        get: () => {
          throw new DOMException('The operation is insecure', 'SecurityError')
        },
      },
    ],
    [
      'full',
      {
        value: {
          ...area(),
          setItem: () => {
            throw new DOMException('The quota has been exceeded', 'QuotaExceededError')
          },
        },
      },
    ],
  ])('that is %s is replaced by memory', async (_, property) => {
    const former = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { configurable: true, ...property })
    try {
      const server = fakeServer('bearer')
      const client = createAuthClient<Shape>({ baseURL: origin, storage: name, fetch: server.fetch })
      expect(await client.load()).toBeNull()
      await client.signIn({ name: 'ada' })
      expect((await client.fetch(`${origin}/api/me`)).status).toBe(200)
      expect(await client.refresh()).toBe(true)
      expect(await client.signOut()).toEqual({ revoked: true })
      expect(await client.authorization()).toBeNull()
    } finally {
      if (former) Object.defineProperty(globalThis, name, former)
      else Reflect.deleteProperty(globalThis, name)
    }
  })
})
