/**
 * Owns the keys of another server: its JWK set, fetched with care, kept, and asked for again when it is due.
 * @module
 */

import { type Clock, systemClock } from '../clock.ts'
import { AuthError, safeCause } from '../errors.ts'
import { concatBytes } from '../secret.ts'
import { allowInsecureLoopback, isLoopbackHost } from '../unsafe.ts'
import type { Algorithm } from './algorithm.ts'
import type { Eventual } from './eventual.ts'
import { parseJwks } from './jwks.ts'
import { createVerificationKey, type VerificationKey } from './signature.ts'

/** How a remote JWK set is reached. */
export interface RemoteJwksOptions {
  /** Called with the URL and an init of `headers`, `redirect` and `signal`. `globalThis.fetch` unless set. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  readonly clock?: Clock
  /** `[allowInsecureLoopback]` allows http on a loopback address. */
  readonly allow?: readonly (typeof allowInsecureLoopback)[]
}

/** The keys of another server. */
export interface RemoteJwks {
  /**
   * Answers the key, or undefined where the set, known to be current, has none such. Throws or
   * rejects with AuthError `ERR_JWKS_UNAVAILABLE` where that cannot be said: no set was ever read, the last is too old, or it lacks the key
   * and the latest attempt to read it anew failed.
   */
  readonly resolve: (kid: string, alg: Algorithm) => Eventual<VerificationKey | undefined>
}

const timeout = 5_000
const largestDocument = 65_536
const shortestAge = 60_000
const longestAge = 3_600_000
/** How old the last good set may grow while its server fails. */
const longestStale = 86_400_000
/** For all unknown ids together: with one for each, random ids would make a request each. */
const cooldown = 30_000
/** With no set at hand every request depends on the next attempt. */
const firstCooldown = 1_000

interface HeldSet {
  readonly keys: ReadonlyMap<string, VerificationKey>
  readonly fetchedAt: number
  readonly freshUntil: number
}

/**
 * Answers the keys at a URL. Nothing is fetched before the first key is asked for.
 *
 * One request at a time; no redirects; 5 seconds and 64 KiB at most. A set is kept for the `max-age` of its answer, at
 * least a minute and at most an hour, and, while its server fails, for a day. An id that a current set lacks has it
 * fetched anew, once in 30 seconds for all such ids together.
 *
 * @throws TypeError when the URL is not https (http on a loopback address needs `allow`), or carries credentials or a fragment.
 *
 * @example
 * ```ts
 * const remote = createRemoteJwks('https://app.example/auth/jwks.json')
 * const key = await remote.resolve('2027-01', 'ES256')
 * ```
 */
export function createRemoteJwks(url: string | URL, options: RemoteJwksOptions = {}): RemoteJwks {
  const target = checkUrl(url, options.allow ?? [])
  const clock = options.clock ?? systemClock
  const request = options.fetch ?? ((input, init) => globalThis.fetch(input, init))
  let held: HeldSet | undefined
  let attemptedAt = Number.NEGATIVE_INFINITY
  let failure: AuthError | undefined
  let flight: Promise<void> | undefined

  /** Fetches, or waits for the fetch under way. It never rejects: what went wrong is kept for whoever lacks a key. */
  function update(): Promise<void> {
    flight ??= attempt().finally(() => {
      flight = undefined
    })
    return flight
  }

  async function attempt(): Promise<void> {
    attemptedAt = clock()
    try {
      held = await readSet(request, target, attemptedAt)
      failure = undefined
    } catch (error) {
      failure = error instanceof AuthError ? error : unavailable('the request failed', error)
    }
  }

  /** A clock that was set back proves nothing about how long ago the last attempt was. */
  function mayAttempt(now: number): boolean {
    const pause = held === undefined ? firstCooldown : cooldown
    return flight !== undefined || now < attemptedAt || now - attemptedAt >= pause
  }

  async function updateAndResolve(name: string): Promise<VerificationKey | undefined> {
    await update()
    return answer(name)
  }

  function answer(name: string): VerificationKey | undefined {
    const usable = held !== undefined && clock() - held.fetchedAt < longestStale ? held : undefined
    const key = usable?.keys.get(name)
    if (key === undefined && failure !== undefined) throw failure
    return key
  }

  return {
    resolve(kid, alg) {
      const name = `${alg} ${kid}`
      const now = clock()
      const fresh = held !== undefined && now >= held.fetchedAt && now < held.freshUntil
      const key = fresh ? held?.keys.get(name) : undefined
      if (key !== undefined) return key
      return mayAttempt(now) ? updateAndResolve(name) : answer(name)
    },
  }
}

function checkUrl(url: string | URL, allow: readonly symbol[]): string {
  let parsed: URL
  try {
    parsed = new URL(url)
  } catch {
    throw new TypeError("jwks must be a URL such as 'https://app.example/auth/jwks.json'")
  }
  const local = parsed.protocol === 'http:' && isLoopbackHost(parsed.hostname) && allow.includes(allowInsecureLoopback)
  if (parsed.protocol !== 'https:' && !local) {
    throw new TypeError(
      'jwks must be an https URL: http is for loopback addresses, with `[allowInsecureLoopback]: true` (createRemoteJwks: `allow: [allowInsecureLoopback]`)',
    )
  }
  if (parsed.username !== '' || parsed.password !== '' || parsed.hash !== '') {
    throw new TypeError('jwks must be a URL without user name, password and fragment')
  }
  return parsed.href
}

async function readSet(request: NonNullable<RemoteJwksOptions['fetch']>, url: string, now: number): Promise<HeldSet> {
  const controller = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(unavailable('it took longer than 5 seconds'))
      controller.abort()
    }, timeout)
  })
  try {
    // A fetch that ignores its signal, or a body that trickles, must not outlive the time-out either.
    return await Promise.race([fetchSet(request, url, controller.signal, now), late])
  } finally {
    clearTimeout(timer)
    controller.abort()
  }
}

async function fetchSet(
  request: NonNullable<RemoteJwksOptions['fetch']>,
  url: string,
  signal: AbortSignal,
  now: number,
): Promise<HeldSet> {
  const headers = { accept: 'application/jwk-set+json, application/json' }
  // 'error' would be the word, and Workers do not have it; a redirect that is not followed has another status than 200.
  const response = await request(url, { headers, redirect: 'manual', signal })
  if (response.status !== 200) throw unavailable(`it answered with status ${response.status}`)
  const result = parseJwks(await readBody(response))
  if (!result.ok) throw unavailable(result.problem)
  const keys = new Map(result.keys.map((jwk) => [`${jwk.alg} ${jwk.kid}`, createVerificationKey(jwk)]))
  return { keys, fetchedAt: now, freshUntil: now + readAge(response.headers) }
}

async function readBody(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
    size += chunk.value.length
    if (size > largestDocument) {
      await reader?.cancel()
      throw unavailable('it is larger than 64 KiB')
    }
    chunks.push(chunk.value)
  }
  return concatBytes(...chunks)
}

/** How long the answer is fresh (RFC 9111 §4.2.1), less what it spent in caches, within our own bounds. */
function readAge(headers: Headers): number {
  const control = (headers.get('cache-control') ?? '').slice(0, 1_024)
  const maxAge = /(?:^|[\s,])max-age="?(\d{1,10})/i.exec(control)?.[1] ?? '0'
  const spent = /^\d{1,10}$/.exec(headers.get('age') ?? '')?.[0] ?? '0'
  return Math.min(Math.max((Number(maxAge) - Number(spent)) * 1_000, shortestAge), longestAge)
}

function unavailable(problem: string, error?: unknown): AuthError {
  const options = error === undefined ? {} : { cause: safeCause(error) }
  return new AuthError('ERR_JWKS_UNAVAILABLE', `the JWK set could not be read: ${problem}`, options)
}
