import { beforeAll, describe, expect, test } from 'vitest'
import type { Header } from './exchange.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { serveAuth } from './served-auth.ts'
import { grace, newVisitor, ownPage, signedIn, type Visitor } from './visitor.ts'

const playground = sharedPlaygrounds(['--strategy session'])

describe('paths', () => {
  let visitor: Visitor
  let server: Playground
  beforeAll(async () => {
    server = playground('--strategy session')
    visitor = await signedIn(server, 'cookie')
  })

  test.each([
    '/auth',
    '/auth/',
    '/authx',
    '/authx/session',
    '/auth.x/session',
    '/Auth/session',
    '/AUTH/session',
    '/auth//session',
    '//auth/session',
    '/auth/session/',
    '/auth/session//',
    '/auth/Session',
    '/auth/session.json',
    '/auth/session;x',
    '/auth/session%20',
    '/auth/session%00',
    '/auth%2Fsession',
    '/auth/%73ession',
    '/auth%2fsessions%2fx',
    '/%61uth/session',
    '/auth/x/session',
    '/auth/session/session',
    '/auth/sessions/',
    '/auth/__proto__',
    '/auth/constructor',
    '/auth/toString',
    '/auth/../session',
    '/auth/%2e%2e/auth',
    '/session',
    '/sign-in',
    '/x/auth/session',
    '/.well-known/jwks.json/',
    '/.well-known/JWKS.json',
    '/auth/.well-known/jwks.json',
  ])('%s is none of ours', async (target) => {
    // biome-ignore format: a list
    const answer = await visitor.ask('GET', target)
    expect([answer.status, answer.setCookies]).toEqual([404, []])
    expect(answer.text).not.toContain('ada')
  })

  test.each([
    '/auth/session',
    '/auth/session?',
    '/auth/session?a=b',
    '/auth/session?a=/../x',
    '/auth/./session',
    '/auth/x/../session',
    '/x/../auth/session',
    '/auth/x/%2e%2e/session',
    '/auth\\session',
    '/../auth/session',
    'http://evil.example/auth/session',
    'https://evil.example:1/auth/session?x',
  ])('%s is one of ours, as a URL is read', async (target) => {
    // biome-ignore format: a list
    const answer = await visitor.ask('GET', target)
    expect(answer.json).toMatchObject({ session: { user: { id: 'ada' } } })
  })

  const spoofed: readonly Header[] = [
    ['X-Forwarded-Host', 'evil.example'],
    ['X-Forwarded-Proto', 'https'],
    ['X-Forwarded-For', '203.0.113.9'],
    ['Forwarded', 'for=203.0.113.9;host=evil.example;proto=https'],
    ['X-Forwarded-Prefix', '/evil'],
    ['X-Original-URL', '/auth/sign-out'],
    ['X-Rewrite-URL', '/auth/sign-out'],
    ['X-Real-IP', '203.0.113.9'],
  ]

  test('G14: Host and forwarding headers decide nothing', async () => {
    const plain = await visitor.ask('GET', '/auth/session')
    for (const host of [`localhost:${server.port}`, 'evil.example', '']) {
      const headers: readonly Header[] = [...spoofed, ['Host', host], ['Sec-Fetch-Site', 'same-origin']]
      const answer = await visitor.ask('GET', '/auth/session', { headers })
      expect(answer.text).toBe(plain.text)
      expect(answer.headers.filter(([name]) => name !== 'date')).toEqual(
        plain.headers.filter(([name]) => name !== 'date'),
      )
      const nobody = await server.ask({ method: 'GET', target: '/api/me', headers: [...spoofed, ['Host', host]] })
      expect(nobody.header('www-authenticate')).toBe(`Bearer realm="localhost:${server.port}"`)
      // An origin is not made listed by a Host that says the same.
      const refused = await visitor.ask('POST', '/auth/sign-out', {
        headers: [...spoofed, ['Host', host], ['Origin', 'http://evil.example']],
      })
      expect(refused.status).toBe(403)
    }
    const spoofing = newVisitor(server, 'cookie')
    await spoofing.ask('POST', '/auth/sign-in', { headers: [...spoofed, ...ownPage], json: grace })
    expect((await spoofing.ask('GET', '/auth/sessions')).json).toMatchObject({ sessions: [{ ip: '127.0.0.1' }] })
    const { json } = await visitor.ask('GET', '/auth/sessions', {
      headers: [...spoofed, ['Sec-Fetch-Site', 'same-origin']],
    })
    expect(json).toMatchObject({ sessions: [{ ip: '127.0.0.1' }] })
  })
})

test('another base path moves the routes and leaves the old one to the application', async () => {
  const { wire, stop } = await serveAuth({ strategy: 'hybrid', transport: 'cookie', basePath: '/api/v1.0/auth' })
  const status = async (target: string) => (await wire.ask({ method: 'GET', target })).status
  expect(await status('/api/v1.0/auth/session')).toBe(200)
  expect(await status('/api/v1.0/auth/jwks.json')).toBe(200)
  for (const target of [
    '/auth/session',
    '/api/v1x0/auth/session',
    '/api/v1.0/auth',
    '/api/v1.0/authx/session',
    '/v1.0/auth/session',
  ])
    expect([target, await status(target)]).toEqual([target, 404])
  await stop()
})
