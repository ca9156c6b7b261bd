import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { claimsOf } from '../../wire/key-pair.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { ada, newVisitor, ownPage, signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { type Behind, serveBehind } from '../stages/header-middleware.ts'

interface Stage {
  readonly served: Served
  /** The same, behind one proxy that is trusted. */
  readonly proxied: Behind
  /** Three attempts for an address, behind one proxy and behind none. */
  readonly limited: Served
  readonly limitedBehind: Behind
  close(): Promise<unknown>
}

const nothing = (): void => {}
const [home, elsewhere] = ['192.0.2.1', '198.51.100.9']

const spoofed: readonly Header[] = [
  ['X-Forwarded-For', home],
  ['Forwarded', `for=${home};proto=http;host=evil.example`],
  ['X-Forwarded-Proto', 'http'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-Port', '80'],
  ['X-Forwarded-Ssl', 'off'],
  ['X-Original-Host', 'evil.example'],
  ['X-Original-URL', '/auth/session'],
  ['X-Rewrite-URL', '/auth/session'],
  ['X-Real-IP', home],
  ['X-Client-IP', home],
  ['True-Client-IP', home],
  ['CF-Connecting-IP', home],
  ['Via', '1.1 evil.example'],
]

/** Signs in with headers of its own. */
async function enter({ wire }: Pick<Served, 'wire'>, headers: readonly Header[]): Promise<Visitor> {
  const visitor = newVisitor(wire, 'bearer')
  expect((await visitor.ask('POST', '/auth/sign-in', { headers: [...ownPage, ...headers], json: ada })).status).toBe(
    200,
  )
  return visitor
}

/** The address under which a session was noted. */
async function notedAddress(visitor: Visitor, headers: readonly Header[] = []): Promise<unknown> {
  const { json } = await visitor.ask('GET', '/auth/sessions', { headers: [...ownPage, ...headers] })
  return (json as { sessions: { ip: string; current: boolean }[] }).sessions.find(({ current }) => current)?.ip
}

async function attempts({ wire }: Pick<Served, 'wire'>, addresses: readonly string[]): Promise<readonly number[]> {
  const statuses: number[] = []
  for (const address of addresses) {
    const headers = [...ownPage, ['X-Forwarded-For', address] as const]
    const json = { email: `${address}@example.com`, password: 'wrong' }
    statuses.push((await newVisitor(wire, 'bearer').ask('POST', '/auth/sign-in', { headers, json })).status)
  }
  return statuses
}

export const forwarded: Attack = attack({
  ids: ['G14'],
  title: 'headers in which a client says what its proxy would say',
  cost: 'One header would make a cookie travel in the clear, or a thief appear to sit at the desk of the victim.',
  shows: ['ASVS 3.3.1'],
  stage: async (): Promise<Stage> => {
    const setting = { strategy: 'hybrid', transport: ['bearer', 'cookie'], binding: { ip: 'reauthenticate' } } as const
    const limits = { signIn: { address: 3, identifier: 100 } }
    const [served, limited] = await Promise.all([serveAuth(setting), serveAuth({ ...setting, limits })])
    const [proxied, limitedBehind] = await Promise.all([
      serveBehind(served, nothing, { trustedProxies: 1 }),
      serveBehind(limited, nothing, { trustedProxies: 1 }),
    ])
    const close = () => Promise.all([served.stop(), limited.stop(), proxied.close(), limitedBehind.close()])
    return { served, proxied, limited, limitedBehind, close }
  },
  legal: {
    'no such header: the address of the connection': async ({ served }) => {
      expect(await notedAddress(await enter(served, []))).toBe('127.0.0.1')
    },
    'one proxy that is trusted: the address that it saw': async ({ proxied }) => {
      const headers: readonly Header[] = [['X-Forwarded-For', home]]
      const visitor = await enter(proxied, headers)
      expect(await notedAddress(visitor, headers)).toBe(home)
      expect((await visitor.refresh([...ownPage, ...headers])).status).toBe(200)
    },
    'four people behind one proxy: attempts of each are counted for each': async ({ limitedBehind }) => {
      const people = ['203.0.113.1', '203.0.113.2', '203.0.113.3', '203.0.113.4']
      expect(await attempts(limitedBehind, people)).toEqual([401, 401, 401, 401])
    },
  },
  hostile: {
    'no proxy is trusted: the address of the connection all the same': async ({ served }) => {
      expect(await notedAddress(await enter(served, spoofed), spoofed)).toBe('127.0.0.1')
    },
    'the cookie stays Secure, under its prefix and without a domain': async ({ served: { wire } }) => {
      const headers = [
        ...ownPage,
        ['Handstamp-Transport', 'cookie'] as const,
        ['Host', 'evil.example'] as const,
        ...spoofed,
      ]
      const { setCookies } = await newVisitor(wire, 'cookie').ask('POST', '/auth/sign-in', { headers, json: ada })
      expect(setCookies).toHaveLength(2)
      for (const line of setCookies) {
        expect(line).toMatch(/^__Host-handstamp.*; Path=\/; Secure; HttpOnly; SameSite=Strict$/)
        expect(line).not.toMatch(/Domain/i)
      }
    },
    'the issuer and the audience stay ours': async ({ served }) => {
      const { tokens } = await enter(served, [...spoofed, ['Host', 'evil.example']])
      expect(claimsOf(tokens.access ?? '')).toMatchObject({ iss: 'https://app.example', aud: 'https://app.example' })
    },
    'a page of the host that the header names is another page': async ({ served: { wire } }) => {
      const visitor = await signedIn(wire, 'cookie')
      const headers: readonly Header[] = [['Host', 'evil.example'], ['Origin', 'https://evil.example'], ...spoofed]
      expect((await visitor.ask('POST', '/auth/refresh', { headers })).status).toBe(403)
    },
    'another path in a header is not the path': async ({ served: { wire } }) => {
      expect(
        (await newVisitor(wire, 'bearer').ask('GET', '/api/me', { headers: [...ownPage, ...spoofed] })).status,
      ).toBe(401)
    },
    'a form leads nowhere else': async ({ served: { wire } }) => {
      const headers = [
        ['Content-Type', 'application/x-www-form-urlencoded'],
        ['Host', 'evil.example'],
        ...ownPage,
        ...spoofed,
      ] as const
      const answer = await wire.ask({ method: 'POST', target: '/auth/sign-out', headers, body: 'redirect=/notes' })
      expect([answer.status, answer.header('location')]).toEqual([303, '/notes'])
    },
    'no proxy is trusted: a new address with each attempt buys no attempt': async ({ limited }) => {
      const addresses = ['203.0.113.1', '203.0.113.2', '2001:db8::1', '203.0.113.4', '203.0.113.5']
      expect(await attempts(limited, addresses)).toEqual([401, 401, 401, 429, 429])
    },
    'one proxy is trusted: what the client wrote before it buys none either': async ({ limitedBehind }) => {
      const addresses = [1, 2, 3, 4, 5].map((each) => `203.0.113.${each}, ${elsewhere}`)
      expect(await attempts(limitedBehind, addresses)).toEqual([401, 401, 401, 429, 429])
    },
    'a thief behind the same proxy who writes the victim’s address before their own': async ({ proxied }) => {
      const victim = await enter(proxied, [['X-Forwarded-For', home]])
      for (const written of [`${home}, ${elsewhere}`, `${home},${home}, ${elsewhere}`, `"${home}", ${elsewhere}`]) {
        const answer = await victim.copy().refresh([...ownPage, ['X-Forwarded-For', written]])
        expect(answer.status).toBe(400)
      }
      expect((await victim.refresh([...ownPage, ['X-Forwarded-For', home]])).status).toBe(200)
    },
    'the other header, which that proxy does not write': async ({ proxied }) => {
      const victim = await enter(proxied, [['X-Forwarded-For', home]])
      const headers: readonly Header[] = [
        ...ownPage,
        ['X-Forwarded-For', elsewhere],
        ['Forwarded', `for=${home}`],
        ['X-Real-IP', home],
      ]
      expect((await victim.copy().refresh(headers)).status).toBe(400)
    },
  },
})
