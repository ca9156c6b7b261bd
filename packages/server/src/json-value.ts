/**
 * Owns which values a session can carry: JSON values alone, so that every store and token gives back what it was given.
 * @module
 */
import { AuthError } from '@handstamp/core/errors'

const deepest = 64

/**
 * Answers a deeply frozen copy that shares nothing mutable with the value. A property that is undefined counts as
 * absent and -0 as 0, as in JSON; `__proto__` is a key like any other.
 *
 * @throws AuthError ERR_CLAIMS_INVALID for what JSON would silently change or drop: Date, Map, class instances,
 * functions, BigInt, NaN, a lone surrogate, undefined or a hole in an array, circles and more than 64 levels. It names the path, never the value.
 *
 * @example
 * ```ts
 * frozenJson({ id: 'u_1', since: new Date() }, 'user') // throws: user.since is an instance of Date
 * ```
 */
export function frozenJson<T>(value: T, name: string): T {
  return copyOf(value, name, 0) as T
}

function copyOf(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      // Written as UTF-8 it would come back as U+FFFD from some stores, and a token refuses it (RFC 8259 §8.2).
      if (/\p{Surrogate}/u.test(value)) throw notJson(path, 'text with a lone surrogate')
      return value
    case 'boolean':
      return value
    case 'number':
      if (!Number.isFinite(value)) throw notJson(path, `${value}`)
      return value === 0 ? 0 : value
    case 'object':
      if (value === null) return value
      if (depth === deepest) throw notJson(path, `nested deeper than ${deepest} levels, or in a circle`)
      return Object.freeze(Array.isArray(value) ? copyOfArray(value, path, depth) : copyOfObject(value, path, depth))
    default:
      throw notJson(path, `of type ${typeof value}`)
  }
}

function copyOfArray(value: readonly unknown[], path: string, depth: number): unknown[] {
  return Array.from(value, (item, at) => copyOf(item, `${path}[${at}]`, depth + 1))
}

function copyOfObject(value: object, path: string, depth: number): object {
  const prototype: unknown = Object.getPrototypeOf(value)
  // Object.prototype of another realm is as good as ours: its own prototype is null as well.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const kind: unknown = value.constructor
    throw notJson(path, `an instance of ${typeof kind === 'function' && kind.name !== '' ? kind.name : 'a class'}`)
  }
  // A spread keeps the object's shape, which is smaller and ten times faster than one built a key at a time.
  let copy: Record<string, unknown> = { ...value }
  if (Reflect.ownKeys(copy).some((key) => typeof key === 'symbol' || copy[key] === undefined)) copy = definedOf(copy)
  for (const key of Object.keys(copy)) {
    if (/\p{Surrogate}/u.test(key)) throw notJson(path, 'an object with a lone surrogate in a key')
    const item = copy[key]
    const own = copyOf(item, `${path}.${key}`, depth + 1)
    if (!Object.is(own, item)) copy[key] = own
  }
  return copy
}

/** `Object.fromEntries` makes `__proto__` a key like any other. */
function definedOf(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined))
}

function notJson(path: string, found: string): AuthError {
  return new AuthError(
    'ERR_CLAIMS_INVALID',
    `${path.slice(0, 200)} is ${found}: a session carries JSON values alone (string, finite number, boolean, null, array, plain object)`,
  )
}
