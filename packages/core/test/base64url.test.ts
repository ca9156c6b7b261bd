import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  decodeBase64url,
  decodeBase64urlInto,
  encodeBase64url,
  encoderOf,
  encodeTextBase64url,
  isBase64url,
  viewBase64url,
} from '../src/base64url.ts'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)

/** The same module where no Buffer is, as in a browser. */
async function withoutBuffer(): Promise<typeof import('../src/base64url.ts')> {
  vi.stubGlobal('Buffer', undefined)
  vi.resetModules()
  return import('../src/base64url.ts')
}

afterEach(() => {
  vi.unstubAllGlobals()
})

// RFC 4648 §10, and the two characters in which this alphabet differs.
const canonical: readonly (readonly [text: string, value: Uint8Array])[] = [
  ['', bytes()],
  ['Zg', bytes(102)],
  ['Zm8', bytes(102, 111)],
  ['Zm9v', bytes(102, 111, 111)],
  ['Zm9vYmE', bytes(102, 111, 111, 98, 97)],
  ['-_8', bytes(251, 255)],
  ['AA', bytes(0)],
]

const refused: readonly (readonly [text: string, reason: string])[] = [
  ['A', 'no value has one character'],
  ['AAAAA', 'nor five'],
  ['Zh', 'four unused bits, one set'],
  ['Zm9', 'two unused bits, one set'],
  ['Zg==', 'padding'],
  ['Zg=', 'half the padding'],
  ['+/8', 'the other alphabet'],
  ['Zm 8', 'a space inside'],
  ['Zm8\n', 'a newline at the end'],
  ['\tZm8', 'a tab before'],
  ['Zm8\0', 'a NUL'],
  ['Zm\u212a', 'the Kelvin sign, a look-alike of K'],
  ['Ｚm8', 'a full-width letter'],
  ['Zm.8', 'a separator'],
]

describe.each([
  ['with Buffer', () => import('../src/base64url.ts')],
  ['without Buffer', withoutBuffer],
])('base64url %s', (_, load) => {
  test.each(canonical)('%j is one text of one value', async (text, value) => {
    const module = await load()
    expect(module.encodeBase64url(value)).toBe(text)
    expect(module.decodeBase64url(text)).toEqual(value)
    expect(module.isBase64url(text)).toBe(true)
    expect(module.isBase64url(`+${text}+`, 1, 1 + text.length)).toBe(true)
    const into = new Uint8Array(value.length)
    expect(module.decodeBase64urlInto(`+${text}`, 1, into)).toBe(true)
    expect(into).toEqual(value)
  })

  test.each(refused)('%j is refused: %s', async (text) => {
    const module = await load()
    expect(module.decodeBase64url(text)).toBeUndefined()
    expect(module.isBase64url(text)).toBe(false)
    expect(module.isBase64url(`A${text}A`, 1, 1 + text.length)).toBe(false)
    expect(module.decodeBase64urlInto(`A${text}`, 1, new Uint8Array(8))).toBe(false)
  })

  test('every value has a text that gives it back', async () => {
    const module = await load()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (value) => {
        const text = module.encodeBase64url(value)
        expect(text).toBe(Buffer.from(value).toString('base64url'))
        expect(module.decodeBase64url(text)).toEqual(value)
      }),
    )
  })
})

test('every text that is accepted is the text of its value', () => {
  const text = fc.oneof(
    fc.string({ maxLength: 12, unit: fc.constantFrom(...'ABCDwxyz0189-_') }),
    fc.string({ maxLength: 12 }),
  )
  fc.assert(
    fc.property(text, (candidate) => {
      const value = decodeBase64url(candidate)
      expect(value === undefined).toBe(!isBase64url(candidate))
      const into = new Uint8Array(value?.length ?? 12)
      expect(decodeBase64urlInto(candidate, 0, into)).toBe(value !== undefined)
      if (value !== undefined) expect(into).toEqual(value)
      const view = viewBase64url(candidate)
      expect(view && Uint8Array.from(view)).toEqual(value)
      if (value !== undefined) expect(encodeBase64url(value)).toBe(candidate)
    }),
    { numRuns: 2_000 },
  )
})

test('the bytes have a buffer of their own, so that wiping or transferring it touches nothing else', () => {
  const value = decodeBase64url('Zm9v')
  expect(value?.buffer.byteLength).toBe(3)
})

test('an encoder sees its array as it is at each call, and no more of its buffer', () => {
  const array = bytes(9, 0, 0, 0, 9).subarray(1, 4)
  const encode = encoderOf(array)
  expect(encode()).toBe('AAAA')
  array.set([102, 111, 111])
  expect(encode()).toBe('Zm9v')
})

test('a text is encoded as its UTF-8', () => {
  for (const text of ['', '{}', 'é€👋', 'a\0b'])
    expect(encodeTextBase64url(text)).toBe(encodeBase64url(new TextEncoder().encode(text)))
  for (const unit of ['a', 'é', '€', '👋', '\ud800']) {
    for (const length of [4_095, 4_096, 4_097, 12_288, 12_289]) {
      const text = unit.repeat(length / unit.length)
      expect(encodeTextBase64url(text)).toBe(encodeBase64url(new TextEncoder().encode(text)))
    }
  }
})

test('a view into a larger buffer is encoded by itself', () => {
  expect(encodeBase64url(bytes(1, 102, 111, 111, 2).subarray(1, 4))).toBe('Zm9v')
})
