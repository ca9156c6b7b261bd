import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesOf } from '../../src/crypto/node/desk.ts'

test('the bytes are those of the text, whatever lay there before', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 9_000 }), { minLength: 1, maxLength: 4 }), (texts) => {
      for (const text of texts) expect(Buffer.compare(bytesOf(text), Buffer.from(text))).toBe(0)
    }),
    { numRuns: 300 },
  )
})

test('a text of any kind that is nearly as long as the desk, or longer, is whole', () => {
  for (const first of ['a', 'é', '€', '👋']) {
    for (let length = 8_180; length < 8_200; length += 1) {
      const text = first + 'a'.repeat(length - first.length)
      expect(Buffer.compare(bytesOf(text), Buffer.from(text))).toBe(0)
    }
  }
})
