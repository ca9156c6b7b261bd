import { fakeClock } from '@handstamp/server/testing'
import { describe, expect, test } from 'vitest'
import { type Browser, createBrowser } from './browser/browser.ts'
import { createNetwork, type Network } from './browser/network.ts'
import { installRealms } from './browser/realm.ts'

const app = 'https://app.example'
const sibling = 'https://spa.app.example'
const foreign = 'https://evil.example'

interface Setting {
  readonly network: Network
  readonly browser: Browser
  readonly clock: ReturnType<typeof fakeClock>
}

/** A browser, and a server that answers as told. */
function open(answer: (request: Request) => Response = () => new Response('ok')): Setting {
  const clock = fakeClock()
  const network = createNetwork()
  network.serve(app, async (request) => answer(request))
  return { network, clock, browser: createBrowser({ network, clock, monotonic: () => 0 }) }
}

function setting(...lines: readonly string[]): (request: Request) => Response {
  return () => {
    const headers = new Headers()
    for (const line of lines) headers.append('set-cookie', line)
    return new Response('ok', { headers })
  }
}

const sent = ({ network }: Setting) => network.exchanges.at(-1)?.headers.get('cookie') ?? ''

describe('cookies', () => {
  test('that are HttpOnly travel and are not seen; the others are seen', async () => {
    const the = open(setting('a=1; Path=/; HttpOnly; Secure', 'b=2; Path=/'))
    const tab = the.browser.open(app)
    await tab.fetch(app)
    await tab.fetch(app)
    expect(sent(the)).toBe('a=1; b=2')
    expect(tab.visible()['document.cookie']).toBe('b=2')
  })

  test('live as long as Max-Age says, by the clock of the test, also when they are set anew', async () => {
    const the = open(setting('a=1; Path=/; Max-Age=60'))
    const tab = the.browser.open(app)
    await tab.fetch(app)
    the.clock.advance('59s')
    expect(the.browser.jar.header(app, 'strict')).toBe('a=1')
    await tab.fetch(app)
    the.clock.advance('59s')
    expect(the.browser.jar.header(app, 'strict')).toBe('a=1')
    the.clock.advance('1s')
    expect(the.browser.jar.header(app, 'strict')).toBe('')
  })

  test('with Max-Age=0 go', async () => {
    const lines = ['a=1; Path=/; Max-Age=60', 'a=; Path=/; Max-Age=0']
    const the = open(() => setting(lines.shift() ?? '')(new Request(app)))
    const tab = the.browser.open(app)
    await tab.fetch(app)
    expect([...the.browser.jar.all()]).toEqual([['a', '1']])
    await tab.fetch(app)
    expect([...the.browser.jar.all()]).toEqual([])
  })

  test('without a date of their own go with the browser, and nothing else does', async () => {
    const the = open(setting('a=1; Path=/', 'b=2; Path=/; Max-Age=60'))
    await the.browser.open(app).fetch(app)
    the.browser.close()
    expect([...the.browser.jar.all()]).toEqual([['b', '2']])
  })

  test('that are strict do not come along from another site, but from another origin of this one', async () => {
    const the = open(setting('a=1; Path=/; SameSite=Strict; Secure; HttpOnly'))
    await the.browser.open(app).fetch(app)
    const init = { mode: 'no-cors', credentials: 'include' } as const
    await the.browser.open(foreign).fetch(app, init)
    expect(sent(the)).toBe('')
    await the.browser.open(sibling).fetch(app, init)
    expect(sent(the)).toBe('a=1')
    await the.browser.open(app).fetch(app, { credentials: 'omit' })
    expect(sent(the)).toBe('')
  })

  test.each([
    ['a __Host- name with a domain', '__Host-a=1; Path=/; Secure; Domain=app.example'],
    ['a __Host- name without Secure', '__Host-a=1; Path=/'],
    ['the domain of somebody else', 'a=1; Path=/; Domain=evil.example'],
  ])('with %s are an error', async (_, line) => {
    await expect(open(setting(line)).browser.open(app).fetch(app)).rejects.toThrow()
  })
})

describe('fetch', () => {
  test('says where it comes from, whatever the page says', async () => {
    const the = open()
    const headers = { cookie: 'a=1', origin: 'https://other.example', 'sec-fetch-site': 'none', 'x-mine': '1' }
    await the.browser.open(app).fetch(`${app}/x`, { method: 'POST', body: 'x', headers })
    const { headers: found, body } = the.network.exchanges[0] ?? {}
    const names = ['cookie', 'origin', 'sec-fetch-site', 'sec-fetch-mode', 'x-mine']
    expect(names.map((name) => found?.get(name))).toEqual([null, app, 'same-origin', 'cors', '1'])
    expect(body).toBe('x')
  })

  test('keeps Set-Cookie from the page', async () => {
    const response = await open(setting('a=1; Path=/')).browser.open(app).fetch(app)
    expect([...response.headers.keys()]).not.toContain('set-cookie')
  })

  test('of another origin is read where CORS says so, with the headers that it exposes', async () => {
    const cors = { 'access-control-allow-origin': sibling, 'access-control-expose-headers': 'X-Told' }
    const the = open(() => new Response('ok', { headers: { ...cors, 'x-told': '1', 'x-kept': '1' } }))
    const response = await the.browser.open(sibling).fetch(app)
    expect([await response.text(), response.headers.get('x-told'), response.headers.get('x-kept')]).toEqual([
      'ok',
      '1',
      null,
    ])
    await expect(the.browser.open(foreign).fetch(app)).rejects.toThrow(TypeError)
    // With cookies, the server has to say that it means that.
    await expect(the.browser.open(sibling).fetch(app, { credentials: 'include' })).rejects.toThrow(TypeError)
  })

  test('asks before it sends what a form could not', async () => {
    const cors = { 'access-control-allow-origin': sibling, 'access-control-allow-headers': 'authorization' }
    const the = open(() => new Response('ok', { headers: cors }))
    const { fetch } = the.browser.open(sibling)
    await fetch(app, { headers: { authorization: 'Bearer x' } })
    expect(the.network.drain()).toEqual(['OPTIONS / 200', 'GET / 200'])
    await expect(fetch(app, { headers: { 'x-mine': '1' } })).rejects.toThrow(TypeError)
    await expect(fetch(app, { method: 'DELETE' })).rejects.toThrow(TypeError)
    expect(the.network.drain()).toEqual(['OPTIONS / 200', 'OPTIONS / 200'])
  })
})

describe('a page', () => {
  test('has storages and a clock of its own, and a server has none', async () => {
    const remove = installRealms()
    try {
      const the = open(() => new Response(`${typeof globalThis.localStorage} ${performance.now() > 0}`))
      const [first, second] = [the.browser.open(app), the.browser.open(app)]
      for (const area of ['localStorage', 'sessionStorage'] as const)
        first.run(() => globalThis[area].setItem('a', '1'))
      expect(second.run(() => [localStorage.getItem('a'), sessionStorage.getItem('a')])).toEqual(['1', null])
      expect(first.run(() => performance.now())).toBe(0)
      expect(await (await first.fetch(app)).text()).toBe('undefined true')
      the.browser.close()
      expect(first.run(() => [localStorage.getItem('a'), sessionStorage.getItem('a')])).toEqual(['1', null])
      expect(the.browser.open(sibling).run(() => localStorage.getItem('a'))).toBe(null)
    } finally {
      remove()
    }
  })
})
