/**
 * Owns strict JSON (RFC 8259, I-JSON of RFC 7493): one meaning for one text, or none.
 * @module
 */

import { type JsonText, jsonTextOf } from './json-text.ts'

/** A JSON object as it was parsed; nothing is known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * Answers the object that the bytes hold, or undefined where they hold anything else, or an object that two readers
 * could understand differently: invalid UTF-8, a byte order mark, a member given twice on any level, `__proto__`, a lone
 * surrogate, a number that is infinite here. Containers may be nested `depth` deep, the object itself included.
 *
 * @example
 * ```ts
 * parseJsonObject(utf8('{"a":1}'), 8) // { a: 1 }
 * parseJsonObject(utf8('{"a":1,"a":2}'), 8) // undefined
 * ```
 */
export function parseJsonObject(bytes: Uint8Array, depth: number): JsonObject | undefined {
  return parseJsonText(jsonTextOf(bytes), depth)
}

/**
 * Answers the same for a text that was decoded before.
 *
 * @example
 * ```ts
 * parseJsonText({ text: '{"a":1}', quotes: 2 }, 8) // { a: 1 }
 * ```
 */
export function parseJsonText({ text, quotes }: JsonText, depth: number): JsonObject | undefined {
  if (text === undefined) return undefined
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  // An escape could hide a quote, or spell a name in another way.
  const plain = !text.includes('\\') && !inheritsNames()
  const unambiguous = plain ? countStrings(value, depth) * 2 === quotes : isUnambiguous(text, depth)
  return unambiguous ? value : undefined
}

/**
 * Answers whether a value is an object and not an array.
 *
 * @example
 * ```ts
 * isJsonObject([]) // false
 * ```
 */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Whether `for … in` lists what is not an object's own, since somebody has put it on Object.prototype. */
function inheritsNames(): boolean {
  for (const _name in {}) return true
  return false
}

/**
 * How many strings a parsed container holds, names of members included, on all levels together: fewer than its text has
 * exactly when a name was given twice, as the first of the two is lost with its value. In a text without escapes two quotes
 * make a string, and nothing else has any. NaN, which equals nothing, where it is nested deeper than allowed or has an
 * infinite number, or names `__proto__`. It asks the same as {@link isUnambiguous}, at a tenth of the cost.
 */
function countStrings(container: JsonObject | readonly unknown[], depth: number): number {
  if (depth === 0) return Number.NaN
  let strings = 0
  if (isList(container)) {
    for (let at = 0; at < container.length; at += 1) strings += stringsIn(container[at], depth)
    return strings
  }
  for (const name in container) {
    if (name === '__proto__') return Number.NaN
    strings += 1 + stringsIn(container[name], depth)
  }
  return strings
}

function stringsIn(value: unknown, depth: number): number {
  if (typeof value === 'string') return 1
  if (typeof value === 'object' && value !== null) return countStrings(value as JsonObject, depth - 1)
  return typeof value === 'number' && !Number.isFinite(value) ? Number.NaN : 0
}

function isList(container: JsonObject | readonly unknown[]): container is readonly unknown[] {
  return Array.isArray(container)
}

/**
 * Walks a text that is known to be JSON once, from left to right. A string is a member's name when the innermost
 * container is an object and what stands before it is `{` or `,`.
 */
function isUnambiguous(text: string, depth: number): boolean {
  const containers: (Set<string> | undefined)[] = []
  let nameIsNext = false
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]
    if (character === '"') {
      const end = endOfString(text, at)
      const content = readString(text, at, end)
      if (content === undefined) return false
      if (nameIsNext) {
        const names = containers.at(-1)
        if (content === '__proto__' || names === undefined || names.has(content)) return false
        names.add(content)
        nameIsNext = false
      }
      at = end
    } else if (character === '{' || character === '[') {
      nameIsNext = character === '{'
      if (containers.push(nameIsNext ? new Set() : undefined) > depth) return false
    } else if (character === '}' || character === ']') {
      containers.pop()
      nameIsNext = false
    } else if (character === ',') {
      nameIsNext = containers.at(-1) !== undefined
    } else if (character !== undefined && /[-0-9]/.test(character)) {
      const number = /[-+.0-9eE]+/y
      number.lastIndex = at
      const [digits = ''] = number.exec(text) ?? []
      if (!Number.isFinite(Number(digits))) return false
      at += digits.length - 1
    }
  }
  return true
}

/** The index of the closing quote of the string that opens at `at`. */
function endOfString(text: string, at: number): number {
  let end = at + 1
  while (text[end] !== '"') end += text[end] === '\\' ? 2 : 1
  return end
}

/** A string's content, undefined where an escape makes a lone surrogate (unescaped ones are not UTF-8). */
function readString(text: string, at: number, end: number): string | undefined {
  const raw = text.slice(at + 1, end)
  if (!raw.includes('\\')) return raw
  const content = JSON.parse(text.slice(at, end + 1)) as string
  return content.isWellFormed() ? content : undefined
}

/**
 * Answers the path of the first member that JSON would lose or change (`user.joined` for a Date), or undefined where
 * reading what was written gives the same value again. Members that are undefined are left out by JSON and by readers
 * alike, so they are no loss.
 *
 * @example
 * ```ts
 * findUnwritable({ user: { joined: new Date() } }, 16) // 'user.joined'
 * ```
 */
export function findUnwritable(value: unknown, depth: number, path = ''): string | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined
    case 'number':
      return Number.isFinite(value) ? undefined : path
    case 'string':
      return value.isWellFormed() ? undefined : path
    case 'object':
      return value === null ? undefined : findInContainer(value, depth, path)
    default:
      return path
  }
}

function findInContainer(value: object, depth: number, path: string): string | undefined {
  if (Array.isArray(value)) return depth === 0 ? path : findInList(value, depth, path)
  if (depth === 0 || !isPlain(value)) return path
  for (const name in value) {
    const member = (value as JsonObject)[name]
    if (member === undefined) continue
    const isGoodName = name !== '__proto__' && name.isWellFormed()
    if (isGoodName && findUnwritable(member, depth - 1) === undefined) continue
    // Seldom, so whose the member is and what its path is are asked only now: for each it would be half of the work.
    if (!Object.hasOwn(value, name)) continue
    const memberPath = path === '' ? name : `${path}.${name}`
    return isGoodName ? findUnwritable(member, depth - 1, memberPath) : memberPath
  }
  return undefined
}

function findInList(list: readonly unknown[], depth: number, path: string): string | undefined {
  const names = Object.keys(list)
  // JSON writes null for a hole, and leaves out what is there beside the items.
  if (names.length !== list.length) return path
  for (const name of names) {
    const member = (list as unknown as JsonObject)[name]
    if (findUnwritable(member, depth - 1) === undefined) continue
    const memberPath = path === '' ? name : `${path}.${name}`
    return findUnwritable(member, depth - 1, memberPath)
  }
  return undefined
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null) return true
  // An object of another realm is plain too: its prototype is the one whose prototype is null.
  return Object.getPrototypeOf(prototype) === null && typeof (value as { toJSON?: unknown }).toJSON !== 'function'
}
