import { describe, expect, test } from 'vitest'
import {
  checkPrefix,
  cookieName,
  localCookieName,
  type PrefixedAttributes,
  strongestPrefix,
} from '../../src/cookie/prefix.ts'

describe('checkPrefix', () => {
  test.each<[string, PrefixedAttributes]>([
    ['__Host-a', { secure: true, path: '/' }],
    ['__host-a', { secure: true, path: '/' }],
    ['__Secure-a', { secure: true }],
    ['__Secure-a', { secure: true, path: '/auth', domain: 'app.example' }],
    ['__Http-a', { secure: true, httpOnly: true }],
    ['__Host-Http-a', { secure: true, httpOnly: true, path: '/' }],
    ['a', {}],
    ['__Hosta', {}],
    ['a__Host-', {}],
  ])('%s goes with %j', (name, attributes) => {
    expect(() => checkPrefix(name, attributes)).not.toThrow()
  })

  test.each<[string, PrefixedAttributes, RegExp]>([
    ['__Host-a', { path: '/' }, /^secure/],
    ['__Host-a', { secure: false, path: '/' }, /^secure/],
    ['__Host-a', { secure: true }, /^path/],
    ['__Host-a', { secure: true, path: '/auth' }, /^path/],
    ['__Host-a', { secure: true, path: '/', domain: 'app.example' }, /^domain/],
    ['__HOST-a', { secure: true, path: '/', domain: 'app.example' }, /^domain/],
    ['__Secure-a', { path: '/' }, /^secure/],
    ['__sEcUrE-a', {}, /^secure/],
    ['__Http-a', { secure: true }, /^httpOnly/],
    ['__Host-Http-a', { secure: true, path: '/' }, /^httpOnly/],
    ['__Host-Http-a', { secure: true, httpOnly: true }, /^path/],
  ])('%s does not go with %j', (name, attributes, message) => {
    expect(() => checkPrefix(name, attributes)).toThrow(TypeError)
    expect(() => checkPrefix(name, attributes)).toThrow(message)
  })
})

test.each<[PrefixedAttributes, string]>([
  [{ secure: true, path: '/' }, '__Host-'],
  [{ secure: true, path: '/auth' }, '__Secure-'],
  [{ secure: true, path: '/', domain: 'app.example' }, '__Secure-'],
  [{ secure: true }, '__Secure-'],
  [{ path: '/' }, ''],
  [{ secure: false, path: '/' }, ''],
])('%j allow %j, and the name holds to it', (attributes, prefix) => {
  expect(strongestPrefix(attributes)).toBe(prefix)
  expect(cookieName('handstamp', attributes)).toBe(`${prefix}handstamp`)
  expect(() => checkPrefix(cookieName('handstamp', attributes), attributes)).not.toThrow()
})

describe('localCookieName', () => {
  test('carries the port, then the role', () => {
    expect(localCookieName('handstamp', 4600)).toBe('handstamp-4600')
    expect(localCookieName('handstamp', 65_535, 'refresh')).toBe('handstamp-65535-refresh')
  })

  test.each([0, 65_536, 1.5, Number.NaN, '80' as unknown as number])('refuses the port %j', (port) => {
    expect(() => localCookieName('handstamp', port)).toThrow(RangeError)
  })
})
