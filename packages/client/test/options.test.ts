import { describe, expect, test, vi } from 'vitest'
import { createAuthClient } from '../src/client.ts'
import { readOptions } from '../src/options.ts'
import { memoryTokenStorage } from '../src/storages/memory.ts'
import { fakeServer, origin, type Shape } from './fake-server.ts'

const custom = memoryTokenStorage()
const good = { baseURL: origin, storage: 'memory' }

describe('pairs of transport and storage', () => {
  test.each([
    [{ storage: 'cookie' }, 'cookie'],
    [{ storage: 'cookie', transport: 'cookie' }, 'cookie'],
    [{ storage: 'memory' }, 'bearer'],
    [{ storage: 'sessionStorage' }, 'bearer'],
    [{ storage: 'localStorage' }, 'bearer'],
    [{ storage: custom }, 'bearer'],
    [{ storage: custom, transport: 'bearer' }, 'bearer'],
    [{ storage: 'memory', transport: 'split' }, 'split'],
  ] as const)('%o is %s', (options, transport) => {
    expect(readOptions({ baseURL: origin, ...options }).transport).toBe(transport)
  })

  test.each<[object, string]>([
    [{ storage: 'memory', transport: 'cookie' }, 'storage memory with transport cookie: write cookie'],
    [{ storage: 'localStorage', transport: 'cookie' }, 'write cookie'],
    [{ storage: custom, transport: 'cookie' }, 'write cookie'],
    [{ storage: 'cookie', transport: 'bearer' }, 'write memory or sessionStorage or localStorage'],
    [{ storage: 'cookie', transport: 'split' }, 'storage cookie with transport split: write memory'],
    [{ storage: 'localStorage', transport: 'split' }, 'write memory'],
    [{ storage: custom, transport: 'split' }, 'write memory'],
    [
      { storage: 'indexedDB' },
      'storage indexedDB with transport bearer: write cookie or memory or sessionStorage or localStorage',
    ],
    [{ storage: 'constructor' }, 'write cookie or memory or sessionStorage or localStorage'],
    [{ storage: 'toString' }, 'write cookie or memory or sessionStorage or localStorage'],
    [{ storage: undefined }, 'write cookie or memory or sessionStorage or localStorage'],
    [{ storage: null }, 'write cookie or memory or sessionStorage or localStorage'],
    [{ storage: {} }, 'write cookie or memory or sessionStorage or localStorage'],
    [{ storage: 'memory', transport: 'header' }, 'transport header: write cookie or bearer or split'],
    [{ storage: 'cookie', transport: 'header' }, 'transport header: write cookie or bearer or split'],
    [{ storage: 'memory', transport: 'toString' }, 'transport toString'],
  ])('%o is refused', (options, message) => {
    expect(() => readOptions(Object.assign({ ...good }, options))).toThrow(TypeError)
    expect(() => readOptions(Object.assign({ ...good }, options))).toThrow(message)
  })

  test('the wrong ones do not compile', () => {
    // @ts-expect-error cookies are kept by the browser
    expect(() => createAuthClient<Shape>({ baseURL: origin, storage: 'memory', transport: 'cookie' })).toThrow(
      TypeError,
    )
    // @ts-expect-error a refresh cookie beside a stored access token
    expect(() => createAuthClient<Shape>({ baseURL: origin, storage: 'localStorage', transport: 'split' })).toThrow(
      TypeError,
    )
    // @ts-expect-error no such storage
    expect(() => createAuthClient<Shape>({ baseURL: origin, storage: 'indexedDB' })).toThrow(TypeError)
  })
})

describe('origins', () => {
  test.each([
    'https://api.example',
    'https://api.example:8443',
    'http://localhost',
    'http://localhost:3000',
    'http://app.localhost:3000',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://127.0.0.2',
  ])('%s', (baseURL) => {
    expect(readOptions({ ...good, baseURL }).base).toBe(`${baseURL}/auth`)
  })

  test.each([
    ...['', '/', 'api.example', '//api.example', 'https://', 'https://api.example/', 'https://api.example/auth'],
    ...['https://API.example', 'https://api.example:443', 'https://user@api.example', 'https://api.example?x'],
    ...[
      'http://api.example',
      'http://128.0.0.1',
      'http://127.0.0.1.example',
      'http://localhost.evil.example',
      'http://evil-localhost',
    ],
    ...['https://a b', 'https://[', 'https://api.example:99999', 'http://localhost:99999'],
    ...['ws://localhost', 'file://', 'data:,', 'null', '*', 'https://*.example'],
    ...([undefined, null, 7] as unknown as string[]),
  ])('%s is refused', (wrong) => {
    const thrown = (options: typeof good & { allowedOrigins?: string[] }) => {
      expect(() => readOptions(options)).toThrow(TypeError)
      return expect(() => readOptions(options))
    }
    thrown({ ...good, baseURL: wrong }).toThrow(
      `baseURL ${wrong}: write https://api.example, an https origin without path (see basePath)`,
    )
    thrown({ ...good, allowedOrigins: [origin, wrong] }).toThrow(`allowedOrigins ${wrong}: write https://api.example`)
  })
})

test.each(['', '/', 'auth', '/auth/', '//auth', '/../auth', '/a/./b', '/auth?x', '/auth#x', '/a b', '/a%2fb'])(
  'basePath %o is refused',
  (basePath) => {
    expect(() => readOptions({ ...good, basePath })).toThrow('write /auth')
  },
)

test.each(['baseUrl', 'allowedOrigin', 'basepath', 'clock', 'storageKey'])('option %s does not exist', (name) => {
  const options = { ...good, [name]: origin }
  expect(() => readOptions(options)).toThrow(TypeError)
  expect(() => readOptions(options)).toThrow(`option ${name}: write baseURL, basePath,`)
})

test('no options at all are refused by name', () => {
  expect(() => readOptions(undefined as never)).toThrow('baseURL undefined: write https://api.example')
})

test('nor does it compile', () => {
  // @ts-expect-error allowedOrigins
  expect(() => createAuthClient<Shape>({ baseURL: origin, storage: 'cookie', allowedOrigin: [] })).toThrow(TypeError)
})

test('the fetch of the moment is taken, and called as a bare function', async () => {
  const server = fakeServer('cookie')
  const first = vi.fn(function (this: unknown, ...args: Parameters<typeof fetch>) {
    expect(this).toBeUndefined()
    return server.fetch(...args)
  })
  vi.stubGlobal('fetch', first)
  const client = createAuthClient<Shape>({ baseURL: origin, storage: 'cookie' })
  vi.unstubAllGlobals()
  await client.load()
  await client.fetch(`${origin}/api/me`)
  expect(first).toHaveBeenCalledTimes(2)
})
