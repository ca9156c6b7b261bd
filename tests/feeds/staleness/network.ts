/**
 * The way between a server and what it asks: slow, out of order, or cut.
 * @module
 */
import type { ChangeFeed, Fact, Facts, ReadOptions } from '@handstamp/server/feeds/feed'
import type { SessionStore } from '@handstamp/server/stores/store'
import type { Draw } from './draw.ts'
import type { VirtualTime } from './virtual-time.ts'

export interface Link {
  /** There, `apply`, and back. Cut on either way, the call fails, or hangs, or arrives when the link is whole again. */
  call<T>(apply: () => T | Promise<T>): Promise<T>
  cut(ms: number): void
  /** Whole and quick from here on. */
  calm(): void
}

export function openLink(time: VirtualTime, draw: Draw): Link {
  let cutUntil = 0
  let fails = false
  let calm = false
  const slow = draw.chance(0.3)

  async function way(): Promise<void> {
    await time.sleep(calm ? 1 : delay(draw, slow))
    if (time.now() >= cutUntil) return
    if (fails || draw.chance(0.3)) throw new Error('the connection was reset')
    const late = draw.chance(0.6)
    while (time.now() < cutUntil) await time.sleep(cutUntil - time.now() + draw.upTo(20))
    if (late) return
    await time.sleep(3_000)
    throw new Error('the connection timed out')
  }

  return {
    async call(apply) {
      await way()
      const answer = await apply()
      await way()
      return answer
    },
    cut(ms) {
      cutUntil = time.now() + ms
      fails = draw.chance(0.3)
    },
    calm() {
      cutUntil = 0
      calm = true
    },
  }
}

function delay(draw: Draw, slow: boolean): number {
  if (slow && draw.chance(0.5)) return 100 + draw.upTo(800)
  if (draw.chance(0.9)) return 1 + draw.upTo(40)
  return draw.chance(0.9) ? draw.upTo(800) : draw.upTo(3_000)
}

export function remoteStore(store: SessionStore, link: Link): SessionStore {
  return {
    find: (...args) => link.call(() => store.find(...args)),
    save: (...args) => link.call(() => store.save(...args)),
    replace: (...args) => link.call(() => store.replace(...args)),
    delete: (...args) => link.call(() => store.delete(...args)),
    listByUser: (...args) => link.call(() => store.listByUser(...args)),
    deleteByUser: (...args) => link.call(() => store.deleteByUser(...args)),
    sweep: (...args) => link.call(() => store.sweep(...args)),
  }
}

/** A log that loses what is before its end when it is told to: a cursor from before is a gap from then on. */
export interface TrimmedLog extends ChangeFeed {
  trim(): void
}

export function trimmedLog(log: ChangeFeed): TrimmedLog {
  let age = 0
  const named = ({ facts, cursor }: Facts): Facts => ({ facts, cursor: `${age}/${cursor}` })
  return {
    append: (fact) => log.append(fact),
    async read(after, options) {
      const [of = '', cursor = ''] = after.split('/')
      if (of !== String(age)) return 'gap'
      const answer = await log.read(cursor, options)
      return answer === 'gap' || of !== String(age) ? 'gap' : named(answer)
    },
    snapshot: async () => named(await log.snapshot()),
    trim() {
      age += 1
    },
  }
}

export function remoteFeed(log: ChangeFeed, link: Link): ChangeFeed {
  return {
    append: (fact: Fact) => link.call(() => log.append(fact)),
    read: (after: string, options: ReadOptions) => link.call(() => log.read(after, options)),
    snapshot: () => link.call(() => log.snapshot()),
  }
}
