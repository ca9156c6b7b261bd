import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { isAuthError } from '../../src/errors.ts'
import { createRemoteJwks, type RemoteJwks, type RemoteJwksOptions } from '../../src/jwt/remote-jwks.ts'
import { allowInsecureLoopback } from '../../src/unsafe.ts'
import { keyFor, publicHalf } from './keys.ts'

const url = 'https://app.example/auth/jwks.json'
const set = (...kids: readonly string[]): string =>
  JSON.stringify({ keys: kids.map((kid) => ({ ...publicHalf(keyFor('EdDSA')), kid })) })

/** A server by function: what it answers can be changed, and its requests are counted. */
interface Publisher {
  answer: () => Response | Promise<Response>
  readonly requests: { readonly url: string; readonly init: RequestInit }[]
  now: number
  readonly remote: RemoteJwks
}

function publish(body: string, headers: Record<string, string> = { 'cache-control': 'max-age=600' }): Publisher {
  const publisher = {
    answer: () => new Response(body, { headers }),
    requests: [] as Publisher['requests'][number][],
    now: 1_000_000,
  }
  const fetch: NonNullable<RemoteJwksOptions['fetch']> = async (target, init) => {
    publisher.requests.push({ url: target, init })
    return publisher.answer()
  }
  return Object.assign(publisher, { remote: createRemoteJwks(url, { fetch, clock: () => publisher.now }) })
}

/** What resolving comes to: the kid, `none`, or the code of what was thrown. */
async function outcome(remote: RemoteJwks, kid: string): Promise<string> {
  try {
    return (await remote.resolve(kid, 'EdDSA'))?.kid ?? 'none'
  } catch (error) {
    return isAuthError(error) ? error.code : String(error)
  }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('the URL', () => {
  test.each([
    'http://app.example/jwks.json',
    'http://localhost/jwks.json',
    'ftp://app.example/jwks.json',
    'file:///etc/jwks.json',
    'data:application/json,{"keys":[]}',
    '/auth/jwks.json',
    '',
    'https://user:password@app.example/jwks.json',
    'https://app.example/jwks.json#a',
  ])('%j is refused', (target) => {
    expect(() => createRemoteJwks(target)).toThrow(TypeError)
    expect(() => createRemoteJwks(target)).not.toThrow(/password@|localhost\/jwks/)
  })

  test('http is allowed on a loopback address by the switch, and nowhere else', () => {
    const allow = [allowInsecureLoopback] as const
    expect(() => createRemoteJwks('http://localhost:4600/auth/jwks.json', { allow })).not.toThrow()
    expect(() => createRemoteJwks(new URL('http://[::1]/jwks.json'), { allow })).not.toThrow()
    expect(() => createRemoteJwks('http://localhost.example/jwks.json', { allow })).toThrow(TypeError)
    expect(() => createRemoteJwks('http://10.0.0.1/jwks.json', { allow })).toThrow(TypeError)
    expect(() => createRemoteJwks('http://localhost/jwks.json', { allow: [true as never] })).toThrow(TypeError)
  })
})

describe('fetching', () => {
  test('happens when the first key is asked for, once, without redirects', async () => {
    const publisher = publish(set('a', 'b'))
    expect(publisher.requests).toHaveLength(0)
    expect(await outcome(publisher.remote, 'a')).toBe('a')
    expect(await outcome(publisher.remote, 'b')).toBe('b')
    expect(publisher.requests).toHaveLength(1)
    expect(publisher.requests[0]?.url).toBe(url)
    expect(publisher.requests[0]?.init).toMatchObject({
      redirect: 'manual',
      headers: { accept: expect.stringContaining('json') },
    })
  })

  test('leaves no timer behind', async () => {
    vi.useFakeTimers()
    const publisher = publish(set('a'))
    expect(await outcome(publisher.remote, 'a')).toBe('a')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is one request for 10,000 that ask at once', async () => {
    const publisher = publish(set('a'))
    const outcomes = await Promise.all(Array.from({ length: 10_000 }, () => outcome(publisher.remote, 'a')))
    expect(new Set(outcomes)).toEqual(new Set(['a']))
    expect(publisher.requests).toHaveLength(1)
  })

  test('a known key of a fresh set is answered at once, without a promise', async () => {
    const publisher = publish(set('a'))
    await publisher.remote.resolve('a', 'EdDSA')
    expect(publisher.remote.resolve('a', 'EdDSA')).toMatchObject({ kid: 'a' })
  })

  test('a key is for its own algorithm', async () => {
    const publisher = publish(set('a'))
    expect(await publisher.remote.resolve('a', 'ES256')).toBeUndefined()
    expect(await publisher.remote.resolve('a', 'HS256')).toBeUndefined()
  })

  test.each<[string, Record<string, string>, number]>([
    ['max-age', { 'cache-control': 'public, max-age=600' }, 600],
    ['max-age in quotes', { 'cache-control': 'max-age="600"' }, 600],
    ['a max-age of seconds is a minute', { 'cache-control': 'max-age=1' }, 60],
    ['a max-age of days is an hour', { 'cache-control': 'max-age=864000' }, 3_600],
    ['nothing is a minute', {}, 60],
    ['no-store is a minute', { 'cache-control': 'no-store' }, 60],
    ['s-maxage is for others', { 'cache-control': 's-maxage=600' }, 60],
    ['what it spent in caches counts', { 'cache-control': 'max-age=600', age: '200' }, 400],
    ['more than that is a minute', { 'cache-control': 'max-age=600', age: '900' }, 60],
    ['nonsense is a minute', { 'cache-control': 'max-age=-5, max-age=x' }, 60],
  ])('%s: %j is fresh for %i s', async (_, headers, seconds) => {
    const publisher = publish(set('a'), headers)
    await outcome(publisher.remote, 'a')
    publisher.now += seconds * 1_000 - 1
    await outcome(publisher.remote, 'a')
    expect(publisher.requests).toHaveLength(1)
    publisher.now += 1
    await outcome(publisher.remote, 'a')
    expect(publisher.requests).toHaveLength(2)
  })

  test('a key that the next set lacks is gone', async () => {
    const publisher = publish(set('a'))
    expect(await outcome(publisher.remote, 'a')).toBe('a')
    publisher.answer = () => new Response(set('b'))
    publisher.now += 600_000
    expect(await outcome(publisher.remote, 'a')).toBe('none')
    expect(await outcome(publisher.remote, 'b')).toBe('b')
  })
})

describe('unknown ids', () => {
  test('1,000 random ones make one request in 30 seconds', async () => {
    const publisher = publish(set('a'))
    await outcome(publisher.remote, 'a')
    for (let id = 0; id < 500; id += 1) {
      publisher.now += 50
      expect(await outcome(publisher.remote, `random-${id}`)).toBe('none')
    }
    expect(publisher.requests).toHaveLength(1)
    publisher.now += 30_000
    for (let id = 0; id < 500; id += 1) expect(await outcome(publisher.remote, `other-${id}`)).toBe('none')
    expect(publisher.requests).toHaveLength(2)
  })

  test('a key published since is found once the pause is over', async () => {
    const publisher = publish(set('a'))
    await outcome(publisher.remote, 'a')
    publisher.answer = () => new Response(set('a', 'b'))
    publisher.now += 29_999
    expect(await outcome(publisher.remote, 'b')).toBe('none')
    publisher.now += 1
    expect(await outcome(publisher.remote, 'b')).toBe('b')
  })
})

const failures: readonly (readonly [name: string, answer: () => Response | Promise<Response>])[] = [
  ['500', () => new Response('', { status: 500 })],
  ['404 with a set', () => new Response(set('evil'), { status: 404 })],
  ['a redirect', () => new Response(null, { status: 302, headers: { location: 'http://evil.example' } })],
  ['201', () => new Response(set('evil'), { status: 201 })],
  ['HTML', () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })],
  ['an empty body', () => new Response('')],
  ['no body', () => new Response(null)],
  ['half a set', () => new Response(set('evil').slice(0, -5))],
  ['65,537 bytes', () => new Response(set('evil') + ' '.repeat(65_537 - set('evil').length))],
  ['an endless body', () => new Response(endless())],
  ['a private key in the set', () => new Response(JSON.stringify({ keys: [{ ...keyFor('EdDSA'), kid: 'evil' }] }))],
  ['a body that breaks', () => new Response(breaking())],
  ['a connection refused', () => Promise.reject(new TypeError('fetch failed https://user:secret@x'))],
]

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384).fill(0x20)) })
}

function breaking(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) })
}

describe('a server that fails', () => {
  test.each(failures)(
    '%s: at first there is no answer; later the last good set serves for a day',
    async (_, answer) => {
      const publisher = publish(set('a'))
      const good = publisher.answer
      publisher.answer = answer
      expect(await outcome(publisher.remote, 'a')).toBe('ERR_JWKS_UNAVAILABLE')
      expect(await outcome(publisher.remote, 'evil')).toBe('ERR_JWKS_UNAVAILABLE')
      publisher.answer = good
      publisher.now += 1_000
      expect(await outcome(publisher.remote, 'a')).toBe('a')
      const fetchedAt = publisher.now
      publisher.answer = answer
      publisher.now = fetchedAt + 600_000
      expect(await outcome(publisher.remote, 'a')).toBe('a')
      expect(await outcome(publisher.remote, 'evil')).toBe('ERR_JWKS_UNAVAILABLE')
      publisher.now = fetchedAt + 86_400_000 - 1
      expect(await outcome(publisher.remote, 'a')).toBe('a')
      publisher.now = fetchedAt + 86_400_000
      expect(await outcome(publisher.remote, 'a')).toBe('ERR_JWKS_UNAVAILABLE')
      publisher.answer = good
      publisher.now += 30_000
      expect(await outcome(publisher.remote, 'a')).toBe('a')
      expect(await outcome(publisher.remote, 'evil')).toBe('none')
    },
  )

  test('64 KiB exactly are read', async () => {
    const publisher = publish(set('a') + ' '.repeat(65_536 - set('a').length))
    expect(await outcome(publisher.remote, 'a')).toBe('a')
  })

  test('is asked once a second before the first set, and once in 30 seconds after it', async () => {
    const publisher = publish(set('a'))
    const good = publisher.answer
    publisher.answer = () => new Response('', { status: 503 })
    for (let run = 0; run < 20; run += 1) {
      await outcome(publisher.remote, 'a')
      publisher.now += 100
    }
    expect(publisher.requests).toHaveLength(2)
    publisher.answer = good
    publisher.now += 1_000
    await outcome(publisher.remote, 'a')
    expect(publisher.requests).toHaveLength(3)
    publisher.answer = () => new Response('', { status: 503 })
    publisher.now += 600_000
    for (let run = 0; run < 29; run += 1) {
      expect(await outcome(publisher.remote, 'a')).toBe('a')
      publisher.now += 1_000
    }
    expect(publisher.requests).toHaveLength(4)
    publisher.now += 1_000
    await outcome(publisher.remote, 'a')
    expect(publisher.requests).toHaveLength(5)
  })

  test('says what was wrong, and neither the body nor what a driver put into its error', async () => {
    const publisher = publish('')
    publisher.answer = () => Promise.reject(new TypeError('fetch failed https://user:secret@x'))
    let thrown: unknown
    try {
      await publisher.remote.resolve('a', 'EdDSA')
    } catch (error) {
      thrown = error
    }
    expect(thrown).toMatchObject({
      code: 'ERR_JWKS_UNAVAILABLE',
      message: 'the JWK set could not be read: the request failed',
      cause: { name: 'TypeError' },
    })
    expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toContain('secret')
  })

  test.each<[string, () => Response | Promise<Response>]>([
    ['never answers', () => new Promise(() => {})],
    [
      'sends a byte and then nothing',
      () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(Uint8Array.of(0x7b)) })),
    ],
  ])('a server that %s is given up after five seconds', async (_, answer) => {
    vi.useFakeTimers()
    const publisher = publish('')
    publisher.answer = answer
    const result = outcome(publisher.remote, 'a')
    await vi.advanceTimersByTimeAsync(4_999)
    expect(publisher.requests[0]?.init.signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(await result).toBe('ERR_JWKS_UNAVAILABLE')
    expect(publisher.requests[0]?.init.signal?.aborted).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })
})

test('a clock that is set back makes a set due, and stops no attempt', async () => {
  const publisher = publish(set('a'))
  await outcome(publisher.remote, 'a')
  publisher.now -= 3_600_000
  expect(await outcome(publisher.remote, 'a')).toBe('a')
  expect(publisher.requests).toHaveLength(2)
  expect(await outcome(publisher.remote, 'a')).toBe('a')
  expect(publisher.requests).toHaveLength(2)
})

describe('over HTTP', () => {
  async function serve(listener: RequestListener, use: (remote: RemoteJwks) => Promise<void>): Promise<void> {
    const server = createServer(listener)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const { port } = server.address() as AddressInfo
      await use(createRemoteJwks(`http://127.0.0.1:${port}/jwks.json`, { allow: [allowInsecureLoopback] }))
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  }

  test('a set is read', async () => {
    await serve(
      (_, response) => response.end(set('a')),
      async (remote) => expect(await outcome(remote, 'a')).toBe('a'),
    )
  })

  test('a redirect is not followed', async () => {
    const paths: (string | undefined)[] = []
    await serve(
      (request, response) => {
        paths.push(request.url)
        response.writeHead(302, { location: '/other.json' }).end(set('a'))
      },
      async (remote) => expect(await outcome(remote, 'a')).toBe('ERR_JWKS_UNAVAILABLE'),
    )
    expect(paths).toEqual(['/jwks.json'])
  })

  test('a body of 100 MB is cut at 64 KiB, and the connection with it', async () => {
    let closed = false
    await serve(
      (_, response) => {
        response.on('close', () => {
          closed = true
        })
        const more = (): void => {
          while (!response.destroyed && response.write(' '.repeat(65_536)));
        }
        response.on('drain', more)
        more()
      },
      async (remote) => {
        expect(await outcome(remote, 'a')).toBe('ERR_JWKS_UNAVAILABLE')
        await vi.waitFor(() => expect(closed).toBe(true))
      },
    )
  })
})
