/**
 * What a server of this version does with the sessions of a later one, whose records it cannot read.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { newKeyPair } from '../../wire/key-pair.ts'
import type { Fleet, Server } from './fleet.ts'
import { type Place, type StrategyName, strategies } from './job.ts'
import type { Version } from './versions.ts'
import { signedIn, type Visitor } from './visitor.ts'

/** Status and code of each answer; to a bearer, of this version unless said. */
export interface Downgraded {
  /** To a session of the later version. */
  readonly asked: string
  readonly refreshed: string
  readonly steppedUp: string
  /** By the later version, after all that. */
  readonly untouched: string
  /** To a session that the same user has begun here, by this version and by the later one. */
  readonly ownHere: string
  readonly ownThere: string
  /** By the later version to its own session of that user. */
  readonly besides: string
  readonly signedOut: string
  /** By the later version, once this one was asked to end its session, and to end all of a user. */
  readonly afterSignOut: string
  readonly afterEndAll: string
  /** To a session from here, after the later version has told a fact of a kind that this one does not know; then by the later one. */
  readonly doubted: string
  readonly afterDoubt: string
}

/** Asks two servers: one of this version, which refuses where its feed proves nothing, and one of the later. */
export async function downgrade(
  fleet: Fleet,
  later: Version,
  place: Place,
): Promise<Readonly<Record<StrategyName, Downgraded>>> {
  const pair = newKeyPair()
  const job = { ...place, keys: [pair.jwk], secrets: [pair.secret], onStale: 'refuse', maxStaleness: '5s' } as const
  const [here, there] = await Promise.all([fleet.start('N', job), fleet.start(later, job)])
  const visit = (strategy: StrategyName, user: string, at: Server): Promise<Visitor> =>
    signedIn({ strategy, name: `${later} ${strategy} ${user}`, transport: 'bearer', fleet }, at)

  async function through(strategy: StrategyName): Promise<() => Promise<Downgraded>> {
    const [one, leaving, all] = await Promise.all(['one', 'leaving', 'all'].map((user) => visit(strategy, user, there)))
    if (!one || !leaving || !all) throw new Error('nobody')
    const asked = await say(one, 'GET', 'application/me', here)
    const refreshed = await say(one, 'POST', 'refresh', here)
    const steppedUp = await say(one, 'POST', 'application/step-up', here)
    const untouched = await say(one, 'POST', 'refresh', there)
    const own = await visit(strategy, 'one', here)
    const ownHere = await say(own, 'POST', 'refresh', here)
    const ownThere = await say(own, 'POST', 'refresh', there)
    const besides = await say(one, 'POST', 'refresh', there)
    const signedOut = await say(leaving, 'POST', 'sign-out', here)
    const afterSignOut = await say(leaving, 'POST', 'refresh', there)
    const ending = await visit(strategy, 'all', here)
    await say(ending, 'POST', 'application/end-all', here)
    const afterEndAll = await say(all, 'POST', 'refresh', there)
    const doubting = await visit(strategy, 'doubting', here)
    return async () => {
      const doubted = await say(doubting, 'GET', 'application/me', here)
      const afterDoubt = await say(doubting, 'GET', 'application/me', there)
      return {
        ...{ asked, refreshed, steppedUp, untouched, ownHere, ownThere, besides, signedOut, afterSignOut },
        ...{ afterEndAll, doubted, afterDoubt },
      }
    }
  }

  const doubts = await Promise.all(strategies.map(through))
  const last = await visit('stored', 'last', there)
  await say(last, 'POST', 'application/end-all', there)
  const listener = await visit('stored', 'listener', here)
  for (let tries = 0; tries < 100 && (await say(listener, 'GET', 'application/me', here)) === '200'; tries += 1)
    await wait(20)
  const told = await Promise.all(doubts.map((doubt) => doubt()))
  return Object.fromEntries(strategies.map((strategy, at) => [strategy, told[at]])) as never
}

/** Nothing is kept of the answer but a token that was refreshed. */
async function say(visitor: Visitor, method: string, path: string, at: Server): Promise<string> {
  const given = { at, keep: path === 'refresh' }
  const { status, body, cookies } = await (path === 'refresh'
    ? visitor.refresh(given)
    : visitor.ask(method, path, given))
  if (cookies.length > 0) throw new Error('bearers get no cookies')
  return body.code === undefined ? `${status}` : `${status} ${body.code}`
}
