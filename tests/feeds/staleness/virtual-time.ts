/**
 * Time that passes only when a schedule says so, for everything that reads a timer or a clock in this process.
 * @module
 */
import { setImmediate as afterEverything } from 'node:timers/promises'

export interface VirtualTime {
  /** Milliseconds since the beginning. */
  now(): number
  sleep(ms: number): Promise<void>
  /** Lets so many milliseconds pass, event by event; between two of them everything settles that can. */
  pass(ms: number): Promise<void>
}

interface Timer {
  readonly at: number
  readonly order: number
  readonly run: () => void
  cleared: boolean
}

/** Runs `work` while `setTimeout` and `performance.now` of this process are its own. */
export async function withVirtualTime<T>(work: (time: VirtualTime) => Promise<T>): Promise<T> {
  const real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout, performance }
  const timers = heap()
  let now = 0
  let order = 0

  const begin = (run: () => void, ms = 0) => {
    const timer: Timer = { at: now + Math.max(0, Number(ms)), order: order++, run, cleared: false }
    timers.push(timer)
    return Object.assign(timer, { unref: () => timer, ref: () => timer })
  }
  const time: VirtualTime = {
    now: () => now,
    sleep: (ms) => new Promise((resolve) => begin(resolve, ms)),
    async pass(ms) {
      const end = now + ms
      await afterEverything()
      for (let next = timers.first(); next !== undefined && next.at <= end; next = timers.first()) {
        timers.pop()
        if (next.cleared) continue
        now = next.at
        next.run()
        await afterEverything()
      }
      now = end
    },
  }
  Object.assign(globalThis, {
    setTimeout: begin,
    clearTimeout: (timer?: Timer) => {
      if (timer !== undefined) timer.cleared = true
    },
  })
  Object.defineProperty(globalThis, 'performance', { value: { now: () => now }, configurable: true, writable: true })
  try {
    return await work(time)
  } finally {
    Object.assign(globalThis, { setTimeout: real.setTimeout, clearTimeout: real.clearTimeout })
    Object.defineProperty(globalThis, 'performance', { value: real.performance, configurable: true, writable: true })
  }
}

/** Timers by time, and by their order within one millisecond. */
function heap() {
  const all: Timer[] = []
  const before = (one: Timer, other: Timer) => one.at < other.at || (one.at === other.at && one.order < other.order)

  function swap(one: number, other: number): void {
    ;[all[one], all[other]] = [all[other] as Timer, all[one] as Timer]
  }

  return {
    first: () => all[0],
    push(timer: Timer): void {
      all.push(timer)
      for (let at = all.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1
        if (!before(all[at] as Timer, all[parent] as Timer)) return
        swap(at, parent)
        at = parent
      }
    },
    pop(): void {
      const last = all.pop()
      if (last === undefined || all.length === 0) return
      all[0] = last
      for (let at = 0; ; ) {
        let least = at
        for (const child of [2 * at + 1, 2 * at + 2])
          if (child < all.length && before(all[child] as Timer, all[least] as Timer)) least = child
        if (least === at) return
        swap(at, least)
        at = least
      }
    },
  }
}
