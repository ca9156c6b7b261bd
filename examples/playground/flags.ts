/**
 * The command line: which flags there are, what they may say, and one clear line for all that is wrong.
 * @module
 */
import { parseArgs } from 'node:util'
import { type Duration, parseDuration } from '@handstamp/core/duration'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import { type AskedLifetimes, type Balance, balances, lifetimesOf } from './configuration.ts'
import { readStore, type StoreChoice } from './stores/stores.ts'

export interface Flags {
  readonly port: number
  readonly strategy: StrategyKind
  readonly transport: Transport
  readonly store: StoreChoice
  /** Milliseconds for which a near-cache may be behind; undefined: there is none. */
  readonly cache: number | undefined
  readonly nodes: number
  readonly balance: Balance
  readonly asked: AskedLifetimes
  /** Attempts for one identifier in 15 minutes; undefined: no limit. */
  readonly signInLimit: number | undefined
  readonly open: boolean
}

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'serve'; readonly flags: Flags }
  | { readonly kind: 'help' }
  | { readonly kind: 'problem'; readonly message: string }

export const help = `The Handstamp playground.

  npm start -- [flags]

  --port 4600              where to serve on this machine; 0 picks a free port
  --strategy hybrid        session | token | hybrid
  --transport cookie       cookie | bearer | split (with hybrid alone)
  --store memory           memory | redis | postgres | mysql | memcached | file:DIR | sqlite:FILE, or an address:
                           redis://… postgres://… mysql://… memcached://…; makes a token one that can be ended
  --cache 5s               a near-cache in front of the store, and how far it may be behind
  --nodes 1                how many servers, up to 8, behind a load balancer
  --balance round-robin    round-robin | sticky (with --nodes 2 or more)
  --access-lifetime 5m     how long an access token is good (token, hybrid)
  --idle-timeout 1h        a session unused for so long ends (session, hybrid)
  --lifetime 30d           a session ends so long after the sign-in
  --grace 10s              how long a spent refresh token is forgiven, 60s at most (hybrid)
  --sign-in-limit 10       attempts for one address of mail in 15 minutes, or off
  --no-open                do not open the browser
  --help                   this

  Durations are whole numbers with ms, s, m, h or d. A token without --store is stateless: nobody can end it, so it
  lives 15m at most. A store by its name alone is a server that is started for the playground, and ends with it.
`

const options = {
  port: { type: 'string' },
  strategy: { type: 'string' },
  transport: { type: 'string' },
  store: { type: 'string' },
  cache: { type: 'string' },
  nodes: { type: 'string' },
  balance: { type: 'string' },
  'access-lifetime': { type: 'string' },
  'idle-timeout': { type: 'string' },
  lifetime: { type: 'string' },
  grace: { type: 'string' },
  'sign-in-limit': { type: 'string' },
  'no-open': { type: 'boolean' },
  help: { type: 'boolean' },
} as const

type Values = { -readonly [name in keyof typeof options]?: string | boolean }

/** Reads the arguments behind the file's name. */
export function readCommand(args: readonly string[]): Command {
  try {
    const values = readValues(args)
    return values.help === true ? { kind: 'help' } : { kind: 'serve', flags: readFlags(values) }
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return { kind: 'problem', message: error.message }
    throw error
  }
}

function readValues(args: readonly string[]): Values {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true })
  const values: Values = {}
  for (const token of tokens) {
    if (token.kind === 'positional') throw new TypeError(`"${token.value}" is no flag: see --help`)
    if (token.kind === 'option-terminator') continue
    const { name, rawName, value } = token
    if (!isFlag(name) || !rawName.startsWith('--')) throw new TypeError(`there is no flag ${rawName}: see --help`)
    if (name in values) throw new TypeError(`${rawName} is given twice`)
    if (options[name].type === 'boolean') {
      if (value !== undefined) throw new TypeError(`${rawName} takes no value`)
      values[name] = true
    } else {
      if (value === undefined || value === '') throw new TypeError(`${rawName} needs a value: see --help`)
      values[name] = value
    }
  }
  return values
}

function isFlag(name: string): name is keyof typeof options {
  return Object.hasOwn(options, name)
}

function readFlags(values: Values): Flags {
  const asked = {
    access: readDuration(values, 'access-lifetime'),
    idle: readDuration(values, 'idle-timeout'),
    lifetime: readDuration(values, 'lifetime'),
    grace: readDuration(values, 'grace'),
  }
  const store = values.store === undefined ? undefined : readStore(`${values.store}`)
  const nodes = readNodes(values.nodes)
  const balance = oneOf(values, 'balance', balances)
  if (balance !== undefined && nodes === 1)
    throw new TypeError('--balance goes with --nodes 2 or more: with one, there is nothing to balance')
  const named = oneOf(values, 'strategy', ['session', 'token', 'hybrid']) ?? 'hybrid'
  const strategy = named === 'token' && store !== undefined ? 'token+store' : named
  const transport = oneOf(values, 'transport', ['cookie', 'bearer', 'split']) ?? 'cookie'
  if (transport === 'split' && strategy !== 'hybrid') {
    throw new TypeError(
      '--transport split goes with --strategy hybrid: the others have no refresh token to keep in a cookie',
    )
  }
  checkLifetimes(strategy, asked)
  return {
    port: readPort(values.port),
    strategy,
    transport,
    store: store ?? { kind: 'memory' },
    cache: readDuration(values, 'cache'),
    nodes,
    balance: balance ?? 'round-robin',
    asked,
    signInLimit: readLimit(values['sign-in-limit']),
    open: values['no-open'] !== true,
  }
}

function oneOf<const T extends string>(values: Values, name: keyof Values, allowed: readonly T[]): T | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  const found = allowed.find((word) => word === value)
  if (found === undefined) throw new TypeError(`--${name} must be ${allowed.join(', ')}, not "${value}"`)
  return found
}

function readDuration(values: Values, name: keyof Values): number | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  if (!/^\d+(?:ms|s|m|h|d)$/.test(`${value}`))
    throw new TypeError(`--${name} must be a whole number with ms, s, m, h or d, such as 15m, not "${value}"`)
  return parseDuration(value as Duration, `--${name}`)
}

function readPort(value: string | boolean | undefined): number {
  if (value === undefined) return 4600
  const port = /^\d{1,5}$/.test(`${value}`) ? Number(value) : Number.NaN
  if (!(port <= 65_535)) throw new RangeError(`--port must be a number from 0 to 65535, not "${value}"`)
  return port
}

function readNodes(value: string | boolean | undefined): number {
  if (value === undefined) return 1
  const nodes = /^\d$/.test(`${value}`) ? Number(value) : Number.NaN
  if (!(nodes >= 1 && nodes <= 8)) throw new RangeError(`--nodes must be a whole number from 1 to 8, not "${value}"`)
  return nodes
}

function readLimit(value: string | boolean | undefined): number | undefined {
  if (value === undefined) return 10
  if (value === 'off') return undefined
  const limit = /^\d{1,6}$/.test(`${value}`) ? Number(value) : Number.NaN
  if (!(limit >= 1)) throw new RangeError(`--sign-in-limit must be off or a whole number from 1 on, not "${value}"`)
  return limit
}

/** Flags that do not apply, and lifetimes that do not fit one another. */
function checkLifetimes(strategy: StrategyKind, asked: AskedLifetimes): void {
  const { access, idle, lifetime, grace } = lifetimesOf(strategy, asked)
  if (asked.access !== undefined && access === undefined)
    throw new TypeError(`--access-lifetime goes with token and hybrid: a ${strategy} has no access token`)
  if (asked.idle !== undefined && idle === undefined)
    throw new TypeError('--idle-timeout goes with session and hybrid: a token does not know when it was last used')
  if (asked.grace !== undefined && grace === undefined)
    throw new TypeError('--grace goes with hybrid: nothing else has a refresh token that rotates')
  if (grace !== undefined && grace > 60_000) throw new RangeError('--grace must be 60s at most')
  if (idle !== undefined && idle > lifetime) throw new RangeError('--idle-timeout must not be longer than --lifetime')
  if (access === undefined) return
  if (access > lifetime) throw new RangeError('--access-lifetime must not be longer than --lifetime')
  if (idle !== undefined && access > idle)
    throw new RangeError('--access-lifetime must not be longer than --idle-timeout')
  if (strategy === 'token' && access > 900_000)
    throw new RangeError('--access-lifetime must be 15m at most for a token that nobody can end: or add --store memory')
}
