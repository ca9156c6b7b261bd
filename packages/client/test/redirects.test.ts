/** Real sockets, since what becomes of a credential on a redirect is decided by the runtime's own fetch. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AuthClient, createAuthClient } from '../src/client.ts'
import type { ShapeOf } from '../src/options.ts'
import type { Shape } from './fake-server.ts'

const servers: Server[] = []
const seen: { readonly at: string; readonly authorization: string | undefined; readonly body: string }[] = []
let home: string
let elsewhere: string
let client: AuthClient<ShapeOf<Shape>>

async function listen(
  name: string,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    seen.push({ at: `${name}${request.url}`, authorization: request.headers.authorization, body })
    answer(request, response)
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

beforeAll(async () => {
  elsewhere = await listen('elsewhere', (_, response) => response.end('{}'))
  home = await listen('home', (request, response) => {
    const [, status = '', target] = request.url?.match(/^\/redirect\/(\d+)\/(\w+)/) ?? []
    if (target) {
      response.writeHead(Number(status), { location: target === 'home' ? '/api' : `${elsewhere}/api` }).end()
    } else if (request.url === '/auth/sign-in') {
      const session = { id: 'h.1', user: { id: 'ada' } }
      response.end(
        JSON.stringify({
          session,
          expires_in: null,
          refreshable: true,
          access_token: 'secret',
          refresh_token: 'refresh-secret',
        }),
      )
    } else if (request.url === '/auth/refresh') response.writeHead(307, { location: `${elsewhere}/auth/refresh` }).end()
    else response.end('{}')
  })
  client = createAuthClient<Shape>({ baseURL: home, storage: 'memory' })
  await client.signIn({ name: 'ada' })
})

afterAll(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
})

test.each([301, 302, 303, 307, 308])('no credential follows a %d to another origin', async (status) => {
  for (const input of [`${home}/redirect/${status}/elsewhere`, new Request(`${home}/redirect/${status}/elsewhere`)]) {
    seen.length = 0
    expect((await client.fetch(input, { method: 'POST', body: 'x' })).status).toBe(200)
    expect(seen.map(({ at, authorization }) => [at, authorization])).toEqual([
      [`home/redirect/${status}/elsewhere`, 'Bearer secret'],
      ['elsewhere/api', undefined],
    ])
  }
})

test('within the origin it follows', async () => {
  seen.length = 0
  await client.fetch(`${home}/redirect/307/home`)
  expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer secret', 'Bearer secret'])
})

test("the client's own questions follow no redirect, so that a refresh token in a body stays", async () => {
  seen.length = 0
  expect([await client.refresh(), client.status]).toEqual([false, 'unreachable'])
  expect(seen.map(({ at }) => at)).toEqual(['home/auth/refresh'])
})
