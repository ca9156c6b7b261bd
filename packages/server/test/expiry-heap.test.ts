import { expect, test } from 'vitest'
import { type Expiring, expiryHeap } from '../src/expiry-heap.ts'

interface Item extends Expiring {
  dueAt: number
}

test('the first is always the one due first, through random additions, removals and moves', () => {
  const heap = expiryHeap<Item>()
  const inside: Item[] = []
  let state = 1
  const random = (below: number): number => {
    state = Math.imul(state, 48_271) >>> 0
    return (state % 2_147_483_647) % below
  }
  for (let n = 0; n < 3_000; n += 1) {
    // It grows to a thousand and shrinks to nothing, twice over.
    const grows = Math.floor(n / 750) % 2 === 0
    const first = heap.first()
    if (random(10) === 0 && first !== undefined) {
      first.dueAt += random(100)
      expect(heap.settle(first, first.dueAt, 0)).toBe(false)
    } else if (random(4) > 0 === grows || inside.length === 0) {
      const item = { dueAt: random(100), slot: -1 }
      heap.add(item, item.dueAt)
      inside.push(item)
    } else {
      const [any] = inside.splice(random(inside.length), 1)
      if (any === undefined) throw new Error('something is inside')
      heap.remove(any)
      heap.remove(any)
      expect(any.slot).toBe(-1)
    }
    const least = Math.min(...inside.map(({ dueAt }) => dueAt))
    expect([heap.firstDueAt(), heap.first()?.dueAt ?? Number.POSITIVE_INFINITY]).toEqual([least, least])
  }
  for (const item of inside.toSorted((a, b) => a.dueAt - b.dueAt)) {
    expect(heap.firstDueAt()).toBe(item.dueAt)
    heap.remove(heap.first() ?? expect.fail('something is inside'))
  }
  expect([heap.first(), heap.firstDueAt()]).toEqual([undefined, Number.POSITIVE_INFINITY])
})

test('an item whose expiry moved on takes its new place', () => {
  const heap = expiryHeap<Expiring>()
  const [a, b] = [{ slot: -1 }, { slot: -1 }]
  heap.add(a, 5)
  heap.add(b, 9)
  expect(heap.settle(a, 20, 6)).toBe(false)
  expect(heap.first()).toBe(b)
  expect(heap.settle(b, 9, 9)).toBe(true)
})
