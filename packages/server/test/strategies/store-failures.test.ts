import { inspect } from 'node:util'
import { isAuthError } from '@handstamp/core/errors'
import { userHandle } from '@handstamp/core/secret'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Agent, Fault } from '../../src/testing/index.ts'
import { accessOf, ada, type Bench, bench, instantRing, refreshTokenOf, withStore } from './bench.ts'

/** Every public function that asks the store, in a state in which it would succeed. */
const calls: Readonly<Record<string, (bed: Bench, agent: Agent) => Promise<unknown>>> = {
  authenticate: ({ auth }, agent) => auth.authenticate(agent.request('GET', '/')),
  signIn: ({ auth }, agent) => auth.signIn(ada, agent.request('POST', '/')),
  'POST /sign-in': (_bed, agent) => agent.send('POST', '/auth/sign-in', { json: { name: 'ada', password: 'x' } }),
  renew: ({ auth }, agent) => auth.renew({ ...ada, role: 'admin' }, agent.request('POST', '/')),
  refresh: ({ auth }, agent) => auth.refresh(agent.request('POST', '/'), agent.tokens.refresh === undefined ? {} : { refreshToken: agent.tokens.refresh }), // biome-ignore format: a row
  'POST /refresh': (bed, agent) => bed.refresh(agent),
  signOut: ({ auth }, agent) => auth.signOut(agent.request('POST', '/')),
  'POST /sign-out': (_bed, agent) => agent.send('POST', '/auth/sign-out'),
  'GET /session': (_bed, agent) => agent.send('GET', '/auth/session'),
  'GET /sessions': (_bed, agent) => agent.send('GET', '/auth/sessions'),
  'DELETE /sessions': (_bed, agent) => agent.send('DELETE', '/auth/sessions'),
  'DELETE /sessions?others': (_bed, agent) => agent.send('DELETE', '/auth/sessions?others=true'),
  'sessions.list': ({ auth }) => auth.sessions.list('ada'),
  'sessions.revoke': async (bed) => bed.auth.sessions.revoke(await anyId(bed)),
  'DELETE /sessions/:id': async (bed, agent) => agent.send('DELETE', `/auth/sessions/${await anyId(bed)}`),
  'sessions.revokeAll': ({ auth }) => auth.sessions.revokeAll('ada'),
  'sessions.update': ({ auth }) => auth.sessions.update({ ...ada, role: 'admin' }),
}

/** The id of a session of ada, without a call that counts. */
async function anyId({ raw }: Bench): Promise<string> {
  return (await raw.listByUser(userHandle('ada'))).sessions[0]?.id ?? ''
}

/** How a call fails, and the code that it fails with. */
const failures: readonly (readonly [Fault, string])[] = [
  ['reject', 'ERR_STORE_UNAVAILABLE'],
  ['throw', 'ERR_STORE_UNAVAILABLE'],
  ['garbage', 'ERR_STORE_UNAVAILABLE'],
  ['apply-then-reject', 'ERR_STORE_UNAVAILABLE'],
  ['hang', 'ERR_STORE_TIMEOUT'],
  ['apply-then-hang', 'ERR_STORE_TIMEOUT'],
]

const unhandled: unknown[] = []
const note = (reason: unknown): void => void unhandled.push(reason)

beforeEach(() => {
  unhandled.length = 0
  process.on('unhandledRejection', note)
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
  process.off('unhandledRejection', note)
})

interface Outcome {
  readonly code: string
  /** What somebody was granted or told, if it was no failure. */
  readonly answer?: unknown
}

/** Runs to the end; a call that hangs is timed out, and nothing else waits for time. */
async function run(work: Promise<unknown>): Promise<Outcome> {
  let outcome: Outcome | undefined
  work.then(
    (answer) => {
      const response = answer instanceof Response ? answer : undefined
      outcome =
        response === undefined || response.status < 500 ? { code: 'none', answer } : { code: String(response.status) }
    },
    (error: unknown) => {
      outcome = { code: isAuthError(error) ? error.code : `no AuthError: ${String(error)}` }
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/hss1\.|hsr1\.|eyJ/)
    },
  )
  for (let turns = 0; outcome === undefined && turns < 500; turns += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    if (turns % 20 === 19) vi.advanceTimersByTime(2_000)
  }
  return outcome ?? { code: 'hung' }
}

describe.each(withStore.filter(([kind, transport]) => transport === (kind === 'hybrid' ? 'split' : 'cookie')))(
  '%s over %s, whatever call of the store fails (R17)',
  (kind, transport) => {
    test.each(Object.keys(calls))('%s', async (name) => {
      const call = calls[name] as (typeof calls)[string]
      for (const [fault, code] of failures) {
        let calledAll = false
        for (let k = 1; !calledAll && k < 12; k += 1) {
          const strategy = kind === 'session' ? { touchAfter: 0 } : { keys: instantRing }
          const bed = bench(kind, { transport, strategy })
          const agent = await bed.signedIn()
          await bed.signedIn()
          bed.clock.advance('1m')
          const held = agent.copy()
          bed.store.reset()
          let failed: string | undefined
          bed.store.plan(({ index, method }) => {
            if (index !== k) return undefined
            failed = method
            return fault
          })
          const outcome = await run(call(bed, agent))
          const where = `${fault} on call ${k}, ${failed}`
          calledAll = failed === undefined
          if (calledAll) {
            expect(outcome.code, where).toBe('none')
            continue
          }
          // A touch is nobody's answer: it comes after it.
          const touch = failed === 'replace' && kind === 'session' && /authenticate|GET|DELETE/.test(name)
          if (!touch) {
            expect(outcome.code, where).toBe(/ \//.test(name) ? '503' : code)
            expect([...agent.cookies], where).toEqual([...held.cookies])
            expect(agent.tokens, where).toEqual(held.tokens)
          }
          bed.store.plan()
          await run(bed.auth.close())
          // Nothing is left half done: whoever did not ask for an end is signed in, or was signed in anew.
          if (!/signOut|sign-out|revoke|DELETE|signIn|sign-in|renew/.test(name) && fault !== 'apply-then-hang') {
            expect((await bed.refresh(held)).status, where).toBe(200)
          }
        }
        expect(calledAll, `${name} asks the store too often`).toBe(true)
      }
      await new Promise((resolve) => setImmediate(resolve))
      expect(unhandled).toEqual([])
    })
  },
)

describe.each(withStore)('%s over %s: when everything fails', (kind, transport) => {
  test('nobody is admitted, nobody is signed out, and events alone say why', async () => {
    const bed = bench(kind, { transport, strategy: kind === 'session' ? {} : { keys: instantRing } })
    const agent = await bed.signedIn()
    const secrets = [accessOf(agent), refreshTokenOf(agent)].filter((secret) => secret !== '')
    bed.clock.advance('1m')
    bed.store.plan(() => 'reject')
    const result = await run(bed.auth.authenticate(agent.request('GET', '/')))
    if (kind === 'hybrid') expect(result.answer).toMatchObject({ ok: true })
    else expect(result.code).toBe('ERR_STORE_UNAVAILABLE')
    for (const [method, path, json] of [
      [
        'POST',
        '/auth/refresh',
        refreshTokenOf(agent) && transport === 'bearer' ? { refresh_token: refreshTokenOf(agent) } : undefined,
      ],
      ['POST', '/auth/sign-out', undefined],
      ['POST', '/auth/sign-in', { name: 'ada', password: 'x' }],
    ] as const) {
      const response = await agent.send(method, path, json === undefined ? {} : { json })
      expect(response.status, path).toBe(503)
      expect(response.headers.get('retry-after')).toBe('1')
      expect(response.headers.getSetCookie()).toEqual([])
      const body = await response.text()
      expect(JSON.parse(body)).toMatchObject({ code: 'temporarily_unavailable' })
      expect(body).not.toContain('ERR_')
      expect(body).not.toContain('ECONNREFUSED')
    }
    const told = JSON.stringify(bed.events)
    expect(told).toContain('ERR_STORE_UNAVAILABLE')
    for (const secret of secrets) expect(told).not.toContain(secret.slice(-30))
    bed.store.plan()
    expect((await bed.refresh(agent)).status).toBe(200)
  })
})
