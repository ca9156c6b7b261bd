/**
 * Owns deadlines of many short calls: all of one duration, and hardly ever reached.
 * @module
 */

/** One running deadline. Only {@link Deadlines} writes to it. */
export interface Deadline {
  dueAt: number
  before: Deadline | undefined
  after: Deadline | undefined
  timer: unknown
  readonly expire: () => void
}

export interface Deadlines {
  /** Calls `expire` once the duration has passed, unless stopped before. */
  start(expire: () => void): Deadline
  stop(deadline: Deadline): void
}

/**
 * Answers deadlines of `ms` milliseconds. In Node and Bun one timer serves all: it looks at the oldest when it fires,
 * is set anew while any is left, and keeps no process alive. An edge runtime ends a request's timers with the request,
 * so there, and wherever a timer cannot be told to keep nobody waiting, each deadline has its own.
 *
 * @example
 * ```ts
 * const limits = deadlines(2_000)
 * const deadline = limits.start(() => controller.abort())
 * limits.stop(deadline)
 * ```
 */
export function deadlines(ms: number, shared: boolean = oneContext()): Deadlines {
  return shared ? sharedTimer(ms) : ownTimers(ms)
}

/**
 * The answer, or a rejection once the deadline has passed; whatever comes after that is nobody's.
 *
 * @example
 * ```ts
 * const limits = deadlines(2_000)
 * const text = await inTime(limits, fetch('https://app.example').then((response) => response.text()), () => new Error('late'))
 * ```
 */
export function inTime<T>(limits: Deadlines, answer: Promise<T>, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const deadline = limits.start(() => reject(late()))
    answer.then(resolve, reject).finally(() => limits.stop(deadline))
  })
}

function oneContext(): boolean {
  return /^(Node\.js|Bun)\//.test(globalThis.navigator?.userAgent ?? '')
}

function ownTimers(ms: number): Deadlines {
  return {
    start(expire) {
      return { dueAt: 0, before: undefined, after: undefined, timer: setTimeout(expire, ms), expire }
    },
    stop(deadline) {
      clearTimeout(deadline.timer as number)
    },
  }
}

function sharedTimer(ms: number): Deadlines {
  // Equal durations start and end in the same order, so a list in order of start is sorted.
  let first: Deadline | undefined
  let last: Deadline | undefined
  let armed = false

  function arm(delay: number): void {
    armed = true
    const timer: unknown = setTimeout(check, delay)
    ;(timer as { unref?: () => void }).unref?.()
  }

  function check(): void {
    armed = false
    const now = performance.now()
    while (first !== undefined && first.dueAt <= now) {
      const { expire } = first
      remove(first)
      expire()
    }
    if (first !== undefined && !armed) arm(Math.max(1, first.dueAt - now))
  }

  function remove(deadline: Deadline): void {
    const { before, after } = deadline
    if (before === undefined && first !== deadline) return
    if (before === undefined) first = after
    else before.after = after
    if (after === undefined) last = before
    else after.before = before
    deadline.before = undefined
    deadline.after = undefined
  }

  return {
    start(expire) {
      const dueAt = performance.now() + ms
      const deadline: Deadline = { dueAt, before: last, after: undefined, timer: undefined, expire }
      if (last === undefined) first = deadline
      else last.after = deadline
      last = deadline
      if (!armed) arm(ms)
      return deadline
    },
    stop: remove,
  }
}
