import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Question } from './exchange.ts'
import { openWire, type Wire } from './wire.ts'

/** The search of every answer is itself searched for: a server that says what it should not is found out. */

const refresh = `hsr1.${'H'.repeat(16)}.${'s'.repeat(91)}`
const access = `${'eyJhbGci'.repeat(4)}.${'eyJpc3Mi'.repeat(4)}.${'q'.repeat(86)}`
const cookie = `handstamp-1=${access}; Path=/`
const uncached = { 'cache-control': 'private, no-store', vary: 'Cookie' }

interface Said {
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string
  readonly status?: number
}

let server: Server
let wire: Wire
let said: Said = {}

beforeAll(async () => {
  server = createServer((_, res) => {
    res.writeHead(said.status ?? 200, said.headers as Record<string, string | string[]>).end(said.body ?? '')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  wire = openWire({ origin: 'http://localhost:1', port: (server.address() as AddressInfo).port })
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

function ask(method: string, target: string, answer: Said): ReturnType<Wire['ask']> {
  said = answer
  const question: Question = { method, target }
  return wire.ask(question)
}

const tokens = JSON.stringify({ access_token: access, refresh_token: refresh })

test.each<[name: string, method: string, target: string, answer: Said]>([
  ['a sign-in in cookies', 'POST', '/auth/sign-in', { headers: { ...uncached, 'set-cookie': cookie } }],
  ['a sign-in in the body', 'POST', '/auth/sign-in', { body: tokens }],
  ['a refresh', 'POST', '/auth/refresh?a=b', { body: tokens }],
  ['a page that refreshes', 'GET', '/plain', { headers: { ...uncached, 'set-cookie': cookie } }],
  ['a public id', 'GET', '/auth/session', { body: `{"id":"${'H'.repeat(16)}.${'d'.repeat(43)}"}` }],
])('passes %s', async (_, method, target, answer) => {
  expect((await ask(method, target, answer)).status).toBe(200)
})

test.each<[name: string, method: string, target: string, answer: Said]>([
  ['a token in the answer to who is there', 'GET', '/auth/session', { body: tokens }],
  ['a cookie set by reading', 'GET', '/auth/session', { headers: { ...uncached, 'set-cookie': cookie } }],
  ['a token in a field of another name', 'POST', '/auth/sign-in', { body: JSON.stringify({ token: access }) }],
  ['a token in a refusal', 'POST', '/auth/refresh', { status: 400, body: tokens }],
  ['a token in a header', 'GET', '/auth/session', { headers: { 'www-authenticate': `Bearer error="${access}"` } }],
  ['a cookie’s value in the body too', 'POST', '/auth/sign-in', { headers: { ...uncached, 'set-cookie': cookie }, body: access }],
  ['the secret end alone of what was issued', 'GET', '/api/me', { body: 's'.repeat(91) }],
  ['a cookie that a cache may keep', 'POST', '/auth/sign-in', { headers: { vary: 'Cookie', 'set-cookie': cookie } }],
  ['a cookie that a cache may hand on', 'POST', '/auth/sign-in', { headers: { 'cache-control': 'private, no-store', 'set-cookie': cookie } }],
  ['a cookie cleared in an answer that is kept', 'POST', '/auth/sign-out', { headers: { 'set-cookie': 'handstamp-1=; Max-Age=0' } }],
])('finds %s', async (_, method, target, answer) => {
  await ask('POST', '/auth/refresh', { body: tokens })
  await expect(ask(method, target, answer)).rejects.toThrow(/answers|a cookie is set/)
}) // biome-ignore format: a table
