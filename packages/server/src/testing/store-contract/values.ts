/**
 * Which values come back as they were given, or are refused when given; none is silently changed.
 * @module
 */
import { handleOf } from '@handstamp/core/credential'
import { isAuthError } from '@handstamp/core/errors'
import { assert, assertEqual, assertRejects } from '../assert.ts'
import { type Bench, type ContractCase, contractCase } from './case.ts'
import { hostileUserIds } from './hostile.ts'

const jsonValues: Readonly<Record<string, unknown>> = {
  'an empty object': {},
  null: null,
  'a string': 'text',
  numbers: [0, 1, -1, 0.1, 1e21, 5e-324, 1.7976931348623157e308, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  unicode: { '\u{1f511}': 'e\u0301 \u00e9 \u2028 \u2029 \ufeff \u0000 \u007f \ud83d\ude00', نص: '文字' },
  quotes: `'"\`\\/ %_$1 {} \r\n\t`,
  'nested arrays': [[[[]]], [{}], [null, true, false]],
  'reserved keys': JSON.parse('{"__proto__":{"admin":true},"constructor":1,"toJSON":"x","hasOwnProperty":null,"":0}'),
  'keys of a record': { id: 'x', version: 9, epoch: 9, v: 2, expiresAt: 0, $set: 1, 'a.b': 2 },
  'keys like numbers': { 2: 'two', 1: 'one', '-1': 'minus', '01': 'lead' },
  'a deep value': nested(40),
}

const notJson: Readonly<Record<string, () => unknown>> = {
  'a Date': () => ({ at: new Date(0) }),
  'a Map': () => ({ map: new Map([['a', 1]]) }),
  'a Set': () => ({ set: new Set([1]) }),
  'a BigInt': () => ({ big: 1n }),
  NaN: () => ({ nan: Number.NaN }),
  Infinity: () => ({ much: Number.POSITIVE_INFINITY }),
  'a function': () => ({ toJSON: () => 'x' }),
  'a symbol': () => ({ symbol: Symbol('x') }),
  'a lone surrogate': () => ({ text: 'a\ud800' }),
  'undefined in an array': () => [undefined],
  'typed bytes': () => ({ bytes: new Uint8Array(2) }),
  'a circle': () => {
    const circle: Record<string, unknown> = {}
    circle.self = circle
    return circle
  },
  'a value nested 100,000 levels deep': () => nested(100_000),
}

export const valueCases: readonly ContractCase[] = [
  contractCase('values: every JSON value of a user comes back equal', async ({ signIn, found, record }) => {
    for (const [name, user] of Object.entries(jsonValues)) {
      const { id } = await signIn(record({ user }))
      assertEqual((await found(id)).record.user, user, name)
    }
    assert(!('admin' in {}), 'no prototype was changed')
  }),

  contractCase('values: an undefined property of a user counts as absent', async ({ signIn, found, record }) => {
    const { id } = await signIn(record({ user: { id: 'u', nick: undefined } }))
    assertEqual((await found(id)).record.user, { id: 'u' }, 'user')
  }),

  contractCase('values: what JSON would change is refused, and nothing is saved', async ({ store, record }) => {
    for (const [name, make] of Object.entries(notJson)) {
      const bad = record({ user: make() })
      const reason = await assertRejects(store.save(bad.id, bad, { epoch: undefined, cap: 100 }), name)
      assert(isAuthError(reason) && reason.code === 'ERR_CLAIMS_INVALID', `${name}: the code is ERR_CLAIMS_INVALID`)
      assertEqual(await store.find(bad.id), undefined, name)
      assertEqual((await store.listByUser(handleOf(bad.id))).epoch, undefined, `${name}: epoch`)
    }
  }),

  contractCase(
    'values: a replacement that JSON would change is refused, and the old one stays',
    async ({ store, signIn, found, record }) => {
      const { id } = await signIn(record())
      const before = await found(id)
      await assertRejects(store.replace(id, before.version, { ...before.record, user: { at: new Date(0) } }), 'a Date')
      assertEqual(await found(id), before, 'the record')
    },
  ),

  contractCase(
    'values: what the caller does with a record later does not reach the store',
    async ({ signIn, found, record }) => {
      const user = { id: 'u', roles: ['member'] }
      const { id } = await signIn(record({ user }))
      user.roles.push('admin')
      const first = await found(id)
      assertEqual(first.record.user, { id: 'u', roles: ['member'] }, 'user')
      // A store may hand out what is frozen.
      attempt(() => (first.record.user as typeof user).roles.push('admin'))
      attempt(() => Object.assign(first.record, { userId: 'admin' }))
      const { user: again, userId } = (await found(id)).record
      assertEqual([again, userId !== 'admin'], [{ id: 'u', roles: ['member'] }, true], 'the second find')
    },
  ),

  contractCase(
    'values: one megabyte comes back, or is refused as ERR_STORE_LIMIT where the store says so',
    async (bench) => {
      await large(bench, 'x'.repeat(1_000_000))
      await large(bench, '\u{1f511}'.repeat(250_000))
    },
  ),

  contractCase(
    'values: user ids made to confuse are users like any other',
    async ({ store, signIn, found, record }) => {
      const saved: { readonly id: string; readonly userId: string }[] = []
      for (const userId of hostileUserIds) saved.push(await signIn(record({ userId })))
      for (const { id, userId } of saved) assertEqual((await found(id)).record.userId, userId, 'userId')
      const [star, ...others] = saved
      assert(star !== undefined, 'the first is *')
      await store.deleteByUser(handleOf(star.id))
      assertEqual(await store.find(star.id), undefined, 'the user named *')
      for (const { id } of others) {
        await found(id)
        assertEqual((await store.listByUser(handleOf(id))).sessions.length, 1, 'sessions of a user')
      }
    },
  ),

  contractCase('values: what a client sends comes back as it was', async ({ signIn, found, record }) => {
    const userAgent = `Mozilla/5.0 "'\\ \u00e9\u{1f511} ${'x'.repeat(900)}`
    const { id } = await signIn(record({ userAgent, ip: 'fe80::1%eth0' }))
    const kept = (await found(id)).record
    assertEqual([kept.userAgent, kept.ip], [userAgent, 'fe80::1%eth0'], 'user agent and address')
  }),
]

async function large({ store, subject, found, record }: Bench, text: string): Promise<void> {
  const big = record({ user: { id: 'u', text } })
  const bytes = new TextEncoder().encode(JSON.stringify(big)).length
  const saving = store.save(big.id, big, { epoch: undefined, cap: 100 })
  if (bytes > (subject.maxRecordBytes ?? Number.POSITIVE_INFINITY)) {
    const reason = await assertRejects(saving, `${bytes} bytes`)
    assert(isAuthError(reason) && reason.code === 'ERR_STORE_LIMIT', 'the code is ERR_STORE_LIMIT')
    return
  }
  assertEqual(await saving, 'saved', `a save of ${bytes} bytes`)
  const { user } = (await found(big.id)).record
  assert((user as { text: string }).text === text, `${bytes} bytes come back as they were`)
}

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { value }
  return value
}

function attempt(change: () => unknown): void {
  try {
    change()
  } catch {}
}
