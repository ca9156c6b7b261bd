/**
 * One schedule: servers that end sessions, cut lines, gaps, restarts, and questions all the while. Every answer is held
 * against what had been acknowledged before its question.
 * @module
 */
import { memoryFeed } from '@handstamp/server/feeds/memory'
import { memoryStore } from '@handstamp/server/stores/memory'
import {
  type Build,
  type Judge,
  type Kind,
  kid,
  openServer,
  openVerifier,
  requestOf,
  type Server,
  type User,
} from './application.ts'
import { type Draw, drawBy } from './draw.ts'
import { type Link, openLink, remoteFeed, remoteStore, trimmedLog } from './network.ts'
import { type VirtualTime, withVirtualTime } from './virtual-time.ts'

export interface Outcome {
  /** What was accepted too late, in words. */
  readonly stale: readonly string[]
  readonly accepted: number
  readonly refused: number
  readonly failed: number
  /** Ends that were acknowledged. */
  readonly ended: number
  /** Sessions that nobody tried to end and that some server refuses after everything is whole again, in words. */
  readonly lost: readonly string[]
}

interface Known {
  readonly user: User
  readonly id: string
  readonly access: string[]
  readonly grantedAt: number
  /** When its end was acknowledged. */
  endedAt: number
  /** Somebody tried to end it. */
  doomed: boolean
  /** The latest acknowledged change of its user, and when. */
  floor: { readonly role: number; readonly at: number }
}

const start = 1_767_225_600_000
const duration = 8_000
const steps = 60

/** `asksAll`: at each step every server is asked for every session, beside what the step does. */
export interface Questions {
  readonly asksAll?: boolean
}

export function runSchedule(kind: Kind, seed: number, build: Build = {}, questions: Questions = {}): Promise<Outcome> {
  return withVirtualTime((time) => play(kind, drawBy(seed), time, build, questions))
}

async function play(
  kind: Kind,
  draw: Draw,
  time: VirtualTime,
  build: Build,
  { asksAll = false }: Questions,
): Promise<Outcome> {
  const clock = () => start + Math.floor(time.now())
  const store = memoryStore({ clock })
  const log = trimmedLog(memoryFeed({ clock }))
  const sessions: Known[] = []
  const stale: string[] = []
  const counts = { accepted: 0, refused: 0, failed: 0, ended: 0 }
  const roles = new Map<string, number>()
  const changing = new Set<string>()
  /** Users whom somebody has begun to sign out everywhere, how often that is unfinished, and when it was last done: what becomes of who signs in meanwhile is open. */
  const signingOut = new Map<string, { unfinished: number; doneAt: number }>()
  const signingOutOf = (id: string) => {
    const known = signingOut.get(id) ?? { unfinished: 0, doneAt: -1 }
    signingOut.set(id, known)
    return known
  }
  let keyEndedAt = Number.POSITIVE_INFINITY
  let keyDoomed = false

  const nodes = ['one', 'two'].map((name) => {
    const links = { store: openLink(time, draw), feed: openLink(time, draw) }
    const skew = draw.upTo(2_000) - 1_000
    const onStale = kind !== 'token' && draw.chance(0.4) ? 'check' : 'refuse'
    const open = () =>
      openServer(
        kind,
        name,
        {
          store: remoteStore(store, links.store),
          feed: remoteFeed(log, links.feed),
          clock: () => clock() + skew,
          onStale,
        },
        build,
      )
    return { links, open, server: open() }
  })
  const links: Link[] = nodes.flatMap((node) => Object.values(node.links))
  const judges: (() => Judge)[] = nodes.map((node) => () => node.server)
  if (kind === 'token+store' || kind === 'hybrid') {
    const [near, far] = [openLink(time, draw), openLink(time, draw)]
    const skewed = () => clock() + draw.upTo(400)
    const issuer = nodes[0]
    const fetch = (url: string) =>
      far.call(async () => (await issuer?.server.auth.handler(new Request(url))) as Response)
    const [verifier, edge] = [
      openVerifier('verifier', skewed, remoteFeed(log, near), build),
      openVerifier('edge', skewed, fetch, build),
    ]
    links.push(near, far)
    judges.push(
      () => verifier,
      () => edge,
    )
  }
  const server = (): Server => draw.of(nodes).server
  // Its answers come at once, so that a schedule begins with somebody.
  const registrar = openServer(kind, 'registrar', { store, feed: log, clock }, {})

  async function signIn(at: Server, id: string): Promise<void> {
    const user = { id, role: roles.get(id) ?? 0 }
    const begunAt = time.now()
    const state = signingOutOf(id)
    const meetsItsEnd = () => state.unfinished > 0 || state.doneAt >= begunAt
    const granted = await at.auth.signIn(user, requestOf()).finally(() => {
      // It finishes what it finds unfinished, also for who came between.
      if (meetsItsEnd()) for (const other of sessions) if (other.user.id === id) other.doomed = true
    })
    const { access_token: access } = granted.body as { readonly access_token: string }
    sessions.push({
      user,
      id: granted.session.id,
      access: [access],
      grantedAt: time.now(),
      endedAt: Number.POSITIVE_INFINITY,
      doomed: meetsItsEnd(),
      floor: { role: user.role, at: 0 },
    })
  }

  /** Once it is acknowledged; tried again as an application would, or given up. */
  async function insist(work: (at: Server) => Promise<unknown>): Promise<boolean> {
    for (let attempt = 0; attempt < 8; attempt += 1) {
      try {
        await work(server())
        counts.ended += 1
        return true
      } catch {
        if (draw.chance(0.2)) return false
        await time.sleep(draw.upTo(500))
      }
    }
    return false
  }

  async function end(doomed: readonly Known[], work: (at: Server) => Promise<unknown>): Promise<boolean> {
    for (const one of doomed) one.doomed = true
    if (!(await insist(work))) return false
    for (const one of doomed) one.endedAt = Math.min(one.endedAt, time.now())
    return true
  }

  async function change(id: string): Promise<void> {
    if (changing.has(id)) return
    changing.add(id)
    const role = (roles.get(id) ?? 0) + 1
    roles.set(id, role)
    const concerned = sessions.filter((one) => one.user.id === id)
    const done = await insist((at) => at.auth.sessions.update({ id, role }))
    if (done) for (const one of concerned) one.floor = { role, at: time.now() }
    changing.delete(id)
  }

  async function ask(judge: Judge, one: Known): Promise<void> {
    const askedAt = time.now()
    const { floor, endedAt } = one
    const since = (at: number) => askedAt - at > judge.bound
    // A token of a revoked key ends nothing, so who has not heard of the key may find the record.
    const hears = judge.hearsOfKeys || !keyDoomed
    const known = {
      ended: hears && since(endedAt),
      key: hears && since(keyEndedAt),
      floor: since(floor.at) ? floor.role : 0,
    }
    let answer: Awaited<ReturnType<Judge['judge']>>
    try {
      answer = await judge.judge(draw.of(one.access))
    } catch {
      counts.failed += 1
      return
    }
    counts[answer.ok ? 'accepted' : 'refused'] += 1
    if (!answer.ok) return
    const told = `${judge.name}, asked at ${askedAt.toFixed()}, accepts ${one.user.id}`
    if (known.ended) stale.push(`${told}, whose session had ended at ${endedAt.toFixed()}`)
    if (known.key) stale.push(`${told}, by a key that was revoked at ${keyEndedAt.toFixed()}`)
    if (answer.role < known.floor) stale.push(`${told} as they were before ${floor.at.toFixed()}`)
  }

  async function refresh(one: Known): Promise<void> {
    if (kind === 'hybrid') return
    const granted = await server().auth.refresh(requestOf(draw.of(one.access)))
    if (granted.ok) one.access.push((granted.body as { readonly access_token: string }).access_token)
  }

  async function step(): Promise<unknown> {
    const one = draw.of(sessions)
    const { id } = one.user
    const chance = draw.upTo(100)
    if (chance < 62) return ask(draw.of(judges)(), one)
    if (chance < 74) return draw.of(links).cut(100 + draw.upTo(draw.chance(0.2) ? 8_000 : 1_500))
    if (chance < 77) return log.trim()
    if (chance < 79) {
      const node = draw.of(nodes)
      node.server = node.open()
      return
    }
    if (chance < 82) return refresh(one)
    if (chance < 84) return signIn(server(), id)
    if (chance > 97 && kind !== 'session') return endKey()
    if (kind === 'token') return
    if (chance < 89) return end([one], (at) => at.auth.signOut(requestOf(draw.of(one.access))))
    if (chance < 92) return end([one], (at) => at.auth.sessions.revoke(one.id))
    if (chance < 96) {
      const except = draw.chance(0.4) ? draw.of(sessions.filter(({ user }) => user.id === id)) : undefined
      const doomed = sessions.filter((other) => other.user.id === id && other !== except)
      // One that ended before is not spared by anything.
      const state = signingOutOf(id)
      state.unfinished += 1
      const done = await end(doomed, (at) => at.auth.sessions.revokeAll(id, except ? { except: except.id } : {}))
      for (const other of sessions) if (other.user.id === id && other !== except) other.doomed = true
      // Given up halfway, it ends whoever comes before the sign-in that finishes it.
      if (!done) return
      state.unfinished -= 1
      state.doneAt = time.now()
      return
    }
    return change(id)
  }

  async function endKey(): Promise<void> {
    keyDoomed = true
    const fact = { kind: 'key', kid, until: clock() + 3_600_000 } as const
    if (await insist(() => remoteFeed(log, draw.of(links)).append(fact))) keyEndedAt = Math.min(keyEndedAt, time.now())
  }

  for (const id of ['ada', 'ada', 'ada', 'grace', 'grace']) {
    const signing = signIn(registrar, id)
    await time.pass(1)
    await signing
  }
  for (let at = 0; at < steps; at += 1) {
    void step().catch(() => {})
    if (asksAll) for (const judge of judges) for (const one of sessions) void ask(judge(), one)
    await time.pass(draw.upTo((2 * duration) / steps))
  }
  for (const link of links) link.calm()
  // Whatever was on its way has arrived, or has been given up.
  await time.pass(4_500)
  const lost: string[] = []
  async function mustAccept(judge: Judge, { user, access }: Known): Promise<void> {
    // One signed before its user changed is out of date, and rightly refused.
    const current = roles.has(user.id) && kind !== 'session' ? undefined : access.at(-1)
    if (current === undefined) return
    const answer = await judge.judge(current).catch((error: Error) => error.message)
    if (typeof answer === 'string' || !answer.ok)
      lost.push(`${judge.name} does not accept ${user.id}: ${JSON.stringify(answer)}`)
  }
  const spared = keyDoomed ? [] : sessions.filter(({ doomed }) => !doomed)
  const asked = spared.flatMap((one) => judges.map((judge) => mustAccept(judge(), one)))
  await time.pass(2_500)
  await Promise.all(asked)
  return { ...counts, stale, lost }
}
