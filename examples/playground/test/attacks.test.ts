import { type Agent, createAgent } from '@handstamp/server/testing'
import { afterEach, describe, expect, test } from 'vitest'
import type { User } from '../accounts.ts'
import { type App, createApp } from '../app.ts'
import type { Finding, Step } from '../attacks/attack.ts'
import { readCommand } from '../flags.ts'
import { listen } from '../listen.ts'
import type { SeenRequest } from '../seen.ts'
import { legal } from './visitor.ts'

const users: readonly User[] = [
  { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', role: 'admin' },
  { id: 'grace', name: 'Grace Hopper', email: 'grace@example.com', role: 'member' },
]
// Whose password is right is not what is attacked here, and a hash is slow on purpose.
const accounts = {
  verify: async ({ email }: { readonly email: string }) => users.find((user) => user.email === email) ?? null,
}

interface World {
  readonly origin: string
  readonly app: App
  /** Ada's browser. */
  readonly ada: Agent
  step(id: string, name: string, body?: Record<string, unknown>): Promise<Step>
  run(id: string, body?: Record<string, unknown>): Promise<Finding>
}

const endings: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const end of endings.splice(0)) await end()
})

/** A playground that really listens, since the attackers come over the network. */
async function open(...args: string[]): Promise<World> {
  const command = readCommand(args)
  if (command.kind !== 'serve') throw new Error(command.kind)
  const listening = await listen(0)
  const origin = `http://localhost:${listening.port}`
  const app = await createApp(origin, command.flags, accounts)
  listening.serve(app.fetch, origin)
  endings.push(async () => {
    await listening.close()
    await app.close()
  })
  const ada = createAgent({ origin, handler: (request) => fetch(request) }, command.flags.transport)
  const signedIn = await ada.send('POST', '/auth/sign-in', { json: { email: 'ada@example.com', password: 'x' } })
  expect(signedIn.status).toBe(200)

  async function step(id: string, name: string, body: Record<string, unknown> = {}): Promise<Step> {
    const response = await fetch(ada.request('POST', `/playground/attacks/${id}/${name}`, { json: body }))
    expect(response.status, `${id} ${name}`).toBe(200)
    return (await response.json()) as Step
  }
  return {
    origin,
    app,
    ada,
    step,
    run: async (id, body) => findingOf(await step(id, 'run', body)),
  }
}

function findingOf(step: Step): Finding {
  if (!('finding' in step)) throw new Error('there is no finding')
  return step.finding
}

function told(step: Step): Readonly<Record<string, unknown>> {
  return 'told' in step ? step.told : {}
}

describe.each(legal)('$strategy by $transport $more', ({ strategy, transport, more }) => {
  const flags = ['--strategy', strategy, '--transport', transport, ...more]
  const stateless = strategy === 'token' && more.length === 0

  test('what is forged or planted is let in as nobody else', async () => {
    const { run } = await open(...flags)
    const forgery = await run('forgery')
    expect(forgery.verdict).toBe('fails')
    expect(forgery.facts[0]?.answer).toBe('200, as Grace Hopper (member)')
    expect(forgery.facts.slice(1).map(({ answer }) => answer)).toEqual(
      Array.from({ length: strategy === 'session' ? 3 : 4 }, () => '401 invalid_token'),
    )
    const fixation = await run('fixation')
    expect(fixation.verdict).toBe('fails')
    expect(fixation.facts.some(({ answer }) => answer === '200, as Ada Lovelace (admin)')).toBe(false)
  })

  test('the store is shown as it is, and holds nothing that is let in', async () => {
    const { run, ada } = await open(...flags)
    const finding = await run('store')
    if (stateless) {
      expect(finding).toMatchObject({ verdict: 'nothing', facts: [] })
      return
    }
    expect(finding.verdict).toBe('fails')
    expect(finding.facts.length).toBeGreaterThanOrEqual(2)
    for (const { answer } of finding.facts) expect(answer).toMatch(/^40[01] invalid_(?:token|grant)$/)
    expect(finding.shown).toContain('"userId": "ada"')
    const held = [...ada.cookies.values(), ada.tokens.access, ada.tokens.refresh].filter((text) => text !== undefined)
    for (const credential of held) expect(finding.shown).not.toContain(credential.slice(22))
  })

  test('loot is as good as what it is let do', async () => {
    const { run, ada } = await open(...flags)
    expect(await run('script', { loot: [{ place: 'localStorage', credentials: [] }], acted: 200 })).toMatchObject({
      verdict: 'fails',
      facts: [{ answer: 'nothing', good: true }, { what: 'From the page itself: GET /api/me' }],
    })
    const { access, refresh } = ada.tokens
    const credentials = [access, refresh].filter((text) => text !== undefined)
    if (credentials.length === 0) return
    const finding = await run('script', { loot: [{ place: 'memory', credentials }] })
    expect(finding.verdict).toBe(transport === 'split' ? 'limited' : 'succeeds')
    expect(finding.why).toContain('memory')
    for (const credential of credentials) expect(JSON.stringify(finding)).not.toContain(credential.slice(22))
    const forged = [{ place: 'localStorage', credentials: ['eyJhbGciOiJub25lIn0.e30.'] }]
    expect(await run('script', { loot: forged })).toMatchObject({ verdict: 'fails' })
  })
})

describe('a page of another origin', () => {
  test.each(['cross-site', 'same-site'])('%s: what arrives is told, and judged by the harm', async (id) => {
    const { step, origin } = await open('--strategy', 'session')
    const { origin: from } = told(await step(id, 'open'))
    const page = await (await fetch(String(from))).text()
    expect(page).toContain(origin)
    expect((await fetch(`${from}/other`)).status).toBe(404)

    expect(findingOf(await step(id, 'judge', { read: [] })).verdict).toBe('nothing')
    const headers = { origin: String(from), 'sec-fetch-site': id }
    await fetch(`${origin}/auth/sign-out`, { method: 'POST', headers })
    await fetch(`${origin}/api/me`, { headers: { referer: `${from}/`, cookie: 'handstamp=1' } })
    const listed = await fetch(`${origin}/playground/requests`)
    const { requests } = (await listed.json()) as { readonly requests: readonly SeenRequest[] }
    const arrived = requests.filter(({ request }) => request.from === from)
    expect(arrived).toHaveLength(2)
    const finding = findingOf(await step(id, 'judge', { arrived, read: [] }))
    expect(finding.verdict).toBe('fails')
    expect(finding.facts.map(({ what, good }) => [what, good])).toEqual([
      ['GET /api/me, by fetch', undefined],
      ['POST /auth/sign-out, by fetch', true],
      ['What its script could read', true],
      ['A note of its own', true],
      ['You', true],
    ])

    for (const harm of [{ signedOut: true }, { written: true }, { read: ['GET /api/me'] }])
      expect(findingOf(await step(id, 'judge', harm)).verdict).toBe('succeeds')
  })

  test('its server listens from the first such attack on, and ends with the application', async () => {
    const { step, app } = await open('--strategy', 'session')
    const { origin: from } = told(await step('cross-site', 'open'))
    expect(from).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    await app.close()
    await expect(fetch(String(from))).rejects.toThrow()
  })
})

describe('a spent refresh token', () => {
  const pause = (milliseconds: unknown) => new Promise((resolve) => setTimeout(resolve, Number(milliseconds)))
  const brought = ({ tokens }: Agent) => ({ refreshToken: tokens.refresh })

  test.each(['cookie', 'bearer', 'split'])(
    '%s: forgiven within the grace, and the end of both after it',
    async (way) => {
      const { step, ada } = await open('--strategy', 'hybrid', '--transport', way, '--grace', '200ms')
      const refresh = () =>
        ada.send('POST', '/auth/refresh', way === 'bearer' ? { json: { refresh_token: ada.tokens.refresh } } : {})
      if (way === 'split') delete ada.tokens.access
      expect(told(await step('spent-token', 'copy', brought(ada)))).toEqual({})
      expect(told(await step('spent-token', 'within', brought(ada))).again).toBeGreaterThan(200)
      expect((await refresh()).status).toBe(200)
      const { wait } = told(await step('spent-token', 'within', brought(ada)))
      await pause(wait)
      await step('spent-token', 'after')
      if (way === 'split') delete ada.tokens.access
      const victim = await refresh()
      expect(victim.status).toBe(400)
      const finding = findingOf(await step('spent-token', 'judge', { victimOut: true }))
      expect(finding.verdict).toBe('fails')
      expect(finding.facts.map(({ what, answer }) => [what, answer])).toEqual([
        ['You exchanged', expect.stringMatching(/^hsr1\..*•••/)],
        ['The copy within the grace: POST /auth/refresh', '200'],
        ['What it brought', 'the very token that you got: no second line'],
        ['The copy after the grace: POST /auth/refresh', '400 invalid_grant'],
        ['The thief’s successor: POST /auth/refresh', '400 invalid_grant'],
        ['The thief’s access token: GET /api/me', expect.any(String)],
        ['You: POST /auth/refresh', 'signed out'],
      ])
    },
  )

  test.each(['session', 'token'])('%s has none', async (strategy) => {
    const { step } = await open('--strategy', strategy)
    expect(findingOf(await step('spent-token', 'copy')).verdict).toBe('nothing')
  })
})

test('of nodes that share no store nothing can be told', async () => {
  const { run } = await open('--nodes', '2')
  expect(await run('store')).toMatchObject({ verdict: 'nothing', why: expect.stringContaining('share no store') })
})

describe('who may ask', () => {
  test.each<[string, string, string, Record<string, string>, number]>([
    ['another site', 'POST', 'store/run', { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['the attacker’s own page', 'POST', 'store/run', { 'sec-fetch-site': 'same-site' }, 403],
    ['a link', 'GET', 'store/run', {}, 405],
    ['an attack that is none', 'POST', 'guess/run', {}, 404],
    ['a step that is none', 'POST', 'store/toString', {}, 404],
    ['no JSON', 'POST', 'store/run', { 'content-type': 'text/plain' }, 415],
  ])('%s', async (_who, method, path, headers, status) => {
    const { origin } = await open()
    const sent = { origin, 'content-type': 'application/json', ...headers }
    const body = method === 'GET' ? {} : { body: '{}' }
    const response = await fetch(`${origin}/playground/attacks/${path}`, { method, headers: sent, ...body })
    expect(response.status).toBe(status)
  })
})
