import { describe, expect, test } from 'vitest'
import { frozenJson } from '../src/json-value.ts'

describe('frozenJson', () => {
  test('copies deeply and freezes all of it', () => {
    const value = { a: [{ b: 1 }], c: null }
    const copy = frozenJson(value, 'user')
    expect(copy).toEqual(value)
    value.a.push({ b: 2 })
    expect(copy.a).toHaveLength(1)
    for (const part of [copy, copy.a, copy.a[0]]) expect(Object.isFrozen(part)).toBe(true)
  })

  test('gives what JSON gives', () => {
    const value = {
      z: -0,
      u: undefined,
      s: '\u{1f511}\0',
      n: 1e300,
      [Symbol('x')]: 1,
      nested: Object.create(null) as object,
    }
    expect(frozenJson(value, 'user')).toEqual(JSON.parse(JSON.stringify(value)))
    expect(Object.is((frozenJson(value, 'user') as { z: number }).z, 0)).toBe(true)
  })

  test('a symbol is no key of JSON', () => {
    expect(Reflect.ownKeys(frozenJson({ a: 1, [Symbol('x')]: 1 }, 'user'))).toEqual(['a'])
  })

  test.each(['{"__proto__":{"admin":true}}', '{"a":-0,"__proto__":{"admin":true}}'])(
    '%s: __proto__ is a key like any other',
    (text) => {
      const value = JSON.parse(text) as { u?: undefined }
      for (const one of [value, Object.defineProperty({ ...value }, 'u', { value: undefined, enumerable: true })]) {
        const copy = frozenJson(one, 'user')
        expect(Object.keys(copy)).toEqual(Object.keys(value))
        expect(Object.getOwnPropertyDescriptor(copy, '__proto__')?.value).toEqual({ admin: true })
        expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
      }
    },
  )

  test('what a key named __proto__ holds reaches no prototype', () => {
    const copy = frozenJson(JSON.parse('{"__proto__":{"admin":true}}') as object, 'user')
    expect(Object.keys(copy)).toEqual(['__proto__'])
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect('admin' in {}).toBe(false)
  })

  test('a getter is read once, and its value kept', () => {
    let reads = 0
    const value = {
      get role() {
        reads += 1
        return 'member'
      },
    }
    expect(frozenJson(value, 'user')).toEqual({ role: 'member' })
    expect(reads).toBe(1)
  })

  test.each<[string, unknown, string]>([
    ['a Date', { since: new Date(0) }, 'user.since is an instance of Date'],
    ['NaN', { list: [1, Number.NaN] }, 'user.list[1] is NaN'],
    ['a hole', { list: Object.assign(new Array(3), { 0: 1, 2: 2 }) }, 'user.list[1] is of type undefined'],
    ['a function', { f: () => 1 }, 'user.f is of type function'],
    ['a BigInt', 1n, 'user is of type bigint'],
    ['a lone surrogate', { s: 'a\ud800' }, 'user.s is text with a lone surrogate'],
    ['a lone surrogate in a key', { '\udc00': 1 }, 'user is an object with'],
    ['a class instance', { c: new (class Account {})() }, 'user.c is an instance of Account'],
  ])('refuses %s and says where', (_name, value, message) => {
    expect(() => frozenJson(value, 'user')).toThrow(message)
    expect(() => frozenJson(value, 'user')).toThrow(expect.objectContaining({ code: 'ERR_CLAIMS_INVALID' }))
  })

  test('64 levels pass, 65 do not', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)])
    expect(frozenJson(nested(64), 'user')).toEqual(nested(64))
    expect(() => frozenJson(nested(65), 'user')).toThrow('nested deeper')
  })
})
