import { encodeBase64url } from '@handstamp/core/base64url'
import { randomBytes, sessionDigest, userHandle } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { memoryStore } from '@handstamp/server'
import { afterEach, expect, test } from 'vitest'
import type { Attack, Finding, World } from '../attacks/attack.ts'
import { fixationAttack } from '../attacks/fixation.ts'
import { forgeryAttack } from '../attacks/forgery.ts'
import { spentTokenAttack } from '../attacks/spent-token.ts'
import { stolenStoreAttack } from '../attacks/stolen-store.ts'
import type { Configuration } from '../configuration.ts'
import { type Listening, listen } from '../listen.ts'

const listening: Listening[] = []

afterEach(async () => {
  for (const server of listening.splice(0)) await server.close()
})

/** A server that lets everybody in as Ada, and exchanges whatever comes for something new. */
async function credulous({ refuses = '' } = {}): Promise<World> {
  const server = await listen(0)
  listening.push(server)
  const origin = `http://localhost:${server.port}`
  const handle = userHandle('ada')
  const token = (claims: object) => `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify(claims))}.`.replaceAll('=', '')
  server.serve(async ({ url }) => {
    const { pathname } = new URL(url)
    if (pathname === refuses) return Response.json({ code: 'invalid_grant' }, { status: 400 })
    if (pathname === '/api/me') return Response.json({ user: { id: 'ada', name: 'Ada Lovelace', role: 'admin' } })
    if (pathname === '/auth/jwks.json') return Response.json({ keys: [] })
    const refresh = `hsr1.${handle}.${encodeBase64url(randomBytes(68))}`
    return Response.json({ access_token: token({ user: { role: 'member' } }), refresh_token: refresh })
  }, origin)

  const store = memoryStore()
  const id = `${handle}.${sessionDigest(randomBytes(32))}`
  const now = Date.now()
  const times = { createdAt: now, lastSeenAt: now, authTime: now, expiresAt: now + 60_000, idleUntil: now + 60_000 }
  const user = { userId: 'ada', user: {}, epoch: 1, transport: 'bearer', persistent: true } as const
  const record: SessionRecord = { v: 1, id, version: 1, ...user, ...times }
  await store.save(id, record, { epoch: undefined, cap: 10 })
  const lifetimes = { access: 300_000, idle: 3_600_000, lifetime: 3_600_000, grace: 0 }
  const configuration = { strategy: 'hybrid', transport: 'bearer', store: 'memory', lifetimes } as Configuration
  return {
    origin,
    names: { access: 'handstamp', refresh: 'handstamp-refresh' },
    configuration: () => configuration,
    store: () => store,
  }
}

async function take({ steps }: Attack, name: string, body: Record<string, unknown> = {}): Promise<Finding | undefined> {
  const step = await steps[name]?.({ request: new Request('http://localhost/'), body })
  return step !== undefined && 'finding' in step ? step.finding : undefined
}

test.each([
  ['forgery', forgeryAttack],
  ['fixation', fixationAttack],
  ['a stolen store', stolenStoreAttack],
])('%s succeeds where everything is believed', async (_name, attack) => {
  const finding = await take(attack(await credulous()), 'run')
  expect(finding?.verdict).toBe('succeeds')
  expect(finding?.facts.some(({ good }) => good === false)).toBe(true)
})

test('a spent token succeeds where every exchange brings something new', async () => {
  const attack = spentTokenAttack(await credulous())
  const handle = userHandle('ada')
  const copy = { refreshToken: `hsr1.${handle}.${'A'.repeat(91)}` }
  expect(await take(attack, 'copy', copy)).toBeUndefined()
  await take(attack, 'within', { refreshToken: `hsr1.${handle}.${'B'.repeat(91)}` })
  await take(attack, 'after')
  const finding = await take(attack, 'judge', { victimOut: false })
  expect(finding).toMatchObject({ verdict: 'succeeds', why: 'The thief can still refresh.' })
})

test('a session that goes on after a spent token came back is no success of ours', async () => {
  const attack = spentTokenAttack(await credulous({ refuses: '/auth/refresh' }))
  await take(attack, 'copy', { refreshToken: `hsr1.${userHandle('ada')}.${'A'.repeat(91)}` })
  await take(attack, 'within')
  await take(attack, 'after')
  expect((await take(attack, 'judge', { victimOut: false }))?.verdict).toBe('succeeds')
  expect((await take(attack, 'judge', { victimOut: true }))?.verdict).toBe('fails')
})

test('where everything is refused, that a forgery is refused tells nothing', async () => {
  const finding = await take(forgeryAttack(await credulous({ refuses: '/api/me' })), 'run')
  expect(finding).toMatchObject({ verdict: 'nothing', facts: [{ answer: '400 invalid_grant' }] })
})
