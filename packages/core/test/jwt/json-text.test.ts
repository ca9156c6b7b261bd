import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { encodeBase64url, isBase64url } from '../../src/base64url.ts'
import { jsonTextOf, readJsonText } from '../../src/jwt/json-text.ts'
import { utf8 } from '../../src/secret.ts'

const quotes = (text: string): number => text.split('"').length - 1

/** Characters that a count of four bytes at once could take for quotes, and quotes. */
const nearQuotes = fc.string({
  unit: fc.constantFrom('"', '"', '#', '!', '\u00a2', '\u0222', '\0', '\u007f', ' ', '\u00a3', '\u2022'),
  maxLength: 40,
})

describe.each([
  ['by Buffer', (): Promise<typeof import('../../src/jwt/json-text.ts')> => import('../../src/jwt/json-text.ts')],
  [
    'without it',
    async (): Promise<typeof import('../../src/jwt/json-text.ts')> => {
      vi.resetModules()
      vi.stubGlobal('Buffer', undefined)
      try {
        return await import('../../src/jwt/json-text.ts')
      } finally {
        vi.unstubAllGlobals()
      }
    },
  ],
])('a segment read %s', (_, load) => {
  test('has the text and the quotes of its bytes, whatever was read before', async () => {
    const { readJsonText: read } = await load()
    fc.assert(
      fc.property(fc.array(fc.tuple(nearQuotes, fc.nat({ max: 300 })), { minLength: 1, maxLength: 4 }), (list) => {
        for (const [text, times] of list) {
          const long = text.repeat(times)
          expect(read(encodeBase64url(utf8(long)))).toEqual({ text: long, quotes: quotes(long) })
        }
      }),
      { numRuns: 300 },
    )
  })

  test('counts quotes alone among all bytes', async () => {
    const { readJsonText: read } = await load()
    for (let byte = 0; byte < 256; byte += 1) {
      for (let length = 1; length < 9; length += 1) {
        const bytes = new Uint8Array(length).fill(byte)
        expect(read(encodeBase64url(bytes))?.quotes, `${byte}`).toBe(byte === 0x22 ? length : 0)
      }
    }
    const many = new Uint8Array(6_200).fill(0x22)
    for (const length of [1_019, 1_020, 1_021, 6_141, 6_144, 6_145, 6_200])
      expect(read(encodeBase64url(many.subarray(0, length)))?.quotes).toBe(length)
  })

  test('is canonical base64url, or nothing', async () => {
    const { readJsonText: read } = await load()
    const segment = fc.string({ unit: fc.constantFrom(...'ABCDwxyz0189-_+/= .\u0141'), maxLength: 12 })
    fc.assert(
      fc.property(segment, (text) => {
        expect(read(text) !== undefined).toBe(isBase64url(text))
      }),
    )
  })

  test('has no text where it is not UTF-8, and keeps a byte order mark', async () => {
    const { readJsonText: read } = await load()
    for (const bytes of [[0xff], [0x7b, 0x80, 0x7d], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xe2, 0x82]])
      expect(read(encodeBase64url(Uint8Array.from(bytes)))?.text, `${bytes}`).toBeUndefined()
    expect(read(encodeBase64url(utf8('\ufeff{}')))?.text).toBe('\ufeff{}')
  })
})

test('bytes anywhere are read alike', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      expect(jsonTextOf(bytes)).toEqual(readJsonText(encodeBase64url(bytes)))
    }),
  )
})
