import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { revocationsType } from '@handstamp/core/wire'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { toNodeHandler } from '../src/adapters/node.ts'
import type { ChangeFeed } from '../src/feeds/feed.ts'
import { memoryFeed } from '../src/feeds/memory.ts'
import { allowInsecureLoopback, createVerifier, type VerifierOptions, type Verify } from '../src/index.ts'
import { createRemoteFeed } from '../src/remote-feed.ts'
import { type FakeClock, fakeClock } from '../src/testing/index.ts'
import {
  accessOf,
  ada,
  type Bench,
  type BenchUser,
  bench,
  keyRing,
  origin,
  userSchema,
  verdict,
} from './strategies/bench.ts'

const servers: Server[] = []
const verifiers: Verify<BenchUser>[] = []
afterAll(async () => {
  for (const verify of verifiers) verify.close()
  for (const server of servers) await new Promise((resolve) => server.close(resolve))
})

/** An issuer that publishes its revocations, over HTTP. */
async function issuer(options: { clock?: FakeClock; feed?: ChangeFeed; publishRevocations?: boolean } = {}) {
  const clock = options.clock ?? fakeClock()
  const feed = memoryFeed({ clock })
  const bed = bench('hybrid', {
    clock,
    transport: 'bearer',
    auth: { feed, publishRevocations: true, ...options, clock },
  })
  const server = createServer(toNodeHandler(bed.auth as never))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push(server)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/auth/revocations`
  return { bed, clock, feed, url }
}

function verifier(bed: Bench, options: Partial<VerifierOptions<BenchUser>>): Verify<BenchUser> {
  const verify = createVerifier({ issuer: origin, user: userSchema, jwks: keyRing, clock: bed.clock, ...options })
  verifiers.push(verify)
  return verify
}

const soon = { timeout: 20_000, interval: 20 }

/** A verifier whose pages go through somebody's hands. */
async function carried(tamper: (text: string, url: string) => string | Promise<string>) {
  const { bed, url, clock } = await issuer()
  const verify = verifier(bed, {
    revocations: 'https://app.example/auth/revocations',
    fetch: async (asked) => {
      const real = await fetch(`${url}${new URL(asked).search}`)
      return new Response(await tamper(await real.text(), asked))
    },
  })
  return { bed, clock, verify, agent: await bed.signedIn() }
}

// A page is asked for once in a second, so these wait together.
describe('from one page to the next', { concurrent: true }, () => {
  describe.each(['feed', 'url'] as const)('a verifier that follows the issuer by its %s', (kind) => {
    const open = async () => {
      const all = await issuer()
      const revocations = kind === 'feed' ? { ...all.feed } : all.url
      const verify = verifier(all.bed, { revocations, [allowInsecureLoopback]: true })
      return { ...all, verify, agent: await all.bed.signedIn() }
    }

    test('takes what lives, and nothing that has ended', async ({ expect }) => {
      const { bed, verify, agent } = await open()
      const other = await bed.signedIn()
      expect(await verdict(verify(accessOf(agent)))).toBe('ok')
      await bed.auth.signOut(agent.request('POST', '/'))
      await expect.poll(() => verdict(verify(accessOf(agent))), soon).toBe('revoked')
      expect(await verdict(verify(accessOf(other)))).toBe('ok')
    })

    test('learns that what a token says of its user is out of date', async ({ expect }) => {
      const { bed, verify, agent } = await open()
      expect(await verdict(verify(accessOf(agent)))).toBe('ok')
      await bed.auth.sessions.update({ ...ada, role: 'admin' })
      await expect.poll(() => verdict(verify(accessOf(agent))), soon).toBe('outdated')
      await bed.refresh(agent)
      await expect.poll(() => verdict(verify(accessOf(agent))), soon).toBe('ok')
    })
  })

  test('a page that is kept back and shown again proves nothing once it is too old', async ({ expect }) => {
    let kept: string | undefined
    const { bed, clock, verify, agent } = await carried((text) => {
      kept ??= text
      return kept
    })
    expect(await verdict(verify(accessOf(agent)))).toBe('ok')
    await bed.auth.signOut(agent.request('POST', '/'))
    clock.advance('16s')
    await expect.poll(() => verdict(verify(accessOf(agent))), soon).toBe('ERR_FEED_STALE')
  })

  test('a verifier that is closed asks no more, and one that is not keeps no process alive', async ({ expect }) => {
    const { bed, clock, url } = await issuer()
    let asked = 0
    const verify = verifier(bed, {
      revocations: 'https://app.example/auth/revocations',
      fetch(address) {
        asked += 1
        return fetch(`${url}${new URL(address).search}`)
      },
    })
    const token = accessOf(await bed.signedIn())
    expect(await verdict(verify(token))).toBe('ok')
    verify.close()
    // One more may have been on its way.
    await delay(1_100)
    const before = asked
    await delay(1_300)
    expect(asked).toBe(before)
    expect(await verdict(verify(token))).toBe('ok')
    verify.close()

    const script = `
      import { allowInsecureLoopback, createVerifier } from '@handstamp/server'
      const [token, now, url] = process.argv.slice(1)
      const verify = createVerifier({
        issuer: '${origin}',
        user: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
        jwks: new URL('/auth/jwks.json', url),
        revocations: url,
        clock: () => Number(now),
        [allowInsecureLoopback]: true,
      })
      console.log((await verify(token)).ok)
    `
    const words = ['--conditions=handstamp-source', '--input-type=module', '-e', script, token, String(clock()), url]
    const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: import.meta.dirname, timeout: 20_000 })
    expect(stdout.trim()).toBe('true')
  })
})

describe('pages', () => {
  const claims = (text: string) =>
    JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as {
      from: string | null
      to: string
      more: boolean
      facts: unknown[]
      iat: number
    }
  const page = async (url: string, after?: string) => {
    const response = await fetch(after === undefined ? url : `${url}?after=${encodeURIComponent(after)}`)
    return { response, ...claims(await response.text()) }
  }

  test('begin with all that matters, go on behind a cursor, and may be kept for a second', async () => {
    const { bed, url } = await issuer()
    await bed.auth.signOut((await bed.signedIn()).request('POST', '/'))
    const first = await page(url)
    expect([first.from, first.more, first.facts.length]).toEqual([null, false, 1])
    expect(first.response.headers.get('cache-control')).toBe('public, max-age=1')
    expect(first.response.headers.get('content-type')).toBe('application/jwt')
    await bed.auth.signOut((await bed.signedIn()).request('POST', '/'))
    expect(await page(url, first.to)).toMatchObject({ from: first.to, more: false, facts: [{ kind: 'session' }] })
  })

  test('that are full can be kept, as they never change', async () => {
    const { clock, feed, url } = await issuer()
    const { to } = await page(url)
    for (let at = 0; at < 1_001; at += 1) await feed.append({ kind: 'key', kid: `k${at}`, until: clock() + 60_000 })
    const full = await page(url, to)
    expect([full.more, full.facts.length]).toEqual([true, 1_000])
    expect(full.response.headers.get('cache-control')).toBe('public, max-age=300, immutable')
    expect(await page(url, full.to)).toMatchObject({ more: false, facts: [{ kid: 'k1000' }] })
  })

  test('of an unknown cursor begin anew', async () => {
    const { url } = await issuer()
    expect(await page(url, 'nonsense')).toMatchObject({ from: null })
    expect((await fetch(`${url}?after=`)).status).toBe(400)
    expect((await fetch(`${url}?after=${'x'.repeat(257)}`)).status).toBe(400)
  })

  test('are read and signed once in a second for all who ask, with any unknown cursor', async () => {
    const clock = fakeClock()
    const log = memoryFeed({ clock })
    let [snapshots, reads] = [0, 0]
    const feed: ChangeFeed = {
      ...log,
      snapshot() {
        snapshots += 1
        return log.snapshot()
      },
      read(after, options) {
        reads += 1
        return log.read(after, options)
      },
    }
    const { url } = await issuer({ feed, clock })
    const askedBy = (cursors: readonly (string | undefined)[]) =>
      Promise.all(cursors.map((cursor) => page(url, cursor)))
    const unknown = Array.from({ length: 20 }, (_, at) => `made up ${at}`)
    const all = [...(await askedBy(unknown)), ...(await askedBy([undefined, ...unknown]))]
    expect(snapshots).toBe(1)
    expect(new Set(all.map(({ to, iat }) => `${to} ${iat}`)).size).toBe(1)
    expect(all.at(-1)?.response.headers.get('cache-control')).toBe('public, max-age=1')
    reads = 0
    const { to } = await page(url)
    await askedBy(Array.from({ length: 20 }, () => to))
    expect([snapshots, reads]).toEqual([1, 1])
    await feed.append({ kind: 'key', kid: 'k', until: clock() + 60_000 })
    clock.advance('1s')
    expect(await page(url, to)).toMatchObject({ from: to, facts: [{ kid: 'k' }] })
    expect(await page(url, 'made up')).toMatchObject({ from: null, facts: [{ kid: 'k' }] })
    expect([snapshots, reads]).toEqual([2, 3])
  })

  test('that could not be read are asked for again at once', async () => {
    const log = memoryFeed()
    let isDown = true
    const down = () => Promise.reject(new Error('down'))
    const feed: ChangeFeed = { ...log, snapshot: () => (isDown ? down() : log.snapshot()) }
    const { url } = await issuer({ feed })
    expect((await fetch(url)).status).toBe(500)
    isDown = false
    expect((await fetch(url)).status).toBe(200)
  })

  test('are no access tokens, and access tokens are none of them', async () => {
    const { bed, url, clock } = await issuer()
    const text = await (await fetch(url)).text()
    expect(JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()).typ).toBe(revocationsType)
    expect(await verdict(verifier(bed, {})(text))).toBe('wrong_type')
    const agent = await bed.signedIn()
    const fooled = verifier(bed, {
      revocations: 'https://app.example/auth/revocations',
      clock,
      fetch: async () => new Response(accessOf(agent)),
    })
    expect(await verdict(fooled(accessOf(agent)))).toBe('ERR_FEED_STALE')
  })

  test('are there only where that was asked for', async () => {
    const { url } = await issuer({ publishRevocations: false })
    expect((await fetch(url)).status).toBe(404)
  })
})

describe('whoever carries the pages', () => {
  /** Follows pages that come as the function answers them. */
  const remote = (fetch: (url: string, init: RequestInit) => Promise<Response>) =>
    createRemoteFeed('https://app.example/auth/revocations', {
      issuer: origin,
      resolve: () => undefined,
      clock: Date.now,
      clockTolerance: 5_000,
      insecure: false,
      fetch,
    })

  test('sends a body without end, of which nobody says how long it is: it is cut', async () => {
    let [sent, isCancelled] = [0, false]
    const body = new ReadableStream({
      pull(controller) {
        sent += 1
        controller.enqueue(new Uint8Array(1_024 * 1_024))
      },
    })
    const feed = remote(async (_, { signal }) => {
      signal?.addEventListener('abort', () => {
        isCancelled = true
      })
      return new Response(body)
    })
    await expect(feed.snapshot()).rejects.toThrow('too large')
    expect(sent).toBeLessThan(20)
    expect(isCancelled).toBe(true)
  })

  test('never answers: the request is given up after five seconds', async () => {
    vi.useFakeTimers()
    try {
      const feed = remote(
        (_, { signal }) =>
          new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('given up')))),
      )
      const asked = expect(feed.snapshot()).rejects.toThrow('given up')
      await vi.advanceTimersByTimeAsync(5_000)
      await asked
    } finally {
      vi.useRealTimers()
    }
  })

  test('its neighbour: one that changes nothing', async () => {
    const { verify, agent } = await carried((text) => text)
    expect(await verdict(verify(accessOf(agent)))).toBe('ok')
  })

  test.each<[string, (text: string) => string]>([
    ['changes them', (text) => `${text.slice(0, -4)}AAAA`],
    ['signs nothing', (text) => `${text.slice(0, text.lastIndexOf('.'))}.`],
    ['answers a page', () => '<html>sign in to the airport</html>'],
  ])('%s: nobody is let in on it', async (_, tamper) => {
    const { verify, agent } = await carried(tamper)
    expect(await verdict(verify(accessOf(agent)))).toBe('ERR_FEED_STALE')
  })

  test('shows an older one after a newer: it is refused', async () => {
    const { clock, url } = await issuer()
    const pages: string[] = []
    let replay = false
    const feed = createRemoteFeed('https://app.example/auth/revocations', {
      issuer: origin,
      resolve: (kid, alg) => keyRing.verifier(kid, alg, clock(), 300_000),
      clock,
      clockTolerance: 5_000,
      insecure: false,
      async fetch() {
        if (!replay) pages.push(await (await fetch(url)).text())
        return new Response(replay ? pages[0] : pages.at(-1))
      },
    })
    expect(await feed.snapshot()).toMatchObject({ facts: [], age: 5_000 })
    clock.advance('2s')
    expect(await feed.snapshot()).toMatchObject({ facts: [], age: 5_000 })
    replay = true
    await expect(feed.snapshot()).rejects.toThrow('older')
  })
})

describe('while nothing proves that nothing was missed', () => {
  const down = { read: () => Promise.reject(new Error('down')), snapshot: () => Promise.reject(new Error('down')) }

  test('nobody is let in, unless somebody else is asked who knows', async () => {
    const { bed } = await issuer()
    const agent = await bed.signedIn()
    expect(await verdict(verifier(bed, { revocations: down })(accessOf(agent)))).toBe('ERR_FEED_STALE')
    const asked: string[] = []
    const ask = (lives: boolean) =>
      verifier(bed, {
        revocations: down,
        onStale(session) {
          asked.push(session.id)
          return lives
        },
      })
    expect(await verdict(ask(true)(accessOf(agent)))).toBe('ok')
    expect(await verdict(ask(false)(accessOf(agent)))).toBe('revoked')
    expect(asked).toHaveLength(2)
  })
})

test.each<[object, string]>([
  [{ revocations: {} }, 'revocations'],
  [{ revocations: 'nonsense' }, 'revocations'],
  [{ revocations: 'http://app.example/auth/revocations' }, 'https'],
  [{ revocations: 'https://app.example/auth/revocations', maxStaleness: '5s' }, 'maxStaleness'],
  [{ maxStaleness: '5s' }, 'revocations'],
  [{ onStale: () => true }, 'revocations'],
  [{ revocations: memoryFeed(), onStale: 'admit' }, 'onStale'],
])('%o is refused by name', (options, name) => {
  expect(() => createVerifier({ issuer: origin, user: userSchema, jwks: keyRing, ...options })).toThrow(name)
})
