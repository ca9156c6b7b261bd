import { memcachedIsInstalled } from '@handstamp/local-servers/memcached'
import { redisIsInstalled } from '@handstamp/local-servers/redis'
import { describe, expect, test } from 'vitest'
import type { Configuration } from '../configuration.ts'
import type { End } from '../ends/ends.ts'
import type { News } from '../internals.ts'
import type { Boot } from '../page.ts'
import type { SeenRequest } from '../seen.ts'
import { type Browser, openBrowser } from './browser.ts'
import { childrenOf, flags, isThere, patience, start } from './running.ts'

/** Until it holds, or the test's time is over. */
async function until<T>(ask: () => Promise<T>, holds: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask()
    if (holds(answer)) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

describe('two nodes with a memory of their own', { timeout: patience }, () => {
  test('know a session by turns, until the balance is sticky', async () => {
    const running = start(...flags('--nodes 2 --strategy session'))
    const browser = await openBrowser(running)
    const signedIn = await browser.signIn()
    expect(signedIn.headers.get('x-playground-node')).toBe('node-1')
    const byTurns = ['node-2 401', 'node-1 200']
    expect(await browser.answers(6)).toEqual([...byTurns, ...byTurns, ...byTurns])

    const changed = (await (await browser.ask('POST', '/playground/balance', { balance: 'sticky' })).json()) as object
    expect(changed).toMatchObject({ servers: { nodes: 2, balance: 'sticky', feed: 'none', shared: false } })
    const [first = ''] = await browser.answers(1)
    const again = await browser.signIn()
    expect(again.headers.get('x-playground-node')).toBe(first.split(' ')[0])
    expect(new Set(await browser.answers(4))).toEqual(new Set([`${again.headers.get('x-playground-node')} 200`]))
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('verify the same tokens, pass notes on, and are asked together about what they saw', async () => {
    const browser = await openBrowser(start(...flags('--nodes 2 --strategy token')))
    await browser.signIn()
    expect(await browser.answers(4)).toEqual(['node-2 200', 'node-1 200', 'node-2 200', 'node-1 200'])
    const { text } = (await (await browser.ask('POST', '/api/notes', { text: 'by node-2' })).json()) as { text: string }
    const notes = async () => ((await (await browser.ask('GET', '/api/notes')).json()) as { notes: object[] }).notes
    for (const _ of [1, 2]) expect(await until(notes, ({ length }) => length > 0)).toMatchObject([{ text }])

    const seen = (await (await browser.ask('GET', '/playground/requests')).json()) as { requests: SeenRequest[] }
    expect(new Set(seen.requests.map(({ node }) => node))).toEqual(new Set(['node-1', 'node-2']))
    expect(seen.requests.map(({ at }) => at)).toEqual(seen.requests.map(({ at }) => at).sort((a, b) => b - a))
    const { cookies } = (await (await browser.ask('GET', '/playground/cookies')).json()) as { cookies: object[] }
    expect(cookies).toMatchObject([{ attributes: expect.stringContaining('HttpOnly') }])
  })

  test('are switched together, with keys that both have and nobody had before', async () => {
    const browser = await openBrowser(start(...flags('--nodes 2 --strategy session')))
    await browser.signIn()
    const body = { strategy: 'token', transport: 'cookie' }
    const switched = (await (await browser.ask('POST', '/playground/configuration', body)).json()) as Configuration
    expect(switched).toMatchObject({ strategy: 'token', switches: 1 })
    expect((await browser.answers(2)).toSorted()).toEqual(['node-1 401', 'node-2 401'])
    await browser.signIn()
    expect((await browser.answers(2)).toSorted()).toEqual(['node-1 200', 'node-2 200'])
    expect((await browser.ask('POST', '/playground/configuration', { strategy: 'jwt' })).status).toBe(400)
    expect((await browser.ask('POST', '/playground/balance', { balance: 'random' })).status).toBe(400)
  })

  test('are asked with a token that nobody can end, and still accept it', async () => {
    const browser = await openBrowser(start(...flags('--nodes 2 --strategy token --access-lifetime 1m')))
    await browser.signIn()
    expect((await browser.answers(2)).toSorted()).toEqual(['node-1 200', 'node-2 200'])
    const signedOut = (await (await browser.ask('POST', '/auth/sign-out')).json()) as { validUntil: number }
    const [end] = await until(
      () => ends(browser),
      ([first]) => first?.asked.every(({ accepted }) => accepted > 2) === true,
    )
    expect(end).toMatchObject({ kind: 'token', asked: [{ node: 'node-1' }, { node: 'node-2' }] })
    for (const each of end?.asked ?? []) expect(each).not.toHaveProperty('refused')
    expect(end?.until).toBe(signedOut.validUntil)
    const seen = (await (await browser.ask('GET', '/playground/requests')).json()) as { requests: SeenRequest[] }
    expect(seen.requests.filter(({ request }) => request.path === '/api/me')).toHaveLength(2)
  })

  test('show the same of an attack, whichever answers', async () => {
    const browser = await openBrowser(start(...flags('--nodes 2 --strategy token')))
    await browser.signIn()
    const found = async () => {
      const page = await (await browser.ask('GET', '/')).text()
      const boot = JSON.parse(/id="boot">([^<]*)</.exec(page)?.[1] ?? '') as Boot
      return { node: boot.configuration.node, found: boot.found }
    }
    expect(await found()).toMatchObject({ found: [] })
    await browser.ask('POST', '/playground/attacks/forgery/run', { storage: 'cookie' })
    const views = await until(
      async () => [await found(), await found()],
      (all) => all.every((view) => view.found.length > 0),
    )
    expect(views.map(({ node }) => node).toSorted()).toEqual(['node-1', 'node-2'])
    expect(views[0]?.found).toMatchObject([{ id: 'forgery', storage: 'cookie', finding: { verdict: 'fails' } }])
    expect(views[1]?.found).toEqual(views[0]?.found)

    await browser.ask('POST', '/playground/configuration', { strategy: 'session', transport: 'cookie' })
    for (const _ of [1, 2]) expect(await found()).toMatchObject({ found: [] })
  })

  test('end with their parent, however that ends', async () => {
    const running = start(...flags('--nodes 2'))
    await openBrowser(running)
    const nodes = await childrenOf(running.child.pid ?? 0)
    if (nodes.length === 0) return
    expect(nodes.length).toBeGreaterThanOrEqual(2)
    running.child.kill('SIGKILL')
    await running.ended
    await until(
      async () => nodes.filter(isThere),
      ({ length }) => length === 0,
    )
  })
})

describe.skipIf(!redisIsInstalled())('nodes that share a Redis', { timeout: patience }, () => {
  test('find each other’s sessions, cache them, and forget them when the feed says so', async () => {
    const running = start(...flags('--nodes 3 --store redis --cache 5s --strategy session'))
    const browser = await openBrowser(running)
    await browser.signIn()
    expect(new Set(await browser.answers(6))).toEqual(new Set(['node-1 200', 'node-2 200', 'node-3 200']))
    const known = await browser.ask('GET', '/api/me')
    expect(known.headers.get('x-playground-cache')).toBe('hit')
    expect(known.headers.get('x-playground-commands')).toBe('')

    await browser.ask('DELETE', `/auth/sessions/${await idOf(browser)}`)
    const feed = async () => (await newsOf(browser)).nodes
    const views = await until(feed, (nodes) => nodes.every(({ heard }) => heard.length > 0))
    expect(views.flatMap(({ told }) => told)).toMatchObject([{ kind: 'session' }])
    expect((await browser.answers(3)).toSorted()).toEqual(['node-1 401', 'node-2 401', 'node-3 401'])
    running.child.kill('SIGTERM')
    expect((await running.ended).code).toBe(0)
  })

  test.each([
    ['a session that both cache', '--strategy session --cache 5s'],
    ['an access token', '--strategy hybrid --cache 5s'],
    ['a token with a record', '--strategy token'],
  ])('both refuse %s, and it is known how soon', async (_, line) => {
    const browser = await openBrowser(start(...flags(`--nodes 2 --store redis ${line}`)))
    await browser.signIn()
    expect((await browser.answers(6)).every((answer) => answer.endsWith('200'))).toBe(true)
    expect((await browser.ask('POST', '/auth/sign-out')).status).toBe(204)
    const [end] = await until(() => ends(browser), areRefused)
    expect(end?.asked.map(({ node }) => node)).toEqual(['node-1', 'node-2'])
    for (const { refused } of end?.asked ?? []) {
      expect(refused).toBeGreaterThan(0)
      // Far from the bound of 5 s, by which a near-cache would have noticed by itself.
      expect(refused).toBeLessThan(2_500)
    }
  })

  test('hybrid: refreshes anywhere, and an access token dies everywhere', async () => {
    const browser = await openBrowser(start(...flags('--nodes 2 --store redis')))
    await browser.signIn()
    for (const _ of [1, 2]) expect((await browser.ask('POST', '/auth/refresh')).status).toBe(200)
    expect((await browser.answers(2)).toSorted()).toEqual(['node-1 200', 'node-2 200'])
    await browser.ask('DELETE', `/auth/sessions/${await idOf(browser)}`)
    const refused = (answers: readonly string[]) => answers.every((answer) => answer.endsWith('401'))
    await until(() => browser.answers(2), refused)
  })
})

describe.skipIf(!memcachedIsInstalled())('nodes that share a memcached', { timeout: patience }, () => {
  test('and cache without a feed: one goes on until its cache is as old as it may be', async () => {
    const browser = await openBrowser(start(...flags('--nodes 2 --store memcached --cache 2s --strategy session')))
    await browser.signIn()
    expect((await browser.answers(4)).every((answer) => answer.endsWith('200'))).toBe(true)
    await browser.ask('POST', '/auth/sign-out')
    const [accepting] = await until(
      () => ends(browser),
      ([end]) => end?.asked.some(({ accepted }) => accepted > 2) === true,
    )
    expect(accepting?.until).toBeCloseTo((accepting?.at ?? 0) + 2_000, 0)
    const [end] = await until(() => ends(browser), areRefused)
    const latest = Math.max(...(end?.asked.map(({ refused }) => refused ?? 0) ?? []))
    expect(latest).toBeGreaterThan(500)
    expect(latest).toBeLessThan(4_000)
  })
})

async function newsOf(browser: Browser): Promise<News> {
  return (await (await browser.ask('GET', '/playground/feed')).json()) as News
}

const ends = async (browser: Browser): Promise<readonly End[]> => (await newsOf(browser)).ends

function areRefused([end]: readonly End[]): boolean {
  return end?.asked.every(({ refused }) => refused !== undefined) === true
}

async function idOf(browser: Browser): Promise<string> {
  const { sessions } = (await (await browser.ask('GET', '/auth/sessions')).json()) as { sessions: { id: string }[] }
  return sessions[0]?.id ?? ''
}
