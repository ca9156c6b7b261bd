import { expect, test } from 'vitest'
import { type Expiring, expiryHeap } from '../src/expiry-heap.ts'

test('the first is always the one due first, through random additions and removals', () => {
  const heap = expiryHeap<Expiring & { readonly n: number }>()
  const inside = new Set<Expiring & { readonly n: number }>()
  let state = 1
  const random = (): number => {
    state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647
    return state
  }
  for (let n = 0; n < 3_000; n += 1) {
    const [any] = [...inside].slice(random() % (inside.size || 1))
    if (random() % 3 > 0 || any === undefined) {
      const item = { n, dueAt: 0, slot: -1 }
      heap.add(item, random() % 100)
      inside.add(item)
    } else {
      heap.remove(any)
      heap.remove(any)
      inside.delete(any)
    }
    expect(heap.first()?.dueAt).toBe(inside.size === 0 ? undefined : Math.min(...[...inside].map(({ dueAt }) => dueAt)))
  }
})

test('an item whose expiry moved on takes its new place', () => {
  const heap = expiryHeap<Expiring>()
  const [a, b] = [
    { dueAt: 0, slot: -1 },
    { dueAt: 0, slot: -1 },
  ]
  heap.add(a, 5)
  heap.add(b, 9)
  expect(heap.settle(a, 20, 6)).toBe(false)
  expect(heap.first()).toBe(b)
  expect(heap.settle(b, 9, 9)).toBe(true)
})
