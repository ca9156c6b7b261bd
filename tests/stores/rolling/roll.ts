/**
 * A rolling deploy and the way back under traffic, with a signing key and a secret that change meanwhile: published
 * first, then used, then retired.
 * @module
 */
import { setTimeout as wait } from 'node:timers/promises'
import { claimsOf, newKeyPair } from '../../wire/key-pair.ts'
import type { Fleet } from './fleet.ts'
import { type Job, type Place, type StrategyName, strategies } from './job.ts'
import type { Version } from './versions.ts'
import { type Answer, type AskOptions, signedIn, type Visitor } from './visitor.ts'

export interface RollOptions {
  readonly place: Place
  readonly older: Version
  readonly newer: Version
  /** Of each strategy. */
  readonly visitors: number
  /** Of traffic, before the next server is replaced. */
  readonly rounds: number
}

export interface Figures {
  asked: number
  unavailable: number
  ended: number
  /** Answers that make a client sign out whose session was not ended. */
  readonly signedOut: string[]
  /** Answers to what was ended that do not refuse it. */
  readonly revived: string[]
  /** Two refreshes of one token at once that led to two tokens. */
  readonly forked: string[]
  /** Which version signed with which key, and whether it said more than this version does. */
  readonly signed: Set<string>
  /** Who is signed in at the end. */
  readonly visitors: readonly Visitor[]
}

const minute = 60_000
const maxStaleness = 200

export async function roll(fleet: Fleet, { older, newer, place, visitors, rounds }: RollOptions): Promise<Figures> {
  const [first, second] = [newKeyPair('first'), newKeyPair('second')]
  const next = { ...second.jwk, activeFrom: fleet.now() + (1.5 * rounds - 0.5) * minute }
  const job = (secrets: Job['secrets'], keys: Job['keys'] = [first.jwk, next]) => {
    return { ...place, keys, secrets, onStale: 'check', maxStaleness } as const
  }
  const published = job([first.secret, second.secret])
  const swapped = job([second.secret, first.secret])
  const retired = job([second.secret], [next])

  const traffic = openTraffic(fleet)
  const starting = await Promise.all([fleet.start(older, published), fleet.start(older, published)])
  for (const server of starting) await fleet.put(server)
  await traffic.arrive(visitors)
  await traffic.flow(rounds)
  await replace(newer, 0, published)
  await traffic.flow(rounds)
  await replace(newer, 1, swapped)
  await traffic.flow(rounds)
  await replace(older, 0, swapped)
  await traffic.flow(rounds)
  // No token of the first key is good any more, and those of the second are about to end.
  await fleet.pass(13 * minute)
  await replace(older, 1, retired)
  await traffic.flow(rounds)
  await traffic.checkAll()
  return traffic.figures()

  /** While the traffic goes on: who is replaced answers what it was asked. */
  async function replace(version: Version, at: 0 | 1, given: Omit<Job, 'passed'>): Promise<void> {
    const server = await fleet.start(version, given)
    await Promise.all([fleet.put(server, fleet.servers[at]), traffic.use()])
  }
}

function openTraffic(fleet: Fleet) {
  const figures = { asked: 0, unavailable: 0, ended: 0, signedOut: [], revived: [], forked: [], signed: new Set() } as {
    -readonly [F in Exclude<keyof Figures, 'visitors'>]: Figures[F]
  }
  let visitors: Visitor[] = []
  const gone: Visitor[] = []
  let names = 0

  /** 503 is neither yes nor no: asked again. */
  async function ask(visitor: Visitor, method: string, path: string, options?: AskOptions): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      figures.asked += 1
      const answer = await (path === 'refresh' ? visitor.refresh(options) : visitor.ask(method, path, options))
      note(answer)
      if (answer.status !== 503 || attempt === 5) return answer
      figures.unavailable += 1
    }
  }

  function note({ body: { access_token: text }, by }: Answer): void {
    if (text?.startsWith('eyJ') !== true) return
    const { kid } = JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }
    figures.signed.add(`${by.version} ${kid} ${claimsOf(text).later === 'top'}`)
  }

  /** True where it was done, for the right one. */
  function expectOk(visitor: Visitor, what: string, answer: Answer): boolean {
    const { status, body, by } = answer
    if (status < 300 && (body.id === undefined || body.id === visitor.name)) return true
    figures.signedOut.push(
      `${visitor.strategy} by ${visitor.transport}, ${what} at ${by.version}: ${status} ${body.code ?? body.id}`,
    )
    return false
  }

  async function refresh(visitor: Visitor, options?: AskOptions): Promise<void> {
    expectOk(visitor, 'refresh', await ask(visitor, 'POST', 'refresh', options))
  }

  /** As a client does, that refreshes when it is told to. */
  async function use(visitor: Visitor, method = 'GET', path = 'application/me'): Promise<boolean> {
    let answer = await ask(visitor, method, path)
    const { code } = answer.body
    const holdsRefresh = visitor.strategy === 'hybrid' && visitor.transport === 'bearer'
    if (code === 'token_expired' || (code === 'invalid_token' && holdsRefresh)) {
      await refresh(visitor)
      answer = await ask(visitor, method, path)
    }
    return expectOk(visitor, path, answer)
  }

  async function arrive(strategy: StrategyName, name = `${strategy}-${++names}`): Promise<Visitor> {
    const transport = names % 2 === 0 ? 'bearer' : 'cookie'
    return signedIn({ strategy, name, transport, fleet })
  }

  /** Two tabs, and two servers. */
  async function refreshTwice(visitor: Visitor): Promise<Visitor> {
    const tabs = [visitor.copy(), visitor.copy()] as const
    const [one, other] = tabs
    await Promise.all(tabs.map((tab) => refresh(tab, { at: fleet.next() })))
    if (visitor.strategy === 'hybrid' && one.held !== other.held) figures.forked.push(visitor.name)
    await use(other)
    return one
  }

  async function stepUp(visitor: Visitor): Promise<Visitor> {
    const old = visitor.copy()
    if ((await use(visitor, 'POST', 'application/step-up')) && visitor.strategy !== 'token') gone.push(old)
    return visitor
  }

  async function live(visitor: Visitor, turn: number): Promise<Visitor> {
    let own = visitor
    await use(own)
    if (turn % 4 === 1) own = await refreshTwice(own)
    if (turn % 4 === 2) own = await stepUp(own)
    if (turn % 4 === 3) await use(own, 'POST', 'application/rename')
    await refresh(own)
    await use(own)
    return own
  }

  /** One signs out, one everywhere, and one everywhere else. */
  async function end(strategy: Exclude<StrategyName, 'token'>): Promise<void> {
    const [one, all, others] = await Promise.all([arrive(strategy), arrive(strategy), arrive(strategy)])
    const second = await Promise.all([arrive(strategy, all.name), arrive(strategy, others.name)])
    await Promise.all([...second, one, all, others].map((visitor) => use(visitor)))
    const leaving = [one.copy(), all.copy()] as const
    if (expectOk(one, 'sign-out', await ask(one, 'POST', 'sign-out'))) gone.push(leaving[0])
    if (await use(all, 'POST', 'application/end-all')) gone.push(leaving[1], second[0])
    if (await use(others, 'DELETE', 'sessions?others=true')) gone.push(second[1])
    await use(others)
  }

  async function checkGone(who: readonly Visitor[]): Promise<void> {
    figures.ended = gone.length
    for (const at of fleet.servers)
      await Promise.all(
        who.map(async (visitor) => {
          for (const [method, path] of [
            ['GET', 'application/me'],
            ['POST', 'refresh'],
          ] as const) {
            const { status, by } = await ask(visitor, method, path, { at, keep: false })
            if (status !== 401 && status !== 400)
              figures.revived.push(`${visitor.strategy}, ${path} at ${by.version}: ${status}`)
          }
        }),
      )
  }

  return {
    async arrive(each: number): Promise<void> {
      for (const strategy of strategies) for (let n = 0; n < each; n += 1) visitors.push(await arrive(strategy))
    },

    async use(): Promise<void> {
      await Promise.all(visitors.map((visitor) => use(visitor)))
    },

    async flow(rounds: number): Promise<void> {
      // Where one of the servers is of the other version, both are met by whoever is new.
      visitors.push(...(await Promise.all(strategies.map((strategy) => arrive(strategy)))))
      for (let round = 0; round < rounds; round += 1) {
        visitors = await Promise.all(visitors.map((visitor, at) => live(visitor, at + round + names)))
        await fleet.pass(minute)
      }
      await Promise.all((['session', 'stored', 'hybrid'] as const).map(end))
      // Ended is ended within `maxStaleness`.
      await wait(maxStaleness + 50)
      await checkGone(gone.slice(figures.ended))
    },

    /** That nothing came back later on. */
    checkAll: () => checkGone(gone),

    figures: (): Figures => ({ ...figures, visitors }),
  }
}
