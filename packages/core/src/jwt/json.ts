/**
 * Owns strict JSON (RFC 8259, I-JSON of RFC 7493): one meaning for one text, or none.
 * @module
 */

/** A JSON object as it was parsed; nothing is known of its members. */
export type JsonObject = Readonly<Record<string, unknown>>

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

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
  let text: string
  let value: unknown
  try {
    text = decoder.decode(bytes)
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isJsonObject(value)) return undefined
  // An escape could hide a quote, or spell a name in another way.
  const plain = !text.includes('\\') && !text.includes('__proto__')
  const unambiguous = plain ? countMembers(value, depth) === countNames(bytes) : isUnambiguous(text, depth)
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

/**
 * How many members the bytes of a JSON text without escapes give, on all levels together. In such a text each quote opens
 * or closes a string, and a colon outside of strings stands behind a name and nowhere else.
 */
function countNames(bytes: Uint8Array): number {
  let names = 0
  let outside = 1
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at]
    if (byte === 0x22) outside ^= 1
    else if (byte === 0x3a) names += outside
  }
  return names
}

/**
 * How many members a parsed container holds, on all levels together: fewer than its text gives exactly when a name was
 * given twice. NaN, which equals nothing, where it is nested deeper than allowed or has an infinite number. With
 * {@link countNames} it asks the same as {@link isUnambiguous}, at a quarter of the cost.
 */
function countMembers(container: object, depth: number): number {
  if (depth === 0) return Number.NaN
  const isArray = Array.isArray(container)
  const values: readonly unknown[] = isArray ? container : Object.values(container)
  let members = isArray ? 0 : values.length
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at]
    if (typeof value === 'object' && value !== null) members += countMembers(value, depth - 1)
    else if (typeof value === 'number' && !Number.isFinite(value)) return Number.NaN
  }
  return members
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
  const array = Array.isArray(value)
  if (depth === 0 || (!array && !isPlain(value))) return path
  for (const name of Object.keys(value)) {
    const member = (value as JsonObject)[name]
    if (member === undefined && !array) continue
    if (name === '__proto__' || !name.isWellFormed() || findUnwritable(member, depth - 1) !== undefined) {
      // Seldom, so the path is put together only now: doing it for each member would be half of the work.
      const memberPath = path === '' ? name : `${path}.${name}`
      return name === '__proto__' || !name.isWellFormed() ? memberPath : findUnwritable(member, depth - 1, memberPath)
    }
  }
  return undefined
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === null) return true
  // An object of another realm is plain too: its prototype is the one whose prototype is null.
  return Object.getPrototypeOf(prototype) === null && typeof (value as { toJSON?: unknown }).toJSON !== 'function'
}
