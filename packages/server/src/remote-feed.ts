/**
 * A feed at a URL: the signed pages that an issuer publishes, for who has no connection to its log.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { AuthError } from '@handstamp/core/errors'
import { isAlgorithm } from '@handstamp/core/jwt/algorithm'
import { readPayload, splitCompact } from '@handstamp/core/jwt/decode'
import type { ResolveKey } from '@handstamp/core/jwt/verify'
import { isLoopbackHost } from '@handstamp/core/unsafe'
import { type RevocationsClaims, revocationsType } from '@handstamp/core/wire'
import type { Fact, Facts, ReadableFeed } from './feeds/feed.ts'

export interface RemoteFeedOptions {
  readonly issuer: string
  readonly resolve: ResolveKey
  readonly clock: Clock
  /** Milliseconds by which the issuer's clock may be ahead of ours. */
  readonly clockTolerance: number
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>
  readonly insecure: boolean
}

/** Milliseconds between two requests, and for which caches may answer. */
const pace = 1_000
const timeout = 5_000
const largestPage = 16 * 1_024 * 1_024

/** What nobody can do better than: a page as old as a cache makes it, by a clock that is told in seconds. */
export const leastRemoteStaleness: number = 3 * pace

/**
 * Answers the feed. A page counts from the time that is signed in it, less the tolerance, so that one kept back by
 * whoever carries it proves nothing; one older than the last is refused.
 *
 * @throws TypeError where the URL is not https.
 */
export function createRemoteFeed(url: string | URL, options: RemoteFeedOptions): ReadableFeed {
  const { issuer, resolve, clock, clockTolerance, fetch } = options
  const target = checkUrl(url, options.insecure)
  let latest = 0
  let askedAt = Number.NEGATIVE_INFINITY

  async function page(after: string | undefined): Promise<RevocationsClaims> {
    const address = new URL(target)
    if (after !== undefined) address.searchParams.set('after', after)
    askedAt = performance.now()
    const claims = await open(await load(address.href))
    if (claims === undefined) throw stale('it is not signed by the issuer')
    if (claims.more) return claims
    if (claims.iat < latest) throw stale('it is older than the last one')
    latest = claims.iat
    return claims
  }

  async function load(address: string): Promise<string> {
    const controller = new AbortController()
    const timer = unref(setTimeout(() => controller.abort(), timeout))
    try {
      const init = { headers: { accept: 'application/jwt' }, redirect: 'manual', signal: controller.signal } as const
      const response = await fetch(address, init)
      if (response.status !== 200) throw stale(`it answered with status ${response.status}`)
      return await readText(response)
    } finally {
      clearTimeout(timer)
      // What is left of the body is nobody's.
      controller.abort()
    }
  }

  async function open(token: string): Promise<RevocationsClaims | undefined> {
    const parts = splitCompact(token, largestPage)
    if (parts === undefined || parts.header.typ !== revocationsType) return undefined
    const { alg, kid } = parts.header
    const key = isAlgorithm(alg) && kid !== undefined ? await resolve(kid, alg) : undefined
    if (key?.alg !== alg || !(await key.verify(parts.signingInput, parts.signature))) return undefined
    const claims = readPayload(parts.payload) as Partial<RevocationsClaims> | undefined
    return claims?.iss === issuer && isPage(claims) ? claims : undefined
  }

  const factsOf = ({ facts, to, more, iat }: RevocationsClaims): Facts => ({
    facts: facts as readonly Fact[],
    cursor: to,
    more,
    age: Math.max(0, clock() - iat * 1_000) + clockTolerance,
  })

  return {
    async read(after, { waitMs }) {
      const rest = pace - (performance.now() - askedAt)
      if (waitMs > 0 && rest > 0) await new Promise<void>((resolve) => void unref(setTimeout(resolve, rest)))
      const claims = await page(after)
      return claims.from === after ? factsOf(claims) : 'gap'
    },

    async snapshot() {
      const claims = await page(undefined)
      if (claims.from !== null) throw stale('it does not begin at the beginning')
      return factsOf(claims)
    },
  }
}

async function readText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let [text, size] = ['', 0]
  const reader = response.body?.getReader()
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
    size += chunk.value.length
    if (size > largestPage) throw stale('it is too large')
    text += decoder.decode(chunk.value, { stream: true })
  }
  return text + decoder.decode()
}

/** In Node a timer keeps the process alive unless told not to. */
function unref<T>(timer: T): T {
  ;(timer as { unref?: () => void }).unref?.()
  return timer
}

function isPage(claims: Partial<RevocationsClaims>): claims is RevocationsClaims {
  const { iat, from, to, more, facts } = claims
  return (
    Number.isSafeInteger(iat) &&
    (from === null || typeof from === 'string') &&
    typeof to === 'string' &&
    typeof more === 'boolean' &&
    Array.isArray(facts)
  )
}

function checkUrl(url: string | URL, insecure: boolean): string {
  if (!URL.canParse(url))
    throw new TypeError(
      "revocations must be the issuer's feed, or the URL of its pages: 'https://app.example/auth/revocations'",
    )
  const { protocol, hostname, href } = new URL(url)
  if (protocol === 'https:' || (protocol === 'http:' && insecure && isLoopbackHost(hostname))) return href
  throw new TypeError('revocations must be an https URL: http is for loopback addresses, with [allowInsecureLoopback]')
}

function stale(problem: string): AuthError {
  return new AuthError('ERR_FEED_STALE', `the revocations of the issuer cannot be read: ${problem}`)
}
