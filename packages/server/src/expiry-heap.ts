/**
 * Owns the order in which things expire: a binary heap that knows the earliest without looking at the others.
 * @module
 */

/** What the heap orders. It writes `dueAt` and `slot`, nobody else does. */
export interface Expiring {
  /** No later than the true expiry, which may have moved on since; see {@link ExpiryHeap.settle}. */
  dueAt: number
  /** Where it stands; -1: nowhere. */
  slot: number
}

export interface ExpiryHeap<T extends Expiring> {
  add(item: T, dueAt: number): void
  remove(item: T): void
  /** The one due first, by what the heap knows. */
  first(): T | undefined
  /**
   * Brings the first item up to date with its true expiry and answers whether that is past `now`. An expiry that only
   * moves on need not be told to the heap at each move, which keeps a touch free of it.
   */
  settle(item: T, expiry: number, now: number): boolean
}

/**
 * Answers an empty heap: adding and removing take O(log n), the first one O(1).
 *
 * @example
 * ```ts
 * const heap = expiryHeap<Entry>()
 * heap.add(entry, record.expiresAt)
 * ```
 */
export function expiryHeap<T extends Expiring>(): ExpiryHeap<T> {
  const items: T[] = []

  function put(item: T, slot: number): void {
    items[slot] = item
    item.slot = slot
  }

  function rise(item: T): void {
    let slot = item.slot
    while (slot > 0) {
      const above = (slot - 1) >> 1
      const parent = items[above] as T
      if (parent.dueAt <= item.dueAt) break
      put(parent, slot)
      slot = above
    }
    put(item, slot)
  }

  function sink(item: T): void {
    let slot = item.slot
    for (;;) {
      let below = 2 * slot + 1
      if (below >= items.length) break
      if (below + 1 < items.length && (items[below + 1] as T).dueAt < (items[below] as T).dueAt) below += 1
      const child = items[below] as T
      if (child.dueAt >= item.dueAt) break
      put(child, slot)
      slot = below
    }
    put(item, slot)
  }

  return {
    add(item, dueAt) {
      item.dueAt = dueAt
      item.slot = items.length
      items.push(item)
      rise(item)
    },
    remove(item) {
      if (items[item.slot] !== item) return
      const last = items.pop() as T
      if (last !== item) {
        put(last, item.slot)
        rise(last)
        sink(last)
      }
      item.slot = -1
    },
    first() {
      return items[0]
    },
    settle(item, expiry, now) {
      if (now >= expiry) return true
      item.dueAt = expiry
      sink(item)
      return false
    },
  }
}
