/**
 * Owns who asks what: the honest browsers and when they refresh, the application, and whoever presents what is not theirs.
 * @module
 */

import { times } from './config.ts'
import * as ask from './operations.ts'
import { idOf, readToken, writeToken } from './reference.ts'
import type { Runner } from './runner.ts'
import { describe } from './story.ts'
import { pick, weighted } from './tape.ts'
import { Violation, type Watch } from './watch.ts'
import type { Browser, Kind, Operation, Outcome, World } from './world.ts'

const honestKinds: readonly (readonly [number, Kind])[] = [
  [68, 'refresh'],
  [10, 'tamper'],
  [6, 'future'],
  [8, 'update'],
  [8, 'authenticate'],
]
const hostileKinds: readonly (readonly [number, Kind])[] = [
  [38, 'refresh'],
  [17, 'replay'],
  [5, 'tamper'],
  [3, 'future'],
  [8, 'authenticate'],
  [9, 'signIn'],
  [4, 'signOut'],
  [3, 'revoke'],
  [5, 'revokeAll'],
  [5, 'update'],
  [3, 'renew'],
]

export interface Requests {
  /** Starts what three numbers say, if it can be started now. */
  start(a: number, b: number, c: number): Promise<unknown>
  /** The answer reaches the browser that waits for it, or is lost on the way. */
  deliver(operation: Operation, lost: boolean): void
  /**
   * A tab that closes while another one waits with the same token is more than was promised: of the two, one may be told
   * at the last moment of the grace that its token is live, and the closed one's rotate it a moment later.
   */
  mayAbandon(operation: Operation): boolean
  /** No answer will come: the connection or the process is gone, and the tab repeats itself within the grace. */
  lose(operation: Operation): void
  /** Holds an answer to what honest browsers were promised (R10, R11). */
  judge(operation: Operation): void
  /** How late it may get before an honest browser must have repeated itself. */
  patience(): number
}

export function createRequests(world: World, watch: Watch, runner: () => Runner): Requests {
  const { config, browsers, forgiven } = world
  const isHybrid = config.strategy === 'hybrid'
  const kinds = config.honest ? honestKinds : hostileKinds
  /** When an honest browser first sent a token. */
  const sentAt = new Map<string, number>()

  function startRefresh(browser: Browser, at: number): Promise<Operation> | undefined {
    const presented = isHybrid ? browser.refresh : browser.access
    if (presented === undefined || (config.honest && !mayRefresh(browser, presented))) return
    browser.unanswered ??= world.now()
    if (!sentAt.has(presented)) sentAt.set(presented, world.now())
    const access = !isHybrid || at % 2 === 0 ? browser.access : undefined
    const credentials = { access, refresh: browser.refresh }
    return runner().begin('refresh', at, ({ server }) => ask.refresh(world, server, credentials), {
      browser,
      presented,
    })
  }

  /** Others that are on their way with the same token. */
  function besides(operation: Pick<Operation, 'presented'>): readonly Operation[] {
    return [...runner().running].filter((one) => one !== operation && one.presented === operation.presented)
  }

  /**
   * Tabs that take turns refresh when they like; others when the access token runs out, within three seconds of each
   * other. Whoever gave up waiting repeats himself once the server is done with the first request.
   */
  function mayRefresh(browser: Browser, presented: string): boolean {
    if (besides({ presented }).some(({ abandoned }) => abandoned)) return false
    if (config.locked) return browser.busy === 0
    const now = world.now()
    if (browser.unanswered !== undefined || now - browser.roundAt <= 3_000) return true
    if (now - browser.refreshedAt < times.access / 2) return false
    browser.roundAt = now
    return true
  }

  /** Somebody presents what an honest browser no longer would, or never had. */
  function startForged(
    kind: 'replay' | 'tamper' | 'future',
    browser: Browser,
    b: number,
    c: number,
  ): Promise<Operation> | undefined {
    if (!isHybrid) {
      const access = oneOf(watch.accessTokens, b)
      if (access === undefined) return
      return runner().begin('replay', c, ({ server }) => ask.refresh(world, server, { access }), { presented: access })
    }
    const text = config.honest ? browser.refresh : oneOf(watch.refreshTokens, b)
    if (text === undefined) return
    const refresh = kind === 'replay' ? text : kind === 'tamper' ? tampered(text, c) : ahead(text, c)
    return runner().begin(kind, c, ({ server }) => ask.refresh(world, server, { refresh }), { presented: refresh })
  }

  function startRevokeAll({ user, sessionId }: Browser, c: number): Promise<Operation> {
    if (c % 2 === 0) user.password += 1
    const except = c % 3 === 0 && sessionId !== undefined ? { except: sessionId } : {}
    const ends = [...watch.families.values()].filter(
      (one) => one.userId === user.id && one.id !== except.except && !one.ended,
    )
    const work = ({ server }: Operation): Promise<Outcome> =>
      ask.outcomeOf(server.auth.sessions.revokeAll(user.id, except))
    return runner().begin('revokeAll', c, work, { ends: ends.map(({ id }) => id) })
  }

  return {
    async start(a, b, c) {
      const kind = weighted(kinds, a)
      const browser = pick(browsers, b)
      const { user, access, sessionId } = browser
      const held = { ...browser }
      switch (kind) {
        case 'refresh':
          return startRefresh(browser, c)
        case 'replay':
        case 'tamper':
        case 'future':
          return startForged(kind, browser, b, c)
        case 'authenticate': {
          const presented = c % 2 === 0 ? access : oneOf(watch.accessTokens, b)
          if (presented === undefined) return
          return runner().begin(kind, c, ({ server }) => ask.authenticate(world, server, presented), { presented })
        }
        case 'signIn': {
          const password = c % 4 === 0 ? user.password - 1 : user.password
          return runner().begin(kind, c, ({ server }) => ask.signIn(world, server, held, password), { browser })
        }
        case 'signOut': {
          if (sessionId === undefined) return
          const facts = { browser, ends: [sessionId] }
          return runner().begin(kind, c, ({ server }) => ask.signOut(world, server, held), facts)
        }
        case 'revoke': {
          if (sessionId === undefined) return
          const work = ({ server }: Operation): Promise<Outcome> =>
            ask.outcomeOf(server.auth.sessions.revoke(sessionId))
          return runner().begin(kind, c, work, { ends: [sessionId] })
        }
        case 'revokeAll':
          return startRevokeAll(browser, c)
        case 'update': {
          const changed = { id: user.id, name: `name ${c}` }
          return runner().begin(kind, c, ({ server }) => ask.outcomeOf(server.auth.sessions.update(changed)))
        }
        case 'renew':
          if (access === undefined) return
          return runner().begin(kind, c, ({ server }) => ask.renew(world, server, held), { browser, presented: access })
      }
    },

    deliver(operation, lost) {
      const { browser, outcome, kind, presented, number } = operation
      if (!browser) return
      browser.busy -= 1
      if (lost || outcome?.is === 'failed') return this.lose(operation)
      if (kind === 'authenticate') return
      if (outcome?.is === 'granted') {
        const { id, access = browser.access, refresh = browser.refresh } = outcome.grant
        Object.assign(browser, { sessionId: id, access, refresh, refreshedAt: world.now() })
        // The answer to another tab does not tell what became of a request that was lost since.
        if (number > browser.lostAt) browser.unanswered = undefined
        return
      }
      const signedOut = kind === 'signOut' ? outcome?.is === 'done' : outcome?.is === 'refused'
      if (signedOut && (kind === 'signOut' || browser.refresh === presented))
        Object.assign(browser, { sessionId: undefined, access: undefined, refresh: undefined, unanswered: undefined })
    },

    mayAbandon: (operation) => !config.honest || besides(operation).length === 0,

    lose({ browser, kind, presented }) {
      if (!browser || kind !== 'refresh' || presented === undefined || browser.refresh !== presented) return
      browser.unanswered ??= sentAt.get(presented)
      browser.lostAt = runner().count()
    },

    judge({ kind, presented = '', outcome }) {
      if (!config.honest || kind !== 'refresh' || outcome?.is !== 'refused') return
      const family = watch.families.get(idOf(readToken(presented)))
      if (family && (family.ended?.by === 'time' || world.now() + 30_000 >= family.first.expiresAt)) return
      throw new Violation('liveness', `an honest browser was signed out: ${describe(outcome)}`)
    },

    patience() {
      if (!config.honest) return Number.POSITIVE_INFINITY
      const limits = [...runner().running].map(
        ({ presented }) => (sentAt.get(presented ?? '') ?? Number.POSITIVE_INFINITY) + config.grace,
      )
      for (const { refresh, unanswered, refreshedAt } of browsers) {
        if (refresh === undefined) continue
        limits.push(
          (unanswered ?? Number.POSITIVE_INFINITY) + config.grace,
          refreshedAt + times.idle - forgiven - 60_000,
        )
      }
      return Math.min(...limits)
    },
  }
}

function oneOf<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(1, list.length)]
}

function tampered(text: string, c: number): string {
  const token = readToken(text)
  const secret = Buffer.from(token.secret)
  const at = c % 32
  secret[at] = (secret[at] ?? 0) ^ (1 << (c % 8))
  return writeToken({ ...token, secret })
}

function ahead(text: string, c: number): string {
  const token = readToken(text)
  return writeToken({ ...token, g: token.g + 1 + (c % 3) })
}
