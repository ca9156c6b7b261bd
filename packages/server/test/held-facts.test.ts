import { sessionIdOf } from '@handstamp/core/credential'
import { userHandle } from '@handstamp/core/secret'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fact } from '../src/feeds/feed.ts'
import { createHeldFacts } from '../src/held-facts.ts'
import { fakeClock } from '../src/testing/index.ts'

const handle = userHandle('ada')
const [here, there] = [1, 2].map((byte) => sessionIdOf(handle, new Uint8Array(32).fill(byte))) as [string, string]
const clock = fakeClock()
const until = clock() + 60_000
const token = { id: here, epoch: 10, version: 5 }

function judged(facts: readonly Fact[], subject: Parameters<ReturnType<typeof createHeldFacts>['judge']>[0] = token) {
  const held = createHeldFacts(clock)
  for (const fact of facts) held.hold(fact)
  return held.judge(subject)
}

describe('what the facts say of a session', () => {
  test.each<[string, readonly Fact[], 'revoked' | 'changed' | undefined]>([
    ['nothing', [], undefined],
    ['it ended', [{ kind: 'session', id: here, until }], 'revoked'],
    ['another ended', [{ kind: 'session', id: there, until }], undefined],
    ['all of the user ended later', [{ kind: 'user', handle, epoch: 11, until }], 'revoked'],
    ['all of the user ended before', [{ kind: 'user', handle, epoch: 10, until }], undefined],
    ['all but it', [{ kind: 'user', handle, epoch: 11, except: here, until }], undefined],
    ['all but another', [{ kind: 'user', handle, epoch: 11, except: there, until }], 'revoked'],
    ['all but it, then all', [{ kind: 'user', handle, epoch: 11, except: here, until }, { kind: 'user', handle, epoch: 12, until }], 'revoked'],
    ['all of another user', [{ kind: 'user', handle: userHandle('grace'), epoch: 99, until }], undefined],
    ['its user changed', [{ kind: 'changed', id: here, version: 5, until }], 'changed'],
    ['its user had changed before it was read', [{ kind: 'changed', id: here, version: 4, until }], undefined],
    ['changed and ended', [{ kind: 'changed', id: here, version: 5, until }, { kind: 'session', id: here, until }], 'revoked'],
    ['a key of which it is not', [{ kind: 'key', kid: 'stolen', until }], undefined],
  ])('%s', (_, facts, expected) => expect(judged(facts)).toBe(expected)) // biome-ignore format: a table

  test.each<Fact>([
    { kind: 'session', id: here, until },
    { kind: 'user', handle, epoch: 11, until },
    { kind: 'changed', id: here, version: 5, until },
    { kind: 'key', kid: 'stolen', until },
  ])('%j is believed until it is past, also where nobody has dropped it', (fact) => {
    let now = until - 1
    const held = createHeldFacts(() => now)
    held.hold(fact)
    const known = () => [held.judge(token), held.endOf(handle, 10), held.trusts('stolen')]
    expect(known()).not.toEqual([undefined, undefined, true])
    now = until
    expect([held.size, ...known()]).toEqual([1, undefined, undefined, true])
  })

  test.each<[string, readonly Fact[], object | undefined]>([
    ['nothing', [], undefined],
    ['before it', [{ kind: 'user', handle, epoch: 10, until }], undefined],
    ['all', [{ kind: 'user', handle, epoch: 11, until }], {}],
    ['all but one', [{ kind: 'user', handle, epoch: 11, except: here, until }], { except: here }],
    ['all but one, then all', [{ kind: 'user', handle, epoch: 11, except: here, until }, { kind: 'user', handle, epoch: 11, until }], {}],
    ['all but one, then all but another', [{ kind: 'user', handle, epoch: 11, except: here, until }, { kind: 'user', handle, epoch: 11, except: there, until }], {}],
  ])('what has ended of an epoch: %s', (_, facts, expected) => {
    const held = createHeldFacts(clock)
    for (const fact of facts) held.hold(fact)
    expect(held.endOf(handle, 10)).toEqual(expected)
  }) // biome-ignore format: a table

  test('its key is trusted no more', () => {
    const held = createHeldFacts(clock)
    held.hold({ kind: 'key', kid: 'stolen', until })
    expect([held.trusts('stolen'), held.trusts('other')]).toEqual([false, true])
  })
})

const anyFact: fc.Arbitrary<Fact> = fc.oneof(
  fc.record({ kind: fc.constant('session' as const), id: fc.constantFrom(here, there), until: fc.constant(until) }),
  fc.record(
    {
      kind: fc.constant('user' as const),
      handle: fc.constantFrom(handle, userHandle('grace')),
      epoch: fc.nat(20),
      except: fc.constantFrom(here, there),
      until: fc.constant(until),
    },
    { requiredKeys: ['kind', 'handle', 'epoch', 'until'] },
  ),
  fc.record({
    kind: fc.constant('changed' as const),
    id: fc.constantFrom(here, there),
    version: fc.nat(9),
    until: fc.constant(until),
  }),
)

test('facts commute, and hearing one twice changes nothing', () => {
  fc.assert(
    fc.property(fc.array(anyFact, { maxLength: 6 }), fc.nat(20), fc.nat(9), fc.func(fc.nat()), (facts, epoch, version, order) => {
      const subject = { id: here, epoch, version }
      const shuffled = [...facts, ...facts].sort((one, other) => order(one) - order(other))
      expect(judged(shuffled, subject)).toBe(judged(facts, subject))
    }),
  ) // biome-ignore format: one line a thought
})

test('what is past is dropped once there are twice as many as there were', () => {
  const clock = fakeClock()
  const held = createHeldFacts(clock)
  for (let second = 0; second < 10_000; second += 1) {
    clock.advance('1s')
    const id = sessionIdOf(handle, new TextEncoder().encode(String(second).padStart(32)))
    held.hold({ kind: 'session', id, until: clock() + 60_000 })
  }
  expect(held.size).toBeLessThan(1_100)
})
