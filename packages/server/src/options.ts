/**
 * The only place that checks options; it turns them into the settings that a request is answered with.
 * @module
 */
import { type Clock, systemClock } from '@handstamp/core/clock'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import { safeCause } from '@handstamp/core/errors'
import { after, type Eventual } from '@handstamp/core/jwt/eventual'
import type { StandardSchema, UserLike } from '@handstamp/core/schema'
import { randomBytes } from '@handstamp/core/secret'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import { allowInsecureLoopback, isLoopbackHost } from '@handstamp/core/unsafe'
import { defaultBasePath } from '@handstamp/core/wire'
import type { AdmissionRules, BindingOptions, OnMismatch } from './admission.ts'
import type { AuthOptions, LimitOptions, Transports, Verified } from './auth-options.ts'
import { type Caching, cachingOf } from './caching.ts'
import { type CookieOptions, type CookiePlan, planCookies } from './cookies.ts'
import { type EmitEvent, emitTo } from './events.ts'
import { type OpenFeed, readFeed } from './feed-options.ts'
import { checkNames } from './option-names.ts'
import { createSignInLimiter, type SignInLimiter } from './sign-in-limits.ts'
import type { OpenStrategy, Strategy } from './strategies/strategy.ts'
import { validateUser } from './user-schema.ts'

/** Everything that a request needs, checked. */
export interface Settings<User extends UserLike> {
  readonly strategy: OpenStrategy<User>
  readonly refreshes: boolean
  readonly transports: readonly Transport[]
  readonly origin: string
  readonly trusted: ReadonlySet<string>
  readonly cookies: CookiePlan | undefined
  readonly caching: Caching
  readonly basePath: string
  readonly realm: string
  readonly clock: Clock
  readonly rules: AdmissionRules
  readonly emit: EmitEvent
  readonly defer: (work: Promise<unknown>) => void
  readonly close: () => Promise<void>
  readonly feed: OpenFeed | undefined
  /** The user in the schema's own type, or what is wrong. */
  readonly parseUser: (value: unknown) => Eventual<{ readonly user: User } | { readonly issues: string }>
  readonly signIn: SignInSettings<User> | undefined
  readonly signInPage: string
}

/** What the sign-in route needs; absent where the application signs in by itself. */
export interface SignInSettings<User> {
  readonly credentials: StandardSchema<unknown>
  readonly verify: (credentials: unknown, request: Request) => Promise<Verified<User>>
  readonly identify: (credentials: unknown) => string | undefined
  readonly limiter: SignInLimiter | undefined
}

const names = {
  createAuth: [
    ...[
      'strategy',
      'transport',
      'origin',
      'origins',
      'user',
      'credentials',
      'verifyCredentials',
      'identify',
      'basePath',
    ],
    ...['cookie', 'binding', 'limits', 'pages', 'notBefore', 'events', 'clock', 'random', 'waitUntil'],
    ...['feed', 'maxStaleness', 'onStale', 'publishRevocations'],
  ],
  cookie: ['sameSite', 'domain', 'shareRefresh', 'narrowRefresh'],
  binding: ['ip', 'userAgent'],
  limits: ['signIn', 'sessionsPerUser', 'storeTimeout'],
  'limits.signIn': ['identifier', 'address', 'window'],
  pages: ['signIn'],
} as const

const functions = ['verifyCredentials', 'identify', 'events', 'clock', 'random', 'waitUntil'] as const

/**
 * Checks the options of `createAuth`.
 *
 * @throws TypeError | RangeError naming the option and what to write instead.
 */
export function readOptions<User extends UserLike>(
  options: AuthOptions<StrategyKind, Transports, StandardSchema<User>, StandardSchema<unknown>> & {
    readonly cookie?: CookieOptions
  },
): Settings<User> {
  checkNames(options, names.createAuth, 'createAuth')
  for (const group of ['cookie', 'binding', 'limits', 'pages'] as const) {
    const given: object | undefined = options[group]
    if (given !== undefined) checkNames(given, names[group], group)
  }
  const attempts = options.limits?.signIn
  if (attempts !== undefined && attempts !== false) checkNames(attempts, names['limits.signIn'], 'limits.signIn')
  for (const name of functions) {
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw new TypeError(`${name} must be a function`)
  }
  const { strategy: given, user } = options
  if (typeof given?.open !== 'function') throw new TypeError('strategy must be session(…), token(…) or hybrid(…)')
  if (typeof user?.['~standard']?.validate !== 'function')
    throw new TypeError('user must be a Standard Schema, e.g. z.object({ id: z.string() })')

  const origin = readOrigin(options.origin, 'origin', options[allowInsecureLoopback] === true)
  const listed = options.origins ?? []
  if (!Array.isArray(listed)) throw new TypeError('origins must be a list of origins: write [ ] around one')
  const others = listed.map(
    (other, at) => readOrigin(other, `origins[${at}]`, options[allowInsecureLoopback] === true).origin,
  )
  const transports = readTransports(options.transport, given)
  const basePath = readBasePath(options.basePath ?? defaultBasePath)
  const usesCookies = transports.some((transport) => transport !== 'bearer')
  if (!usesCookies && options.cookie !== undefined)
    throw new TypeError("cookie goes with a transport that uses cookies: leave it out, or add 'cookie' to `transport`")
  const cookies = usesCookies ? planCookies(options.cookie ?? {}, { origin, others, basePath }) : undefined

  const clock = options.clock ?? systemClock
  const emit = emitTo(options.events)
  const { defer, drain } = deferred(options.waitUntil, emit)
  const parseUser = userParser(user)
  const feed = readFeed(options, clock)
  const limits = options.limits ?? {}
  const binding = readBinding(options.binding ?? {})
  if (!given.stateful) checkStateless(binding, limits)
  const strategy = given.open<User>({
    clock,
    random: options.random ?? randomBytes,
    origin: origin.origin,
    sessionsPerUser: readCount(limits.sessionsPerUser ?? 100, 'limits.sessionsPerUser'),
    storeTimeout: readTimeout(limits.storeTimeout ?? '2s', 'limits.storeTimeout'),
    readUser: (stored) => after(parseUser(stored), (parsed) => ('user' in parsed ? parsed.user : undefined)),
    emit,
    defer,
    feed,
  })

  return {
    strategy,
    refreshes: given.refreshes,
    transports,
    origin: origin.origin,
    trusted: new Set([origin.origin, ...others]),
    cookies,
    caching: cachingOf([
      ...(usesCookies ? (['Cookie'] as const) : []),
      ...(transports.some((transport) => transport !== 'cookie') ? (['Authorization'] as const) : []),
    ]),
    basePath,
    realm: origin.host,
    clock,
    rules: {
      binding,
      notBefore: readNotBefore(options.notBefore),
      emit,
      revoke: async (id) => strategy.sessions?.revoke(id),
      defer,
    },
    emit,
    defer,
    async close() {
      feed?.changes.close()
      await drain()
    },
    feed,
    parseUser,
    signIn: readSignIn(options, limits, clock),
    signInPage: readPage(options.pages?.signIn ?? '/', 'pages.signIn'),
  }
}

/** What only a record can hold somebody to; an option that protects nobody is worse than none. */
function checkStateless(binding: AdmissionRules['binding'], limits: LimitOptions): void {
  const bound = (['ip', 'userAgent'] as const).find((name) => binding[name] !== false && binding[name] !== 'event')
  if (bound === undefined && limits.sessionsPerUser === undefined) return
  const option = bound === undefined ? 'limits.sessionsPerUser' : `binding.${bound}`
  throw new TypeError(`${option} needs a store: token() without one keeps no record, so leave it out or add a store`)
}

function readOrigin(value: unknown, option: string, insecure: boolean): URL {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  // URL takes `*` and other characters into a host that none has.
  if (!url || url.origin !== value || !/^[a-z0-9._-]+$|^\[[0-9a-f:.]+\]$/.test(url.hostname)) {
    const instead = url && url.origin !== 'null' && url.origin !== value ? `"${url.origin}"` : '"https://app.example"'
    throw new TypeError(`${option} must be one exact origin, with neither path nor pattern: write ${instead}`)
  }
  if (url.protocol === 'https:') return url
  if (url.protocol !== 'http:') throw new TypeError(`${option} must be an https origin`)
  if (!isLoopbackHost(url.hostname)) {
    throw new RangeError(
      `${option} is plain http on "${url.hostname}": write https, since anybody on the way could read the credentials`,
    )
  }
  if (!insecure)
    throw new TypeError(
      `${option} is plain http: for development add [allowInsecureLoopback]: true from @handstamp/server`,
    )
  return url
}

function readTransports(value: Transports, strategy: Strategy): readonly Transport[] {
  const list = typeof value === 'string' ? [value] : value
  if (!Array.isArray(list) || list.length === 0)
    throw new TypeError("transport must be 'cookie', 'bearer', 'split' or a list of them")
  for (const transport of list as readonly Transport[]) {
    if (!['cookie', 'bearer', 'split'].includes(transport))
      throw new TypeError(`transport ${JSON.stringify(transport)} is none of 'cookie', 'bearer', 'split'`)
    if (transport === 'split' && !strategy.refreshes) {
      throw new TypeError('transport split needs hybrid(): there is no refresh credential to keep in a cookie')
    }
  }
  return [...new Set(list as readonly Transport[])]
}

function readBasePath(path: unknown): string {
  // A segment of dots alone is gone from every URL that arrives.
  if (typeof path !== 'string' || !/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/.test(path))
    throw new TypeError("basePath must look like '/auth', without a slash at its end")
  return path
}

function readPage(path: string, option: string): string {
  if (typeof path !== 'string' || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || path.includes('\\'))
    throw new TypeError(`${option} must be a path of this application such as '/sign-in'`)
  return path
}

function readCount(value: unknown, option: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1)
    throw new RangeError(`${option} must be a whole number, 1 or more`)
  return value as number
}

/** A timer counts in 31 bits; what is longer would be over at once. */
function readTimeout(value: Duration, option: string): number {
  const timeout = parseDuration(value, option)
  if (timeout > 0x7fff_ffff) throw new RangeError(`${option} is more than 24 days: write seconds, such as '2s'`)
  return timeout
}

function readNotBefore(value: Date | undefined): number {
  if (value === undefined) return 0
  const time = value instanceof Date ? value.getTime() : Number.NaN
  if (!Number.isFinite(time)) throw new TypeError("notBefore must be a valid date: new Date('2026-01-01T00:00:00Z')")
  return time
}

function readBinding(options: BindingOptions): AdmissionRules['binding'] {
  const check = (value: OnMismatch, name: string): OnMismatch => {
    if (value !== false && !['event', 'reauthenticate', 'revoke'].includes(value)) {
      throw new TypeError(`binding.${name} must be false, 'event', 'reauthenticate' or 'revoke'`)
    }
    return value
  }
  return { ip: check(options.ip ?? false, 'ip'), userAgent: check(options.userAgent ?? 'event', 'userAgent') }
}

function readSignIn<User extends UserLike>(
  options: AuthOptions<StrategyKind, Transports, StandardSchema<User>, StandardSchema<unknown>>,
  limits: LimitOptions,
  clock: Clock,
): SignInSettings<User> | undefined {
  const { credentials, verifyCredentials } = options
  if (verifyCredentials === undefined) {
    if (credentials === undefined && options.identify === undefined) return undefined
    throw new TypeError(
      'verifyCredentials is missing: without it there is no sign-in, so leave out credentials and identify',
    )
  }
  if (typeof credentials?.['~standard']?.validate !== 'function') {
    throw new TypeError('credentials is missing: verifyCredentials needs a Standard Schema of what a sign-in sends')
  }
  const { signIn = {} } = limits
  return {
    credentials,
    verify: verifyCredentials,
    identify: options.identify ?? identifierOf,
    limiter:
      signIn === false
        ? undefined
        : createSignInLimiter({
            clock,
            identifierLimit: readCount(signIn.identifier ?? 10, 'limits.signIn.identifier'),
            addressLimit: readCount(signIn.address ?? 50, 'limits.signIn.address'),
            windowMs: parseDuration(signIn.window ?? '15m', 'limits.signIn.window'),
          }),
  }
}

/** The field that names an account, by the names that applications give it. */
function identifierOf(credentials: unknown): string | undefined {
  if (typeof credentials !== 'object' || credentials === null) return undefined
  for (const field of ['email', 'username', 'identifier', 'login']) {
    const value = (credentials as Record<string, unknown>)[field]
    if (typeof value === 'string') return value
  }
  return undefined
}

function userParser<User extends UserLike>(schema: StandardSchema<User>): Settings<User>['parseUser'] {
  return (value) =>
    after(validateUser(schema, value), (result) => {
      if (result.issues === undefined) return { user: result.value }
      // Messages of schemas may repeat the value; where it is wrong says enough.
      const at = result.issues[0]?.path?.map((segment) =>
        String(typeof segment === 'object' && segment !== null ? (segment as { key?: unknown }).key : segment),
      )
      return { issues: at?.join('.') || 'the user itself' }
    })
}

/** Work beside the answer: kept until it is done, its failure nobody's crash. */
function deferred(
  waitUntil: ((work: Promise<unknown>) => void) | undefined,
  emit: EmitEvent,
): {
  defer(work: Promise<unknown>): void
  drain(): Promise<void>
} {
  const running = new Set<Promise<unknown>>()
  return {
    defer(work) {
      const settled: Promise<unknown> = work.catch((error) => safeCause(error)).finally(() => running.delete(settled))
      running.add(settled)
      try {
        waitUntil?.(settled)
      } catch (error) {
        // Who is signed in does not hang on whether the runtime can wait.
        emit({ type: 'error', code: 'ERR_INTERNAL', message: `waitUntil threw ${safeCause(error).name}` })
      }
    },
    async drain() {
      while (running.size > 0) await Promise.all(running)
    },
  }
}
