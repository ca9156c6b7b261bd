/**
 * What a configuration risks, computed from its storage, transport, strategy and lifetimes.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import { type Lifetimes, type Servers, type StorageName, storages } from './configuration.ts'
import { sayDuration } from './durations.ts'

export type Level = 'none' | 'low' | 'medium' | 'high'

/** One storage, judged by itself. */
export interface RiskRow {
  readonly storage: StorageName
  readonly xss: Level
  readonly csrf: Level
  readonly why: string
  /** What takes the risk away, where there is something. */
  readonly cure?: string
  /** What is kept there in the present configuration; empty: nothing. */
  readonly holds: readonly string[]
}

export interface RiskReport {
  readonly rows: readonly RiskRow[]
  /** What a script in the page gets. */
  readonly script: string
  /** How long a stolen credential is good, and who can end it. */
  readonly stolen: string
  /** What a page of another site gets. */
  readonly elsewhere: string
}

export interface RiskSetting {
  readonly storage: StorageName
  readonly transport: Transport
  readonly strategy: StrategyKind
  readonly lifetimes: Lifetimes
  /** Whether the servers hear from one another what has ended; they do not unless said. */
  readonly servers?: Pick<Servers, 'feed'>
}

/** What decides about a storage: who can read it, and whether the browser sends it without being asked. */
const facts: {
  readonly [S in StorageName]: {
    readonly read: 'by any script, at any time' | 'while the page is open' | 'by no script'
    readonly sentByItself: boolean
    readonly why: string
  }
} = {
  localStorage: {
    read: 'by any script, at any time',
    sentByItself: false,
    why: 'Every script of the page reads it in one line, and it outlives the tab.',
  },
  sessionStorage: {
    read: 'by any script, at any time',
    sentByItself: false,
    why: 'Every script of the page reads it in one line; it goes with the tab.',
  },
  memory: {
    read: 'while the page is open',
    sentByItself: false,
    why: 'A script must be there at the right time and put itself between; a reload forgets it.',
  },
  cookie: {
    read: 'by no script',
    sentByItself: true,
    why: 'HttpOnly: no script reads it. The browser sends it along, whoever caused the request.',
  },
}

const xssLevels = {
  'by any script, at any time': 'high',
  'while the page is open': 'low',
  'by no script': 'none',
} as const

/** The risks of the four storages, and of the one configuration that is in use. */
export function risksOf(setting: RiskSetting): RiskReport {
  return {
    rows: [...storages].reverse().map((storage) => rowOf(storage, setting)),
    script: scriptGets(setting),
    stolen: stolenLasts(setting),
    elsewhere: elsewhereGets(setting),
  }
}

function rowOf(storage: StorageName, setting: RiskSetting): RiskRow {
  const { read, sentByItself, why } = facts[storage]
  return {
    storage,
    xss: xssLevels[read],
    csrf: sentByItself ? 'medium' : 'none',
    why,
    ...(sentByItself ? { cure: 'SameSite=Strict and the origin check' } : {}),
    holds: heldIn(storage, setting),
  }
}

function heldIn(storage: StorageName, { storage: present, transport, strategy }: RiskSetting): readonly string[] {
  const access = strategy === 'session' ? 'session id' : 'access token'
  const refresh = strategy === 'hybrid' ? ['refresh token'] : []
  if (transport === 'split') {
    if (storage === 'cookie') return refresh
    return storage === present ? [access] : []
  }
  return storage === present ? [access, ...refresh] : []
}

function scriptGets({ storage, transport, strategy }: RiskSetting): string {
  const act = 'It can act as the user as long as the page is open'
  if (transport === 'cookie') return `${act}, and takes nothing away: the credential is out of its reach.`
  const what = strategy === 'session' ? 'the session id' : 'the access token'
  if (transport === 'split')
    return `${act}, and can take ${what} away if it puts itself between. The refresh token is out of its reach.`
  const all = strategy === 'hybrid' ? `${what} and the refresh token` : what
  return facts[storage].read === 'while the page is open'
    ? `${act}, and can take ${all} away if it puts itself between.`
    : `It takes ${all} away in one line, and uses it from anywhere.`
}

function stolenLasts({ transport, strategy, lifetimes, servers }: RiskSetting): string {
  const { access, idle, lifetime } = lifetimes
  const whole = sayDuration(lifetime)
  const short = sayDuration(access ?? lifetime)
  const heard = (servers?.feed ?? 'none') !== 'none'
  const unused = idle === undefined ? '' : `, or ${sayDuration(idle)} without use`
  switch (strategy) {
    case 'session':
      return `A stolen session id is good until somebody ends the session, at most ${whole}${unused}. Ending it works at once.`
    case 'token':
      return `A stolen token is good for at most ${short}, and can be renewed while it is, up to ${whole} after the sign-in. Nobody can end it.`
    case 'token+store':
      return `A stolen token is good for at most ${short}, and can be renewed while it is, up to ${whole} after the sign-in. Ending the session works at once.`
    case 'hybrid':
      return transport === 'bearer'
        ? `A stolen access token is good for at most ${short}. A stolen refresh token brings new ones until the user's own is used next: then the session ends for both.`
        : `A stolen access token is good for at most ${short}, ${heard ? 'and dies with its session at once' : 'also after the session has ended'}.`
  }
}

function elsewhereGets({ transport }: RiskSetting): string {
  const checked =
    'SameSite=Strict holds the cookie back, and the origin check refuses the rest before anything is read.'
  switch (transport) {
    case 'cookie':
      return `A form or a script on another site makes the browser send a request here. ${checked}`
    case 'split':
      return `It could cause a refresh and nothing else, whose answer it cannot read. ${checked}`
    case 'bearer':
      return 'Nothing: the browser sends no credential by itself, and a page elsewhere has none to attach.'
  }
}
