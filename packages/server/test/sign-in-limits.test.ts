import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { createSignInLimiter, type SignInLimiter } from '../src/sign-in-limits.ts'
import { fakeClock } from '../src/testing/index.ts'

function attempts(limiter: SignInLimiter, count: number, identifier?: string, address?: string): number {
  let passed = 0
  for (let n = 0; n < count; n += 1) if (limiter.take(identifier, address).ok) passed += 1
  return passed
}

describe('accounts', () => {
  test('ten in fifteen minutes, the eleventh waits for the rest of the window', () => {
    const clock = fakeClock()
    const limiter = createSignInLimiter({ clock })
    expect(attempts(limiter, 10, 'ada')).toBe(10)
    clock.advance('5m')
    expect(limiter.take('ada', undefined)).toEqual({ ok: false, retryAfter: 600 })
    clock.advance(599_001)
    expect(limiter.take('ada', undefined)).toEqual({ ok: false, retryAfter: 1 })
    clock.advance(999)
    expect(attempts(limiter, 11, 'ada')).toBe(10)
  })

  test('attempts that were refused do not lengthen the wait', () => {
    const clock = fakeClock()
    const limiter = createSignInLimiter({ clock })
    attempts(limiter, 10, 'ada')
    for (let minute = 0; minute < 14; minute += 1) {
      clock.advance('1m')
      expect(attempts(limiter, 100, 'ada')).toBe(0)
    }
    clock.advance('1m')
    expect(limiter.take('ada', undefined).ok).toBe(true)
  })

  test('one account does not touch another', () => {
    const limiter = createSignInLimiter()
    expect(attempts(limiter, 20, 'ada')).toBe(10)
    expect(attempts(limiter, 20, 'grace')).toBe(10)
  })

  test('spellings that a lookup may ignore are one account', () => {
    const limiter = createSignInLimiter()
    const spellings = ['Ada@Example.com', 'ada@example.com', ' ADA@EXAMPLE.COM\t', 'ａｄａ@example.com']
    for (const spelling of spellings) attempts(limiter, 3, spelling)
    expect(limiter.take('ada@example.com', undefined).ok).toBe(false)
  })

  test.each(['__proto__', 'constructor', '', '\ud800', 'x'.repeat(100_000)])(
    '%j is an account like any other',
    (identifier) => {
      const limiter = createSignInLimiter()
      expect(attempts(limiter, 20, identifier)).toBe(10)
      expect(attempts(limiter, 1, 'ada')).toBe(1)
    },
  )

  test('the account itself is nowhere', () => {
    const limiter = createSignInLimiter()
    expect(inspect(limiter.take('ada@example.com', '192.0.2.1'), { depth: 9, showHidden: true })).not.toContain('ada')
  })
})

describe('addresses', () => {
  test('fifty in a window, whoever they name', () => {
    const limiter = createSignInLimiter()
    let passed = 0
    for (let n = 0; n < 60; n += 1) if (limiter.take(`user ${n}`, '192.0.2.1').ok) passed += 1
    expect(passed).toBe(50)
    expect(limiter.take('somebody', '192.0.2.2').ok).toBe(true)
  })

  test('six spellings and all addresses of a /64 are one', () => {
    const limiter = createSignInLimiter({ addressLimit: 6 })
    const spellings = [
      '2001:db8::1',
      '2001:DB8::1',
      '2001:0db8::0001',
      '2001:db8:0:0::1',
      '2001:db8::0.0.0.1',
      '2001:db8:0:0:0:0:0:1',
    ]
    for (const spelling of spellings) expect(limiter.take(undefined, spelling).ok).toBe(true)
    for (let last = 0; last < 1_000; last += 1) {
      expect(limiter.take(undefined, `2001:db8::${last.toString(16)}`).ok).toBe(false)
    }
    expect(limiter.take(undefined, '2001:db8:0:1::1').ok).toBe(true)
  })

  test('IPv4 in IPv6 is IPv4', () => {
    const limiter = createSignInLimiter({ addressLimit: 1 })
    expect(limiter.take(undefined, '::ffff:192.0.2.1').ok).toBe(true)
    expect(limiter.take(undefined, '192.0.2.1').ok).toBe(false)
  })

  test.each([undefined, 'unknown', '', '_hidden'])('of %s the account alone counts', (address) => {
    const limiter = createSignInLimiter()
    expect(attempts(limiter, 100, undefined, address)).toBe(100)
    expect(attempts(limiter, 20, 'ada', address)).toBe(10)
  })

  test('an attempt refused for its address does not count for its account, and the other way round', () => {
    const limiter = createSignInLimiter({ addressLimit: 1, identifierLimit: 1 })
    expect(limiter.take('a', '192.0.2.1').ok).toBe(true)
    expect(limiter.take('b', '192.0.2.1').ok).toBe(false)
    expect(limiter.take('b', '192.0.2.2').ok).toBe(true)
    expect(limiter.take('a', '192.0.2.3').ok).toBe(false)
    expect(limiter.take('c', '192.0.2.3').ok).toBe(true)
  })
})

describe('giving back', () => {
  test('a success does not count, and gives back once', () => {
    const limiter = createSignInLimiter()
    attempts(limiter, 8, 'ada', '192.0.2.1')
    for (let n = 0; n < 100; n += 1) {
      const attempt = limiter.take('ada', '192.0.2.1')
      if (!attempt.ok) expect.fail('a success is given back')
      attempt.giveBack()
      attempt.giveBack()
    }
    expect(attempts(limiter, 5, 'ada', '192.0.2.1')).toBe(2)
  })

  test('attempts at once all count before any is given back', () => {
    const limiter = createSignInLimiter()
    const taken = Array.from({ length: 20 }, () => limiter.take('ada', undefined))
    expect(taken.filter(({ ok }) => ok)).toHaveLength(10)
  })

  test('what is given back after the window does not reach the next', () => {
    const clock = fakeClock()
    const limiter = createSignInLimiter({ clock })
    const late = limiter.take('ada', undefined)
    clock.advance('15m')
    expect(attempts(limiter, 10, 'ada')).toBe(10)
    if (late.ok) late.giveBack()
    expect(limiter.take('ada', undefined).ok).toBe(false)
  })
})

describe('size and time', () => {
  test('a hundred thousand accounts are kept, then the oldest window goes', { timeout: 30_000 }, () => {
    const clock = fakeClock()
    const limiter = createSignInLimiter({ clock, identifierLimit: 1 })
    for (let n = 0; n < 100_000; n += 1) limiter.take(`user ${n}`, undefined)
    expect(limiter.take('user 0', undefined).ok).toBe(false)
    expect(limiter.take('one more', undefined).ok).toBe(true)
    expect(limiter.take('user 1', undefined).ok).toBe(false)
    expect(limiter.take('user 0', undefined).ok).toBe(true)
  })

  test('windows that ended together are dropped a few at a time, and do not count meanwhile', () => {
    const clock = fakeClock()
    const limiter = createSignInLimiter({ clock })
    for (let n = 0; n < 100; n += 1) attempts(limiter, 10, `user ${n}`)
    clock.advance('15m')
    expect(attempts(limiter, 20, 'somebody')).toBe(10)
    for (let n = 0; n < 100; n += 1) expect(attempts(limiter, 20, `user ${n}`)).toBe(10)
    for (let n = 0; n < 100; n += 1) expect(attempts(limiter, 1, `user ${n}`)).toBe(0)
  })

  test('a clock that goes back locks nobody out', () => {
    const clock = fakeClock()
    const limiter = createSignInLimiter({ clock })
    attempts(limiter, 10, 'ada')
    clock.advance(-3_600_000)
    expect(limiter.take('ada', undefined).ok).toBe(true)
  })

  test.each([
    { identifierLimit: 0 },
    { addressLimit: 1.5 },
    { windowMs: Number.NaN },
    { windowMs: Number.POSITIVE_INFINITY },
  ])('%o is refused', (options) => {
    expect(() => createSignInLimiter(options)).toThrow(RangeError)
  })
})
