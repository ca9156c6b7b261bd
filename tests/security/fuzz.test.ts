import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exchange } from '../wire/exchange.ts'
import { pairs } from '../wire/outward-answers.ts'
import { type Draw, draws } from './fuzz-draws.ts'
import { type Allowed, openWorld, type Rendered, type World } from './fuzz-world.ts'

/** Fixed, so that two runs are the same run; another one by HANDSTAMP_SEED. What fails prints it with the path to the input. */
const seed = Number(process.env.HANDSTAMP_SEED ?? 20_270_214)

/** How many requests in all, and for how long at most. */
const runs = Number(process.env.HANDSTAMP_FUZZ ?? 22_000)
const seconds = Number(process.env.HANDSTAMP_FUZZ_SECONDS ?? 120)

const settings = [
  ...pairs.map(({ strategy, transport }) => [strategy, transport] as const),
  ['hybrid', ['cookie', 'bearer', 'split']],
  ['session', ['bearer', 'cookie']],
] as const

/** Milliseconds that no request of a few kilobytes may hold everybody else up. Not a measure: it is to be met on any machine. */
const absurd = 1_000

describe.each(settings)('R15: whatever is asked of %s over %s', (strategy, transport) => {
  let world: World
  beforeAll(async () => {
    world = await openWorld(strategy, transport)
  })
  afterAll(() => world.served.stop())

  const each = Math.ceil(runs / settings.length)
  const limits = (share: number) => ({
    seed,
    interruptAfterTimeLimit: (seconds * 1_000 * share) / settings.length,
    markInterruptAsFailure: false,
  })

  test(`nothing is thrown, taken or written that should not be, in ${each} requests (seed ${seed})`, {
    timeout: 600_000,
  }, async () => {
    const longest = { took: 0, asked: '' }
    const taken = new Map<string, number>()
    let asked = 0
    await fc.assert(
      fc.asyncProperty(draws, async (draw) => {
        asked += 1
        const rendered = world.render(draw)
        const allowed = world.allowed(rendered)
        const took = await timed(() => judge(world, draw, rendered, allowed, taken))
        if (took > longest.took) Object.assign(longest, { took, asked: `${draw.ask} ${draw.method} ${draw.path}` })
        // A machine that does other things may be slow once.
        if (took > absurd) expect(await timed(() => judge(world, draw, rendered, world.allowed(rendered), taken))).toBeLessThan(absurd) // biome-ignore format: one row
      }),
      { ...limits(0.8), numRuns: each },
    )
    console.log(`${world.name}: ${asked} requests, the longest ${longest.took.toFixed(1)} ms (${longest.asked})`)
    // Beside everything that was refused stands what went through by the same ways.
    for (const ask of ['authenticate', 'refresh', 'renew', 'route']) expect(taken.get(ask) ?? 0, ask).toBeGreaterThan(0)
    await world.reopen()
  })

  test('over HTTP every connection gets one answer, and nobody is written who is not known', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(draws, async (draw) => {
        const method = /^[A-Za-z]+$/.test(draw.method) ? draw.method : 'GET'
        // What is upgraded is no request of the routes any more.
        const { upgrade: _, ...headers } = draw.headers
        const rendered = world.render({ ...draw, ask: 'route', method, headers })
        const allowed = world.allowed(rendered)
        world.served.store.reset()
        world.proofs.count = 0
        const line = (text: string): string => text.replace(/[\r\n]/g, ' ')
        const { text, status } = await exchange(world.served.wire.port, {
          method,
          target: rendered.url.slice('https://app.example'.length),
          headers: [...rendered.headers].map(([name, value]) => [name, line(value)]),
          ...(rendered.body === undefined ? {} : { body: rendered.body }),
        })
        expect(status).toBeLessThan(500)
        expect(text.length).toBeLessThan(16_384)
        await settle(world, allowed, { end: true })
      }),
      { ...limits(0.2), numRuns: Math.ceil(each / 20) },
    )
  }) // biome-ignore format: a title
})

async function timed(work: () => Promise<void>): Promise<number> {
  const since = performance.now()
  await work()
  return performance.now() - since
}

async function judge(
  world: World,
  draw: Draw,
  rendered: Rendered,
  allowed: Allowed,
  taken: Map<string, number>,
): Promise<void> {
  const { auth, store } = world.served
  const { method, url, headers, refreshToken } = rendered
  const face = { method, url, headers: { get: (name: string) => headers.get(name) ?? null } }
  const take = () => taken.set(draw.ask, (taken.get(draw.ask) ?? 0) + 1)
  store.reset()
  world.proofs.count = 0
  switch (draw.ask) {
    case 'authenticate': {
      const result = await auth.authenticate(face)
      if (result.ok) expect(allowed.access).toEqual(result.session.user)
      if (result.ok) take()
      break
    }
    case 'refresh': {
      const result = await auth.refresh(face, refreshToken === undefined ? {} : { refreshToken })
      if (result.ok) expect(allowed.refresh).toEqual(result.session.user)
      if (result.ok) take()
      break
    }
    case 'renew': {
      const result = await auth.renew(allowed.access ?? { id: 'ada', role: 'owner' }, face)
      if (result.ok) expect(allowed.access).toEqual(result.session.user)
      if (result.ok) take()
      if (result.ok) await world.reopen()
      break
    }
    case 'signOut': {
      await auth.signOut(face)
      return settle(world, world.allowed(rendered, true), { end: true })
    }
    case 'route': {
      const request = requestOf(rendered)
      const response = await auth.handler(request)
      if (response) await judgeResponse(world, rendered, response, world.allowed(rendered))
      if (response?.status === 200) take()
      return settle(world, world.allowed({ ...rendered, method: request.method }), { end: url.includes('/sign-out') })
    }
  }
  await settle(world, allowed, { end: false })
}

/** A request that a runtime may hand over: header values as HTTP knows them, and any method. */
function requestOf({ method, url, headers, body }: Rendered): Request {
  const latin = [...headers].map(([name, value]): [string, string] => [name, value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?')]) // biome-ignore format: one row
  const request = new Request(url, {
    method: 'POST',
    headers: latin,
    ...(body === undefined || ['GET', 'HEAD'].includes(method) ? {} : { body }),
  })
  return Object.defineProperty(request, 'method', { value: method })
}

async function judgeResponse(world: World, rendered: Rendered, response: Response, allowed: Allowed): Promise<void> {
  const text = await response.clone().text()
  const head = [...response.headers].map((header) => header.join(': ')).join('\n')
  expect([200, 204, 303, 400, 401, 403, 404, 405, 413, 415]).toContain(response.status)
  expect(text.length + head.length).toBeLessThan(16_384)
  const path = new URL(rendered.url).pathname
  const body = response.status === 200 && text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {}
  const granted = body.access_token !== undefined || (body.session !== undefined && body.session !== null)
  const whose = path === '/auth/refresh' ? allowed.refresh : allowed.access
  if (granted || 'sessions' in body) {
    const known = path === '/auth/sign-in' ? world.proofs.count > 0 : whose !== undefined
    expect(known, `${path} answers ${text}`).toBe(true)
    if (whose !== undefined && 'session' in body && path !== '/auth/sign-in')
      expect(body.session).toMatchObject({ user: whose })
  }
  // Whoever is granted nothing is given nothing, and what they sent is not repeated.
  const proven = granted || world.proofs.count > 0
  if (!proven) for (const line of response.headers.getSetCookie()) expect(line).toMatch(/=; .*Max-Age=0/)
  const held = world.live().flatMap(({ access, refresh }) => [access, refresh])
  if (!proven) for (const credential of held.filter(Boolean)) expect(`${head}\n${text}`).not.toContain(credential)
}

/** Nothing is changed by whoever carries nothing that is live; who was signed out by right is signed in again. */
async function settle(world: World, allowed: Allowed, { end }: { readonly end: boolean }): Promise<void> {
  const { calls } = world.served.store
  const { save, replace, delete: deleted, deleteByUser } = calls
  if (save + replace + deleted + deleteByUser === 0) return
  const known = allowed.access !== undefined || allowed.refresh !== undefined || world.proofs.count > 0
  if (known || (end && allowed.end)) {
    await (save + deleted + deleteByUser > 0 ? world.reopen() : world.note())
    return
  }
  // Deleting what is not there is none.
  expect({ save, replace, deleteByUser }).toEqual({ save: 0, replace: 0, deleteByUser: 0 })
  expect(await world.kept()).toEqual(world.noted())
}
