import { expect, test } from 'vitest'
import { formatRefreshCredential, isRefreshCredential, parseRefreshCredential } from '../src/credential.ts'

const family = new Uint8Array(32).fill(1)
const secret = new Uint8Array(32).fill(2)
const text = formatRefreshCredential({ handle: 'abcdefghijklmnop', family, generation: 3, secret })

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
