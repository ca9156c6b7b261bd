/**
 * Owns the order in which things expire: a heap that knows the earliest without looking at the others.
 * @module
 */

/** What the heap orders. It alone writes `slot`. */
export interface Expiring {
  /** Where it stands; -1: nowhere. */
  slot: number
}

export interface ExpiryHeap<T extends Expiring> {
  /** `dueAt` is no later than the true expiry, which may move on meanwhile; see {@link ExpiryHeap.settle}. */
  add(item: T, dueAt: number): void
  remove(item: T): void
  /** The one due first, by what the heap knows. */
  first(): T | undefined
  /** When that one is due; Infinity where nothing is left. */
  firstDueAt(): number
  /**
   * Brings the first item up to date with its true expiry and answers whether that is past `now`. An expiry that only
   * moves on need not be told to the heap at each move, which keeps a touch free of it.
   */
  settle(item: T, expiry: number, now: number): boolean
}

/** Children of one place: with four, their times lie side by side in memory and the heap is half as deep as with two. */
const arity = 4
const leastRoom = 64

/**
 * Answers an empty heap: adding and removing take O(log n), the first one O(1). Times are kept apart from the items, so
 * that ordering a million of them does not touch a million objects.
 *
 * @example
 * ```ts
 * const heap = expiryHeap<Entry>()
 * heap.add(entry, record.expiresAt)
 * ```
 */
export function expiryHeap<T extends Expiring>(): ExpiryHeap<T> {
  const items: T[] = []
  let times = new Float64Array(leastRoom)

  function timeAt(slot: number): number {
    return times[slot] as number
  }

  function put(item: T, dueAt: number, slot: number): void {
    items[slot] = item
    times[slot] = dueAt
    item.slot = slot
  }

  function rise(item: T, dueAt: number, from: number): void {
    let slot = from
    while (slot > 0) {
      const above = Math.floor((slot - 1) / arity)
      if (timeAt(above) <= dueAt) break
      put(items[above] as T, timeAt(above), slot)
      slot = above
    }
    put(item, dueAt, slot)
  }

  function sink(item: T, dueAt: number, from: number): void {
    let slot = from
    for (;;) {
      let least = arity * slot + 1
      if (least >= items.length) break
      const end = Math.min(least + arity, items.length)
      for (let child = least + 1; child < end; child += 1) if (timeAt(child) < timeAt(least)) least = child
      if (timeAt(least) >= dueAt) break
      put(items[least] as T, timeAt(least), slot)
      slot = least
    }
    put(item, dueAt, slot)
  }

  function makeRoom(): void {
    const fits = items.length < times.length && (items.length * 4 >= times.length || times.length === leastRoom)
    if (fits) return
    const room = new Float64Array(Math.max(leastRoom, items.length * 2))
    room.set(times.subarray(0, items.length))
    times = room
  }

  return {
    add(item, dueAt) {
      makeRoom()
      items.push(item)
      rise(item, dueAt, items.length - 1)
    },
    remove(item) {
      const { slot } = item
      if (items[slot] !== item) return
      const dueAt = timeAt(items.length - 1)
      const last = items.pop() as T
      if (last !== item) {
        if (dueAt < timeAt(slot)) rise(last, dueAt, slot)
        else sink(last, dueAt, slot)
      }
      item.slot = -1
      makeRoom()
    },
    first() {
      return items[0]
    },
    firstDueAt() {
      return items.length === 0 ? Number.POSITIVE_INFINITY : timeAt(0)
    },
    settle(item, expiry, now) {
      if (now >= expiry) return true
      sink(item, expiry, 0)
      return false
    },
  }
}
