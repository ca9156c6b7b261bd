import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Configuration } from '../configuration.ts'
import { type AskedNode, createEnds, type End, type Ended, type Ends } from '../ends/ends.ts'
import type { Held } from '../ends/held.ts'
import type { News } from '../internals.ts'
import { now } from '../now.ts'
import { tellAsked, tellEnd } from '../page/ends-story.ts'
import { openApp, type Visitor, visitorOf } from './visitor.ts'

const opened = new Set<{ close(): unknown }>()
afterEach(async () => {
  for (const each of opened) await each.close()
  opened.clear()
})

/** Nodes that answer by what is planned for each, the last of it for ever. */
function endsOf(...plans: readonly (readonly number[])[]): { ends: Ends; asked: Record<string, string>[] } {
  const asked: Record<string, string>[] = []
  const nodes = plans.map((plan, index): AskedNode => {
    const left = [...plan]
    return {
      name: `node-${index + 1}`,
      async ask(headers) {
        asked.push(headers)
        return (left.length > 1 ? left.shift() : left[0]) ?? 401
      },
    }
  })
  const ends = createEnds(nodes)
  opened.add(ends)
  return { ends, asked }
}

const handle = 'AAAAAAAAAAAAAAAA'
const held = (name: string, more: Partial<Held> = {}): Held => ({
  id: `${handle}.${name}`,
  kind: 'session',
  switches: 0,
  header: ['cookie', `handstamp=${name}`],
  ...more,
})
const ended = (which: Ended['which'], more: Partial<Ended> = {}): Ended => ({
  which,
  at: now(),
  node: 'node-1',
  switches: 0,
  ...more,
})
const isOver = ({ asked }: End) => asked.every(({ refused, left }) => refused !== undefined || left)

describe('what has ended is asked with', () => {
  test('until each node refuses it, and no longer', async () => {
    const { ends, asked } = endsOf([401], [200, 200, 503, 401])
    ends.held(held('one'))
    ends.held(held('other'))
    ends.ended(ended({ id: held('one').id }, { within: 5_000 }))
    await vi.waitUntil(() => ends.view().every(isOver))
    const [end] = ends.view()
    expect(end).toMatchObject({ id: held('one').id, node: 'node-1', asked: [{ accepted: 0 }, { accepted: 2 }] })
    const [first = 0, second = 0] = end?.asked.map(({ refused }) => refused) ?? []
    expect(first).toBeGreaterThanOrEqual(0)
    expect(second).toBeGreaterThan(first)
    expect(end?.until).toBe((end?.at ?? 0) + 5_000)
    expect(asked).toHaveLength(5)
    expect(new Set(asked.map(({ cookie }) => cookie))).toEqual(new Set(['handstamp=one']))
  })

  test.each([
    ['one', { id: held('one').id }, ['one']],
    ['all of a user', { handle }, ['one', 'three', 'two']],
    ['all but one', { handle, except: held('two').id }, ['one', 'three']],
    ['another user', { handle: 'BBBBBBBBBBBBBBBB' }, []],
  ] as const)('%s', (_, which, names) => {
    const { ends } = endsOf([200])
    for (const name of ['one', 'two', 'three']) ends.held(held(name))
    ends.held(held('of yesterday', { switches: 7 }))
    ends.ended(ended(which))
    expect(
      ends
        .view()
        .map(({ id }) => id.split('.')[1])
        .sort(),
    ).toEqual(names)
  })

  test('by what the request brought, where nothing was seen before; an expired token tells nothing', () => {
    const { ends } = endsOf([200])
    const own = held('own', { kind: 'token', expiresAt: now() + 9_000 })
    ends.ended(ended({ id: own.id }, { own, within: 1_000 }))
    expect(ends.view()).toMatchObject([{ id: own.id, kind: 'token', until: own.expiresAt }])
    const late = held('late', { kind: 'token', expiresAt: now() - 1 })
    ends.ended(ended({ id: late.id }, { own: late }))
    expect(ends.view()).toHaveLength(1)
  })

  test('no more once another configuration is in force', async () => {
    const { ends } = endsOf([200, 409])
    ends.held(held('one'))
    ends.ended(ended({ id: held('one').id }))
    await vi.waitUntil(() => ends.view().length === 0)
  })
})

describe('a playground of one node', () => {
  async function open(...flags: string[]): Promise<Visitor> {
    const app = await openApp(...flags)
    opened.add(app)
    const visitor = visitorOf(app, flags.includes('bearer') ? 'bearer' : 'cookie')
    await visitor.signIn()
    expect((await visitor.visit('GET', '/api/me')).status).toBe(200)
    return visitor
  }
  const ends = async ({ visit }: Visitor) => ((await (await visit('GET', '/playground/feed')).json()) as News).ends
  const settled = (visitor: Visitor) =>
    vi.waitUntil(async () => {
      const [end] = await ends(visitor)
      return end !== undefined && (isOver(end) || (end.asked[0]?.accepted ?? 0) > 2) ? end : undefined
    })

  test.each([
    ['session', 'cookie', []],
    ['session', 'bearer', ['--cache', '5s']],
    ['token', 'cookie', ['--store', 'memory']],
    ['hybrid', 'bearer', []],
  ])('%s over %s refuses what was signed out', async (strategy, transport, more) => {
    const visitor = await open('--strategy', strategy, '--transport', transport, ...more)
    expect((await visitor.visit('POST', '/auth/sign-out')).status).toBe(204)
    const end = await settled(visitor)
    expect(end).toMatchObject({ node: 'node-1', asked: [{ node: 'node-1', refused: expect.any(Number) }] })
    expect(await ends(visitor)).toHaveLength(1)
  })

  test('a token that nobody can end is still accepted, until it expires', async () => {
    const visitor = await open('--strategy', 'token', '--access-lifetime', '1m')
    expect((await visitor.visit('POST', '/auth/sign-out')).status).toBe(200)
    const { asked, until, at } = await settled(visitor)
    expect(asked).toEqual([{ node: 'node-1', accepted: expect.any(Number) }])
    expect((until ?? 0) - at).toBeLessThanOrEqual(60_000)
    expect((until ?? 0) - at).toBeGreaterThan(50_000)
  })

  test('another device’s session, and what is asked stays out of the list of requests', async () => {
    const app = await openApp('--strategy', 'session')
    opened.add(app)
    const [here, there] = [visitorOf(app, 'cookie'), visitorOf(app, 'cookie')]
    for (const visitor of [here, there]) {
      await visitor.signIn()
      await visitor.visit('GET', '/api/me')
    }
    expect((await here.visit('DELETE', '/auth/sessions?others=true')).status).toBe(204)
    const end = await settled(here)
    expect((await here.visit('GET', '/api/me')).status).toBe(200)
    expect((await there.visit('GET', '/api/me')).status).toBe(401)
    expect(await ends(here)).toHaveLength(1)
    const { requests } = (await (await here.visit('GET', '/playground/requests')).json()) as {
      requests: { request: { path: string } }[]
    }
    expect(requests.filter(({ request }) => request.path === '/api/me')).toHaveLength(4)
    const told = JSON.stringify(await ends(here))
    for (const credential of [...here.given, ...there.given]) expect(told).not.toContain(credential)
    expect(told).toContain(end.id)
  })
})

describe('an end in words', () => {
  const configuration = (feed: string, cache?: number) => ({ servers: { feed, cache } }) as unknown as Configuration
  const end = (...asked: readonly object[]) =>
    ({ kind: 'session', until: 0, asked: asked.map((each) => ({ accepted: 0, ...each })) }) as unknown as End

  test.each<[object, string]>([
    [{ refused: 3.14 }, 'after 3.1 ms'],
    [{ refused: 1_500, accepted: 1 }, 'after 1.5 s, accepted once before'],
    [{ refused: 12, accepted: 7 }, 'after 12.0 ms, accepted 7 times before'],
    [{}, 'asking'],
    [{ left: true }, 'no answer'],
    [{ accepted: 2 }, 'still accepts it, until it expires'],
  ])('of one node: %o', (given, text) => {
    expect(tellAsked({ node: 'node-1', accepted: 0, ...given }, {}).text).toBe(text)
  })

  test('of all nodes', () => {
    const all = tellEnd(end({ refused: 2 }, { refused: 4.2 }), configuration('redis'))
    expect(all).toEqual({ text: 'Every node refused it within 4.2 ms.', tone: 'good' })
    expect(tellEnd(end({ refused: 2 }), configuration('redis')).text).toBe('It was refused within 2.0 ms.')
    expect(tellEnd(end({ refused: 2 }, {}), configuration('none'))).toEqual({
      text: 'Asking with it until it is refused.',
    })
    const half = tellEnd(end({ refused: 2 }, { accepted: 3 }), configuration('none', 5_000))
    expect(half).toMatchObject({
      text: expect.stringMatching(/^1 of 2 nodes still accepts it, until .* at most: a near-cache/),
      tone: 'bad',
    })
    const token = { ...end({ accepted: 3 }), kind: 'token' as const }
    expect(tellEnd(token, configuration('none')).text).toMatch(
      /^It is still accepted, until .* at most: a token.*no feed/,
    )
    expect(tellEnd(token, configuration('redis')).text).toMatch(/news has not arrived/)
  })
})
