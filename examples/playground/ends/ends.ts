/**
 * Asks every node with the credential of what has ended, from the acknowledged end on, until each refuses it.
 * @module
 */
import { now } from '../now.ts'
import { isAmong, type Which } from './ended-by.ts'
import type { Held } from './held.ts'

/** An end that a node has acknowledged. */
export interface Ended {
  readonly which: Which
  /** When the answer was ready; milliseconds since the epoch. */
  readonly at: number
  /** Who gave it. */
  readonly node: string
  /** The configuration in which it was. */
  readonly switches: number
  /** Milliseconds after which no node may accept a session any more; undefined: until it expires. */
  readonly within?: number
  /** What the request brought. */
  readonly own?: Held
}

/** What one node answered to the ended credential. */
export interface Asked {
  readonly node: string
  /** How often it still accepted it. */
  readonly accepted: number
  /** Milliseconds from the end to its first refusal. */
  readonly refused?: number
  /** It was asked long enough, and has not refused. */
  readonly left?: true
}

export interface End {
  readonly id: string
  readonly kind: Held['kind']
  readonly at: number
  readonly node: string
  readonly switches: number
  /** The latest moment at which a node may accept it that hears of nothing, as far as that is known. */
  readonly until?: number
  readonly asked: readonly Asked[]
}

/** Told by the nodes. */
export interface EndsWitness {
  /** A credential was accepted; the latest of a session counts. */
  held(held: Held): void
  ended(ended: Ended): void
}

export interface Ends extends EndsWitness {
  /** The newest first. */
  view(): readonly End[]
  close(): void
}

export interface AskedNode {
  readonly name: string
  /** Presents a credential; answers the status. */
  ask(headers: Readonly<Record<string, string>>): Promise<number>
}

/** The path that is asked, and the mark by which a node keeps such a question out of what it shows. */
export const probe = { path: '/api/me', mark: 'x-playground-probe' } as const
/** The configuration of the end is not in force any more: what a node answers tells nothing. */
export const switched = 409

const shown = 4
const mostHeld = 200
/** Milliseconds for which a node is asked. */
const patience = 60_000
/** Between two questions: short at first, and never long beside what has passed, so that the time found is right. */
const pauseAfter = (passed: number): number => Math.max(4, passed / 25)

type Draft<T> = { -readonly [K in keyof T]: T[K] }

export function createEnds(nodes: readonly AskedNode[]): Ends {
  const credentials = new Map<string, Held>()
  let ends: readonly End[] = []
  let closed = false

  function hold(held: Held): void {
    credentials.delete(held.id)
    credentials.set(held.id, held)
    const [oldest] = credentials.keys()
    if (credentials.size > mostHeld && oldest !== undefined) credentials.delete(oldest)
  }

  function begin(held: Held, { at, node, switches, within }: Ended): void {
    credentials.delete(held.id)
    const until = held.kind === 'session' && within !== undefined ? at + within : held.expiresAt
    // What has expired is refused for that.
    if (held.kind === 'token' && until !== undefined && until <= at) return
    const asked = nodes.map(({ name }): Draft<Asked> => ({ node: name, accepted: 0 }))
    const { id, kind } = held
    const end: End = { id, kind, at, node, switches, ...(until === undefined ? {} : { until }), asked }
    ends = [end, ...ends.filter((other) => other.id !== id)].slice(0, shown)
    const [name, value] = held.header
    for (const [index, each] of nodes.entries()) {
      const line = asked[index]
      if (line) void follow(each, { [name]: value, [probe.mark]: `${switches}` }, line, end)
    }
  }

  async function follow(node: AskedNode, headers: Record<string, string>, line: Draft<Asked>, end: End): Promise<void> {
    for (;;) {
      const status = await node.ask(headers).catch(() => 0)
      const passed = now() - end.at
      if (closed || !ends.includes(end)) return
      if (status === switched) ends = ends.filter((other) => other !== end)
      if (status === 401) line.refused = passed
      if (status === switched || status === 401) return
      if (status === 200) line.accepted += 1
      if (passed > patience) {
        line.left = true
        return
      }
      await new Promise((resolve) => setTimeout(resolve, pauseAfter(passed)).unref())
    }
  }

  return {
    held: hold,
    ended(ended) {
      const { own, which } = ended
      const known = own === undefined ? undefined : credentials.get(own.id)
      // What was seen of it before knows when it expires.
      if (own !== undefined && isAmong(own.id, which)) hold({ ...known, ...own })
      for (const held of [...credentials.values()])
        if (held.switches === ended.switches && isAmong(held.id, which)) begin(held, ended)
    },
    view: () => ends,
    close() {
      closed = true
    },
  }
}
