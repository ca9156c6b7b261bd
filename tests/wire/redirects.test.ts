import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from './exchange.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { type Served, serveAuth } from './served-auth.ts'
import { ada, ownPage } from './visitor.ts'
import type { Wire } from './wire.ts'

const playground = sharedPlaygrounds(['--strategy session'])

/** G1–G12 and their neighbours. `{host}` is the server's own. */
const elsewhere = [
  '//evil.example', '///evil.example', '////evil.example', '/\\evil.example', '\\\\evil.example', '\\/evil.example', '/\\/evil.example', '//{host}', '/x\\..\\..//evil.example',
  'https:evil.example', 'https:/evil.example', 'https://evil.example', 'http://evil.example/plain', 'https://{host}@evil.example', 'https://{host}.evil.example', 'https://{host}', 'evil.example',
  '/%09/evil.example', '/\t/evil.example', '\t//evil.example', ' //evil.example', ' /plain', '/%0a/evil.example', '/%00', '/%7f', '/\0/evil.example', '/\u0085', '/\u001f', '/%1F',
  '/..//evil.example', '/.//evil.example', '/%2e%2e//evil.example', '/a/..//evil.example', '/%2e//evil.example', '/..\\evil.example', '/%5cevil.example', '/%5C%5Cevil.example', '/a/%2E%2e//evil.example',
  'javascript:alert(1)', 'JavaScript:alert(1)', '/javascript:\nalert(1)', 'data:text/html,x', 'vbscript:x', 'blob:https://evil.example/x', 'file:///etc/passwd',
  '/%0d%0aSet-Cookie:x=y', '/\r\nSet-Cookie: x=y', '/%0D%0ALocation:https://evil.example', '/plain\n', 'http://[', '//[', '//[::1', '//%', '?x=//evil.example', '#//evil.example', '.', '..', '',
] // biome-ignore format: a list

const ours: readonly (readonly [given: string, led: string])[] = [
  ['/', '/'], ['/plain', '/plain'], ['/plain?a=b&c=%2F#d', '/plain?a=b&c=%2F#d'], ['/a//b', '/a//b'], ['/a/../plain', '/plain'], ['/@evil.example', '/@evil.example'],
  ['/plain?next=//evil.example', '/plain?next=//evil.example'], ['/plain#//evil.example', '/plain#//evil.example'], ['/%2f%2fevil.example', '/%2f%2fevil.example'],
  ['/:evil.example', '/:evil.example'], ['/é ', '/%C3%A9'], ['/%250d%250a', '/%250d%250a'], ['/https://evil.example', '/https://evil.example'], ['/[', '/['],
] // biome-ignore format: a list

function form(wire: Wire, target: string, fields: Readonly<Record<string, string>> | string): Promise<Answer> {
  const body = typeof fields === 'string' ? fields : new URLSearchParams(fields).toString()
  return wire.ask({
    method: 'POST',
    target,
    headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...ownPage],
    body,
  })
}

function expectLed(answer: Answer, to: string): void {
  expect([answer.status, answer.header('location'), answer.text]).toEqual([303, to, ''])
  expect(answer.header('cache-control')).toContain('no-store')
  expect(answer.setCookies.filter((line) => !/^(?:__Host-)?handstamp/.test(line))).toEqual([])
}

describe.each([
  { name: 'signing out, over the playground', target: '/auth/sign-out', fields: {} },
  { name: 'signing in', target: '/auth/sign-in', fields: ada },
])('where a form leads: $name', ({ target, fields }) => {
  let server: Playground | Served['wire']
  let served: Served | undefined
  beforeAll(async () => {
    if (target === '/auth/sign-out') server = playground('--strategy session')
    else {
      served = await serveAuth({ strategy: 'session', transport: 'cookie' })
      server = served.wire
    }
  })
  afterAll(() => served?.stop())

  test.each(elsewhere)('%j leads to /', async (redirect) => {
    expectLed(await form(server, target, { ...fields, redirect: redirect.replace('{host}', server.host) }), '/')
  })

  test.each(ours)('%j leads to %j', async (redirect, led) => {
    expectLed(await form(server, target, { ...fields, redirect }), led)
  })

  test('nowhere said is /; broken encoding and two values are no way out either', async () => {
    const rest = new URLSearchParams({ ...fields }).toString()
    expectLed(await form(server, target, rest), '/')
    for (const redirect of ['%', '%2', '%ff', '%2F%2Fevil.example', '%09%2F%2Fevil.example', '+/plain'])
      expectLed(await form(server, target, `${rest}&redirect=${redirect}`), '/')
    const twice = await form(server, target, `${rest}&redirect=//evil.example&redirect=//evil.example`)
    expectLed(twice, '/')
    // A query is no form.
    expectLed(await form(server, `${target}?redirect=/plain`, rest), '/')
  })
})

describe('a form that is refused goes back to its page, and nowhere else', () => {
  let server: Playground
  beforeAll(async () => {
    server = playground('--strategy session')
  })

  test.each([
    { why: 'no fields', fields: '' },
    { why: 'half of the fields', fields: 'email=ada@example.com' },
    { why: 'another redirect', fields: 'redirect=//evil.example' },
    { why: 'fields of other names', fields: 'email[]=ada@example.com&password[]=analytical-engine' },
    { why: 'names of every object', fields: '__proto__=x&constructor=y' },
    { why: 'broken encoding', fields: 'email=%&password=%zz' },
    { why: 'JSON in a name (F6)', fields: '{"email":"ada@example.com","password":"analytical-engine"}=' },
    { why: 'wrong credentials', fields: 'email=ada@example.com&password=wrong&redirect=/' },
  ])('$why', async ({ fields }) => {
    const answer = await form(server, '/auth/sign-in', fields)
    expectLed(answer, '/plain?error=invalid_credentials')
    expect(answer.setCookies).toEqual([])
  })

  test('its success sets the cookie with the redirect, and the page knows who is there', async () => {
    const answer = await form(server, '/auth/sign-in', { ...ada, redirect: '/plain' })
    expectLed(answer, '/plain')
    expect(answer.header('cache-control')).toBe('private, no-store')
    const cookie = answer.setCookies.map((line) => line.split(';')[0] ?? '').join('; ')
    const page = await server.ask({ method: 'GET', target: '/plain', headers: [['Cookie', cookie], ...ownPage] })
    expect(page.text).toContain('Ada Lovelace')
    expect(page.header('cache-control')).toBe('private, no-store')
  })
})
