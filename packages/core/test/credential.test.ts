import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  formatRefreshCredential,
  formatSessionCredential,
  isRefreshCredential,
  parseRefreshCredential,
  parseSessionCredential,
  sessionCredential,
  sessionIdOf,
} from '../src/credential.ts'

const handle = 'abcdefghijklmnop'
const family = new Uint8Array(32).fill(1)
const secret = new Uint8Array(32).fill(2)
const session = formatSessionCredential(handle, secret)
const text = formatRefreshCredential({ handle, family, generation: 3, secret })

test.each([
  ['a refresh token', text, true],
  ['one that is too long', `${text}A`, false],
  ['one that is cut off', text.slice(0, -1), false],
  ['one with bits that no value has', `${text.slice(0, -1)}J`, false],
  ['one with another alphabet', text.replace('BAQEB', 'BAQE+'), false],
  ['one without its dot', text.replace(/\.(?=[^.]*$)/, '-'), false],
  ['the prefix of a session', text.replace('hsr1', 'hss1'), false],
  ['nothing', '', false],
])('%s', (_name, given, is) => {
  expect(isRefreshCredential(given)).toBe(is)
  expect(parseRefreshCredential(given) !== undefined).toBe(is)
})

test('a refresh token gives back its parts', () => {
  const generation = 0x80_00_00_01
  const token = { handle, family, generation, secret }
  expect(parseRefreshCredential(formatRefreshCredential(token))).toEqual({ ...token, id: sessionIdOf(handle, family) })
})

describe('a session credential', () => {
  test('is made together with the id that it opens', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
        const made = sessionCredential(handle, bytes)
        expect(made).toEqual({ id: sessionIdOf(handle, bytes), text: formatSessionCredential(handle, bytes) })
        expect(parseSessionCredential(made.text)).toEqual({ id: made.id })
      }),
    )
  })

  test.each([
    ['one that is too long', `${session}A`],
    ['one that is cut off', session.slice(0, -1)],
    ['one with bits that no value has', `${session.slice(0, -1)}J`],
    ['padding', `${session.slice(0, -1)}=`],
    ['another alphabet in its secret', session.replace('AgICA', 'AgIC+')],
    ['another alphabet in its handle', session.replace('abc', 'ab+')],
    ['a dot more', session.replace('abc', 'ab.')],
    ['a line end', `${session.slice(0, -1)}\n`],
    ['a look-alike of K', session.replace('abc', 'ab\u212a')],
    ['a character whose low byte is of the alphabet', session.replace('AgICA', 'AgIC\u0141')],
    ['such a character at the end', `${session.slice(0, -1)}\u0149`],
    ['one without its dot', session.replace(/\.(?=[^.]*$)/, '-')],
    ['the prefix in another case', session.replace('hss1', 'HSS1')],
    ['the prefix of a refresh token', session.replace('hss1', 'hsr1')],
    ['nothing', ''],
  ])('is not %s', (_name, given) => {
    expect(parseSessionCredential(given)).toBeUndefined()
    expect(parseSessionCredential(session)).toEqual({ id: sessionIdOf(handle, secret) })
  })

  test('of 31 or 33 bytes cannot be made', () => {
    for (const length of [31, 33]) expect(() => sessionCredential(handle, new Uint8Array(length))).toThrow(RangeError)
  })

  test('with any one character changed is another or none', () => {
    fc.assert(
      fc.property(
        fc.nat(session.length - 1),
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
        (at, unit) => {
          const changed = session.slice(0, at) + unit + session.slice(at + 1)
          const parsed = parseSessionCredential(changed)
          if (changed !== session) expect(parsed?.id).not.toBe(sessionIdOf(handle, secret))
          if (parsed !== undefined) expect(changed).toMatch(/^hss1\.[\w-]{16}\.[\w-]{43}$/)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
