import { describe, expect, test } from 'vitest'
import type { Configuration } from '../configuration.ts'
import { openApp, visitorOf } from './visitor.ts'

const paths = ['/playground/requests', '/playground/cookies', '/playground/configuration']

describe('who may ask', () => {
  test.each<[string, Record<string, string>, number]>([
    ['the page itself', {}, 200],
    ['a client that is no browser', { 'sec-fetch-site': '' }, 200],
    ['a page of another site', { 'sec-fetch-site': 'cross-site', origin: 'http://evil.example' }, 403],
    ['a page of another port', { 'sec-fetch-site': 'same-site', origin: 'http://localhost:4601' }, 403],
    ['a script or image tag elsewhere', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a name that resolves to this machine', { host: 'rebound.example:4600' }, 403],
    ['a host of another port', { host: 'localhost:4601' }, 403],
    ['an unknown origin without Fetch Metadata', { 'sec-fetch-site': '', origin: 'null' }, 403],
  ])('%s', async (_who, headers, status) => {
    const app = await openApp()
    for (const path of paths) {
      const sent = new Headers({ host: 'localhost:4600', 'sec-fetch-site': 'same-origin', ...headers })
      if (headers['sec-fetch-site'] === '') sent.delete('sec-fetch-site')
      const response = await app.fetch(new Request(`http://localhost:4600${path}`, { headers: sent }))
      expect(response.status, path).toBe(status)
      expect(response.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  test('what is not there is 404, what is not allowed 405', async () => {
    const visitor = visitorOf(await openApp(), 'cookie')
    expect((await visitor.visit('GET', '/playground/secrets')).status).toBe(404)
    expect((await visitor.visit('DELETE', '/playground/requests')).status).toBe(405)
  })
})

describe('the live configuration', () => {
  const switchTo = (strategy: string, transport: string) => ({ body: { strategy, transport } })

  test('tells the pairs, and why some cannot be, in the words of the library', async () => {
    const visitor = visitorOf(await openApp('--access-lifetime', '20m'), 'cookie')
    const configuration = (await (await visitor.visit('GET', '/playground/configuration')).json()) as Configuration
    expect(configuration).toMatchObject({ strategy: 'hybrid', transport: 'cookie', store: 'memory', node: 'node-1' })
    const problems = configuration.pairs.flatMap(({ strategy, transport, problem }) =>
      problem === undefined ? [] : [`${strategy} ${transport}: ${problem}`],
    )
    expect(problems).toEqual([
      expect.stringMatching(/^session split: .*hybrid/),
      expect.stringMatching(/^token cookie: .*15m/),
      expect.stringMatching(/^token bearer: .*15m/),
      expect.stringMatching(/^token split: /),
      expect.stringMatching(/^token\+store split: .*hybrid/),
    ])
  })

  test('a switch starts over: what was signed in before is unknown', async () => {
    const app = await openApp('--strategy', 'session', '--transport', 'cookie')
    const visitor = visitorOf(app, 'cookie')
    await visitor.signIn()
    const switched = await visitor.visit('POST', '/playground/configuration', switchTo('hybrid', 'cookie'))
    expect(await switched.json()).toMatchObject({ strategy: 'hybrid', transport: 'cookie', switches: 1 })
    expect((await visitor.visit('GET', '/api/me')).status).toBe(401)
    await visitor.visit('POST', '/playground/configuration', switchTo('session', 'cookie'))
    expect((await visitor.visit('GET', '/api/me')).status).toBe(401)
    expect((await visitor.signIn()).status).toBe(200)
    expect((await visitor.visit('GET', '/api/me')).status).toBe(200)
  })

  test('a stateless token of before is signed by a key that is gone', async () => {
    const app = await openApp('--strategy', 'token', '--transport', 'bearer')
    const visitor = visitorOf(app, 'bearer')
    await visitor.signIn()
    expect((await visitor.visit('GET', '/api/me')).status).toBe(200)
    await visitor.visit('POST', '/playground/configuration', switchTo('session', 'bearer'))
    await visitor.visit('POST', '/playground/configuration', switchTo('token', 'bearer'))
    expect((await visitor.visit('GET', '/api/me')).status).toBe(401)
  })

  test.each<[string, number, unknown, Record<string, string>]>([
    ['an illegal pair', 409, { strategy: 'session', transport: 'split' }, {}],
    ['an unknown pair', 400, { strategy: 'jwt', transport: 'cookie' }, {}],
    ['nothing', 400, {}, {}],
    ['a form', 415, 'strategy=session&transport=cookie', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['JSON as text', 415, '{"strategy":"session","transport":"cookie"}', { 'content-type': 'text/plain' }],
    ['broken JSON', 400, '{"strategy":', {}],
    ['too much', 413, `{"strategy":"${'x'.repeat(20_000)}"}`, {}],
    ['another site', 403, { strategy: 'session', transport: 'cookie' }, { 'sec-fetch-site': 'cross-site' }],
    ['another origin', 403, { strategy: 'session', transport: 'cookie' }, { origin: 'http://localhost:4601' }],
  ])('%s is refused, and nothing changes', async (_what, status, body, headers) => {
    const visitor = visitorOf(await openApp(), 'cookie')
    await visitor.signIn()
    const response = await visitor.visit('POST', '/playground/configuration', { body, headers })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect((await visitor.visit('GET', '/api/me')).status).toBe(200)
  })
})
