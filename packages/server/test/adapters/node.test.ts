import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { AuthError } from '@handstamp/core/errors'
import { afterEach, describe, expect, test } from 'vitest'
import { nodeRequest, sendResponse, toNodeHandler } from '../../src/adapters/node.ts'
import { addressOf } from '../../src/request-face.ts'

const origin = 'https://app.example'
const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

async function listen(listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** An auth that answers what a test says under /auth, and nothing elsewhere. */
function serve(handler: (request: Request) => Response | Promise<Response>): Parameters<typeof toNodeHandler>[0] {
  return {
    origin,
    handler: async (request) => (new URL(request.url).pathname.startsWith('/auth/') ? handler(request) : undefined),
  }
}

function fail(): never {
  throw new Error('not ours')
}

interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

/** By node:http, since fetch hides cookies, joins headers and allows no odd targets. */
function ask(
  port: number,
  options: { path?: string; method?: string; headers?: Record<string, string | string[]>; body?: string } = {},
): Promise<Answer> {
  const { path = '/auth/x', method = 'GET', headers = {}, body } = options
  return new Promise((resolve, reject) => {
    const req = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }, (res) => {
      let text = ''
      res.setEncoding('utf8')
      res.on('data', (chunk: string) => {
        text += chunk
      })
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, rawHeaders: res.rawHeaders, body: text }),
      )
      res.on('error', reject)
    })
    req.on('error', reject)
    req.end(body)
  })
}

/** Bytes as they are, for what no client library sends. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk
    })
    socket.on('end', () => resolve(answer)).on('error', reject)
  })
}

describe('what the handler is asked', () => {
  test('method, path and query come from the request, the origin from the configuration', async () => {
    const seen: string[] = []
    const port = await listen(
      toNodeHandler(
        serve((request) => {
          seen.push(`${request.method} ${request.url}`)
          return new Response(null, { status: 204 })
        }),
      ),
    )
    await ask(port, { path: '/auth/a?b=c%20d', headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' } })
    await ask(port, { path: 'http://evil.example/auth/absolute?q', method: 'DELETE' })
    expect(seen).toEqual([`GET ${origin}/auth/a?b=c%20d`, `DELETE ${origin}/auth/absolute?q`])
  })

  test.each(['//evil.example/auth/x', '@evil.example/auth/x', '*', '/', '/x', 'javascript:alert(1)'])(
    '%s is none of ours',
    async (path) => {
      const urls: string[] = []
      const port = await listen(
        toNodeHandler({
          origin,
          handler: async ({ url }) => {
            urls.push(url)
            return undefined
          },
        }),
      )
      const answer = await raw(port, `OPTIONS ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      if (urls.length > 0) expect(answer).toMatch(/^HTTP\/1.1 404 /)
      else expect(answer).toMatch(/^HTTP\/1.1 400 /)
      for (const url of urls) expect(new URL(url).origin).toBe(origin)
    },
  )

  test('duplicate headers are all seen, cookies joined as cookies are', async () => {
    const seen: Record<string, string | null> = {}
    const note = (headers: { get(name: string): string | null }): void => {
      for (const name of ['authorization', 'cookie', 'origin', 'x-none', 'content-type']) seen[name] = headers.get(name)
    }
    const expected = {
      authorization: 'Bearer a, Bearer b',
      cookie: 'a=1; b=2',
      origin: 'https://a.example, https://b.example',
      'x-none': null,
      'content-type': 'text/plain, application/json',
    }
    const headers =
      'Authorization: Bearer a\r\nAUTHORIZATION: Bearer b\r\nCookie: a=1\r\ncookie: b=2\r\nOrigin: https://a.example\r\nOrigin: https://b.example\r\n' +
      'Content-Type: text/plain\r\nContent-Type: application/json\r\n'
    const handled = toNodeHandler(
      serve((request) => {
        note(request.headers)
        return new Response()
      }),
    )
    const viaHandler = await listen(handled)
    await raw(viaHandler, `GET /auth/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)
    expect(seen).toEqual(expected)
    for (const name of Object.keys(seen)) delete seen[name]
    const viaFace = await listen((req, res) => {
      note(nodeRequest(req, origin).headers)
      res.end()
    })
    await raw(viaFace, `GET /auth/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${headers}\r\n`)
    expect(seen).toEqual(expected)
  })

  test('the request is one for whoever asks: instanceof, clone, json, signal, new Request of its parts', async () => {
    const port = await listen(
      toNodeHandler(
        serve(async (request) => {
          const parts = new Request(request.url, {
            method: request.method,
            headers: request.headers,
            body: request.clone().body,
            duplex: 'half',
          } as RequestInit)
          return Response.json([
            request instanceof Request,
            request.method,
            request.headers instanceof Headers,
            request.signal.aborted,
            request.bodyUsed,
            await request.json(),
            request.bodyUsed,
            await parts.text(),
          ])
        }),
      ),
    )
    const { body } = await ask(port, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":"é"}',
    })
    expect(JSON.parse(body)).toEqual([true, 'POST', true, false, false, { a: 'é' }, true, '{"a":"é"}'])
  })

  test('a router that cut its mount path off is understood', async () => {
    const handle = toNodeHandler(serve(({ url }) => new Response(url)))
    const port = await listen((req, res) => handle(Object.assign(req, { originalUrl: req.url, url: '/x' }), res))
    expect((await ask(port, { path: '/auth/x?y' })).body).toBe(`${origin}/auth/x?y`)
  })

  test.each<[string, string, unknown, string]>([
    ['JSON', 'application/json', { email: 'a' }, '{"email":"a"}'],
    ['a form', 'application/x-www-form-urlencoded', { email: 'a b', p: '&' }, 'email=a+b&p=%26'],
    ['text', 'text/plain', 'text', 'text'],
    ['bytes', 'application/octet-stream', Buffer.from('bytes'), 'bytes'],
  ])('%s that a body parser before us has read is there again', async (_name, type, parsed, expected) => {
    const handle = toNodeHandler(serve(async (request) => new Response(await request.text())))
    const port = await listen(async (req, res) => {
      for await (const _chunk of req);
      handle(Object.assign(req, { body: parsed }), res)
    })
    const { body } = await ask(port, { method: 'POST', headers: { 'content-type': type }, body: 'as it was sent' })
    expect(body).toBe(expected)
  })

  test('without raw headers the others do', async () => {
    const handle = toNodeHandler(
      serve(({ headers }) => new Response(`${headers.get('authorization')} ${headers.get('x-a')}`)),
    )
    const port = await listen((req, res) => {
      Object.defineProperty(req, 'rawHeaders', { value: [] })
      handle(req, res)
    })
    expect((await ask(port, { headers: { authorization: 'Bearer a', 'x-a': ['1', '2'] } })).body).toBe('Bearer a 1, 2')
  })
})

describe("the peer's address", () => {
  async function addressSeen(
    options: Parameters<typeof toNodeHandler>[1],
    headers: Record<string, string>,
  ): Promise<string> {
    const port = await listen(
      toNodeHandler(
        serve((request) => new Response(addressOf(request))),
        options,
      ),
    )
    return (await ask(port, { headers })).body
  }

  test('is the socket, whatever headers claim', async () => {
    const headers = { 'x-forwarded-for': '6.6.6.6', forwarded: 'for=6.6.6.6', 'x-real-ip': '6.6.6.6' }
    expect(await addressSeen({}, headers)).toBe('127.0.0.1')
    const port = await listen((req, res) => void res.end(addressOf(nodeRequest(req, origin))))
    expect((await ask(port, { headers })).body).toBe('127.0.0.1')
  })

  test('is the right-most hop before the proxies that are trusted, by the header they write', async () => {
    const headers = { 'x-forwarded-for': '6.6.6.6, 192.0.2.1', forwarded: 'for=6.6.6.6, for=192.0.2.2' }
    expect(await addressSeen({ trustedProxies: 1 }, headers)).toBe('192.0.2.1')
    expect(await addressSeen({ trustedProxies: ['127.0.0.0/8'], forwardedHeader: 'forwarded' }, headers)).toBe(
      '192.0.2.2',
    )
    expect(await addressSeen({ trustedProxies: ['10.0.0.0/8'] }, headers)).toBe('127.0.0.1')
  })

  test('a list of proxies that cannot be read is a TypeError at once', () => {
    expect(() =>
      toNodeHandler(
        serve(() => new Response()),
        { trustedProxies: ['proxy'] },
      ),
    ).toThrow(TypeError)
  })
})

describe('what goes out', () => {
  test('two Set-Cookie headers are two lines, beside those that were set before', async () => {
    const headers = new Headers([
      ['set-cookie', 'a=1; Path=/'],
      ['set-cookie', 'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT'],
      ['vary', 'Cookie'],
      ['x-own', 'ours'],
    ])
    const handle = toNodeHandler(serve(() => new Response('ok', { status: 201, headers })))
    const port = await listen((req, res) => {
      res.setHeader('Set-Cookie', 'before=0')
      res.setHeader('Vary', 'Origin')
      res.setHeader('X-Own', 'theirs')
      handle(req, res)
    })
    const answer = await ask(port)
    expect(answer.status).toBe(201)
    expect(answer.headers['set-cookie']).toEqual([
      'before=0',
      'a=1; Path=/',
      'b=2; Expires=Wed, 21 Oct 2026 07:28:00 GMT',
    ])
    expect(answer.headers.vary).toBe('Origin, Cookie')
    expect(answer.headers['x-own']).toBe('ours')
    expect(answer.body).toBe('ok')
  })

  test('HEAD and 204 have no body', async () => {
    const port = await listen(
      toNodeHandler(
        serve(({ method }) => (method === 'HEAD' ? new Response('body') : new Response(null, { status: 204 }))),
      ),
    )
    expect(await ask(port, { method: 'HEAD' })).toMatchObject({ status: 200, body: '' })
    expect(await ask(port, { method: 'DELETE' })).toMatchObject({ status: 204, body: '' })
  })

  test('a stream arrives in pieces, and in full through back-pressure', async () => {
    const piece = new Uint8Array(64 * 1024).fill(120)
    const body = (): ReadableStream<Uint8Array> => {
      let left = 64
      return new ReadableStream({
        pull(controller) {
          left -= 1
          if (left < 0) controller.close()
          else controller.enqueue(piece)
        },
      })
    }
    const port = await listen(toNodeHandler(serve(() => new Response(body()))))
    expect((await ask(port)).body).toHaveLength(64 * 64 * 1024)
  })

  test('a client that leaves ends the stream, and aborts the signal', async () => {
    const seen: string[] = []
    let done: (() => void) | undefined
    const ended = new Promise<void>((resolve) => {
      done = resolve
    })
    const port = await listen(
      toNodeHandler(
        serve((request) => {
          request.signal.addEventListener('abort', () => seen.push('aborted'))
          const body = new ReadableStream<Uint8Array>({
            pull(controller) {
              controller.enqueue(new Uint8Array(1024))
            },
            cancel() {
              seen.push('cancelled')
              done?.()
            },
          })
          return new Response(body)
        }),
      ),
    )
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /auth/x HTTP/1.1\r\nHost: x\r\n\r\n'))
    socket.once('data', () => socket.destroy())
    await ended
    expect(seen.sort()).toEqual(['aborted', 'cancelled'])
  })

  test('a body that fails half-way ends the connection, and is told', async () => {
    const errors: unknown[] = []
    let pulls = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulls += 1
        if (pulls === 1) controller.enqueue(new Uint8Array(10))
        else controller.error(new Error('half-way'))
      },
    })
    const onError = (error: unknown): void => void errors.push(error)
    const port = await listen(
      toNodeHandler(
        serve(() => new Response(body)),
        { onError },
      ),
    )
    await expect(ask(port)).rejects.toThrow()
    expect(errors).toEqual([new Error('half-way')])
  })

  test.each([
    [
      'a listener',
      toNodeHandler(
        serve(() => Promise.reject(new Error('ours'))),
        { onError: fail },
      ),
      500,
    ],
    ['what comes next', (req, res) => toNodeHandler(serve(() => new Response()))(req, res, fail), 500, '/elsewhere'],
  ] satisfies [string, RequestListener, number, string?][])(
    '%s that throws is answered for, and rejects nowhere',
    async (_what, listener, status, path = '/auth/x') => {
      const rejected: unknown[] = []
      const note = (error: unknown): void => void rejected.push(error)
      process.on('unhandledRejection', note)
      const answer = await ask(await listen(listener), { path })
      await new Promise((resolve) => setImmediate(resolve))
      process.off('unhandledRejection', note)
      expect([answer.status, rejected]).toEqual([status, []])
    },
  )

  test.each([
    ['no auth', undefined, {}, 'createAuth'],
    ['an auth without a handler', { origin }, {}, 'createAuth'],
    ['true for a number of proxies', serve(() => new Response()), { trustedProxies: true }, 'trustedProxies'],
    ['a header that is not known', serve(() => new Response()), { forwardedHeader: 'x-real-ip' }, 'forwardedHeader'],
  ])('%s is refused at once', (_what, auth, options, name) => {
    expect(() => toNodeHandler(auth as never, options as never)).toThrow(
      expect.objectContaining({ name: 'TypeError', message: expect.stringContaining(name) }),
    )
  })

  test('sendResponse serves refusals of an application', async () => {
    const port = await listen(
      (_req, res) =>
        void sendResponse(res, new Response('no', { status: 401, headers: { 'www-authenticate': 'Bearer' } })),
    )
    expect(await ask(port)).toMatchObject({ status: 401, body: 'no', headers: { 'www-authenticate': 'Bearer' } })
  })
})

describe('bodies', () => {
  test('a handler that stops reading a large body still gets its answer out, and the connection serves on', async () => {
    const port = await listen(
      toNodeHandler(
        serve(async (request) => {
          const reader = request.body?.getReader()
          await reader?.read()
          await reader?.cancel()
          return new Response('too large', { status: 413 })
        }),
      ),
    )
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`
    const head = 'POST /auth/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n'
    const answer = await raw(
      port,
      `${head}\r\n${chunk.repeat(40)}0\r\n\r\n${head}Connection: close\r\n\r\n${chunk}0\r\n\r\n`,
    )
    expect(answer.match(/HTTP\/1.1 413 /g)).toHaveLength(2)
  })

  test('a handler that reads nothing answers all the same', async () => {
    const port = await listen(toNodeHandler(serve(() => new Response('no', { status: 415 }))))
    expect(await ask(port, { method: 'POST', body: 'x'.repeat(1_000_000) })).toMatchObject({ status: 415, body: 'no' })
  })

  test('a client that leaves while it sends is no error', async () => {
    const errors: unknown[] = []
    let done: ((outcome: string) => void) | undefined
    const outcome = new Promise<string>((resolve) => {
      done = resolve
    })
    const port = await listen(
      toNodeHandler(
        serve(async (request) => {
          await request.text().then(
            () => done?.('read'),
            () => done?.('failed'),
          )
          throw new Error('nobody is there')
        }),
        { onError: (error) => errors.push(error) },
      ),
    )
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('POST /auth/x HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf', () =>
        setImmediate(() => socket.destroy()),
      )
    })
    expect(await outcome).toBe('failed')
    await new Promise((resolve) => setImmediate(resolve))
    expect(errors).toEqual([])
  })
})

describe('what goes wrong', () => {
  test.each<[string, unknown, number, string]>([
    ['a store that is away', new AuthError('ERR_STORE_TIMEOUT', 'secret-1'), 503, 'temporarily_unavailable'],
    ['our own fault', new AuthError('ERR_STORE_LIMIT', 'secret-2'), 500, 'internal_error'],
    ['a bug', new Error('secret-3'), 500, 'internal_error'],
    ['no error at all', 'secret-4', 500, 'internal_error'],
  ])('%s is a problem without detail', async (_name, thrown, status, code) => {
    const errors: unknown[] = []
    const handler = (): Promise<Response> => Promise.reject(thrown)
    const port = await listen(toNodeHandler(serve(handler), { onError: (error) => errors.push(error) }))
    const answer = await ask(port)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined)
    expect(JSON.parse(answer.body)).toMatchObject({ status, code })
    expect(answer.body).not.toContain('secret')
    expect(errors).toEqual([thrown])
  })

  test('a path that is none of ours goes to next, once, or is 404', async () => {
    const handle = toNodeHandler(serve(() => new Response('ours')))
    let nexts = 0
    const withNext = await listen((req, res) =>
      handle(req, res, () => {
        nexts += 1
        res.end('theirs')
      }),
    )
    expect((await ask(withNext, { path: '/other' })).body).toBe('theirs')
    expect((await ask(withNext)).body).toBe('ours')
    expect(nexts).toBe(1)
    const alone = await listen(handle)
    expect(await ask(alone, { path: '/other' })).toMatchObject({ status: 404 })
  })

  test('once an answer has begun, nothing is written', async () => {
    const handle = toNodeHandler(serve(() => new Response('late', { headers: { 'set-cookie': 'late=1' } })))
    const port = await listen((req, res) => {
      res.writeHead(200, { 'x-first': '1' })
      res.write('first')
      handle(req, res)
      setTimeout(() => res.end(), 20)
    })
    const answer = await ask(port)
    expect(answer.body).toBe('first')
    expect(answer.headers['set-cookie']).toBeUndefined()
  })
})

test('HTTP/2 by the compatible interface of node:http2 is served as well', async () => {
  const handle = toNodeHandler(
    serve(async (request) => {
      const headers = new Headers([
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ])
      return new Response(`${request.url} ${request.headers.get('x-a')} ${await request.text()}`, { headers })
    }),
  )
  const server = createHttp2Server(handle as unknown as Parameters<typeof createHttp2Server>[1])
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const stream = client.request({ ':path': '/auth/x', ':method': 'POST', 'x-a': '1' })
  let cookies: unknown
  stream.on('response', (headers) => {
    cookies = headers['set-cookie']
  })
  let body = ''
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    body += chunk
  })
  stream.end('sent')
  await new Promise((resolve) => stream.on('end', resolve))
  client.close()
  server.close()
  expect(body).toBe(`${origin}/auth/x 1 sent`)
  expect(cookies).toEqual(['a=1', 'b=2'])
})
