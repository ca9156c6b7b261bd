import fc from 'fast-check'
import { CookieJar } from 'tough-cookie'
import { describe, expect, test } from 'vitest'
import { readCookie } from '../../src/cookie/parse.ts'
import { type CookieAttributes, cookieSize, largestCookie, serializeCookie } from '../../src/cookie/serialize.ts'
import { isAuthError } from '../../src/errors.ts'

const host = { httpOnly: true, secure: true, sameSite: 'strict', path: '/' } as const

describe('serializeCookie writes', () => {
  test.each<[string, string, CookieAttributes, string]>([
    ['a', 'b', {}, 'a=b'],
    [
      '__Host-handstamp',
      'abc',
      { ...host, maxAge: 60 },
      '__Host-handstamp=abc; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Strict',
    ],
    [
      '__Host-handstamp',
      'abc',
      { ...host, sameSite: 'none', partitioned: true },
      '__Host-handstamp=abc; Path=/; Secure; HttpOnly; SameSite=None; Partitioned',
    ],
    [
      '__Secure-handstamp',
      'abc',
      { secure: true, domain: 'x.example', path: '/auth', sameSite: 'lax', priority: 'high' },
      '__Secure-handstamp=abc; Domain=x.example; Path=/auth; Secure; SameSite=Lax; Priority=High',
    ],
    [
      'handstamp-4600',
      '',
      { path: '/', maxAge: 0 },
      'handstamp-4600=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/',
    ],
    ['a', 'b', { maxAge: 34_560_000 }, 'a=b; Max-Age=34560000'],
    ['a', 'b', { maxAge: 34_560_001 }, 'a=b; Max-Age=34560000'],
    ['a', 'b', { httpOnly: false, secure: false, partitioned: false }, 'a=b'],
    ['a', 'b', { path: '/a path' }, 'a=b; Path=/a path'],
    ['a', 'b', { path: `/${'p'.repeat(1_023)}` }, `a=b; Path=/${'p'.repeat(1_023)}`],
    ['a', 'b', { domain: 'xn--bcher-kva.example' }, 'a=b; Domain=xn--bcher-kva.example'],
    ['a', 'b', { domain: '1.2.3.4a' }, 'a=b; Domain=1.2.3.4a'],
  ])('%s=%s with %j', (name, value, attributes, header) => {
    expect(serializeCookie(name, value, attributes)).toBe(header)
  })
})

describe('serializeCookie refuses', () => {
  test.each(['', 'a b', 'a;b', 'a=b', 'a\r\nb', 'a\0', 'ä', '(a)', 'a,b', '"a"', 'a/b', 'a\t', 7 as unknown as string])(
    'the name %j',
    (name) => {
      expect(() => serializeCookie(name, 'v', {})).toThrow(TypeError)
    },
  )

  test.each([
    'a b',
    'a;b',
    'a; HttpOnly',
    'a\r\nSet-Cookie: x=y',
    'a,b',
    '"a"',
    'a\\b',
    'ä',
    'a\0',
    '\x7f',
    undefined as unknown as string,
  ])('the value %j, and does not repeat it', (value) => {
    const write = (): string => serializeCookie('a', value, {})
    expect(write).toThrow(TypeError)
    expect(write).toThrow(/^a cookie value is made of cookie-octets \(RFC 6265bis §4.1.1\): encode it as base64url$/)
  })

  test.each<[CookieAttributes, new (message: string) => Error, RegExp]>([
    [{ path: '/; Domain=evil.example' }, TypeError, /^path/],
    [{ path: 'auth' }, TypeError, /^path/],
    [{ path: '' }, TypeError, /^path/],
    [{ path: '/\r\n' }, TypeError, /^path/],
    [{ path: '/ä' }, TypeError, /^path/],
    [{ path: `/${'p'.repeat(1_024)}` }, RangeError, /^path/],
    [{ domain: 'app.example; Secure' }, TypeError, /^domain/],
    [{ domain: '.com' }, TypeError, /^domain/],
    [{ domain: '.app.example' }, TypeError, /^domain/],
    [{ domain: 'app.example.' }, TypeError, /^domain/],
    [{ domain: 'app..example' }, TypeError, /^domain/],
    [{ domain: 'com' }, TypeError, /^domain/],
    [{ domain: 'localhost' }, TypeError, /^domain/],
    [{ domain: '127.0.0.1' }, TypeError, /^domain/],
    [{ domain: '[::1]' }, TypeError, /^domain/],
    [{ domain: '-a.example' }, TypeError, /^domain/],
    [{ domain: 'bücher.example' }, TypeError, /^domain/],
    [{ domain: `${'a'.repeat(64)}.example` }, TypeError, /^domain/],
    [{ domain: `${'a.'.repeat(124)}example` }, TypeError, /^domain/],
    [{ sameSite: 'none' }, TypeError, /^sameSite 'none' needs secure/],
    [{ partitioned: true }, TypeError, /^partitioned needs secure/],
    [{ sameSite: 'Strict' as 'strict' }, TypeError, /^sameSite must be one of 'strict', 'lax', 'none'$/],
    [{ sameSite: 'toString' as 'strict' }, TypeError, /^sameSite/],
    [{ sameSite: true as unknown as 'strict' }, TypeError, /^sameSite/],
    [{ priority: 'x' as 'low' }, TypeError, /^priority/],
    [{ maxAge: Number.NaN }, RangeError, /^maxAge/],
    [{ maxAge: Number.POSITIVE_INFINITY }, RangeError, /^maxAge/],
    [{ maxAge: -1 }, RangeError, /^maxAge/],
    [{ maxAge: 1.5 }, RangeError, /^maxAge/],
    [{ maxAge: '60' as unknown as number }, RangeError, /^maxAge/],
  ])('%j', (attributes, type, message) => {
    expect(() => serializeCookie('a', 'b', attributes)).toThrow(type)
    expect(() => serializeCookie('a', 'b', attributes)).toThrow(message)
  })

  test('a name whose prefix promises other attributes', () => {
    expect(() => serializeCookie('__Host-a', 'b', { ...host, path: '/auth' })).toThrow(/^path/)
    expect(() => serializeCookie('__Secure-a', 'b', {})).toThrow(/^secure/)
  })

  test('4,097 bytes of name and value, with an error that says how many; 4,096 are written', () => {
    const fits = 'v'.repeat(largestCookie - 1)
    expect(cookieSize('a', fits)).toBe(4_096)
    expect(serializeCookie('a', fits, host)).toContain(fits)
    const error = thrownBy(() => serializeCookie('a', `${fits}v`, host))
    expect(isAuthError(error) && error.code).toBe('ERR_CREDENTIAL_TOO_LARGE')
    expect(String(error)).toContain('4097 bytes')
    expect(String(error)).not.toContain('vvv')
  })
})

describe('a browser', () => {
  const url = 'https://api.x.example/auth/session'

  test('gives back every value that was written', () => {
    const octets = Array.from({ length: 94 }, (_, at) => String.fromCharCode(0x21 + at)).filter(
      (octet) => !'",;\\'.includes(octet),
    )
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 50, unit: fc.constantFrom(...octets) }), (value) => {
        const jar = new CookieJar()
        jar.setCookieSync(serializeCookie('__Host-handstamp', value, { ...host, maxAge: 60 }), url)
        expect(readCookie(jar.getCookieStringSync(url), '__Host-handstamp')).toEqual([value])
      }),
    )
  })

  test.each<[string, CookieAttributes]>([
    ['__Host-handstamp', host],
    ['__Host-handstamp', { ...host, sameSite: 'none', partitioned: true }],
    ['__Secure-handstamp', { ...host, domain: 'x.example' }],
    ['__Secure-handstamp-refresh', { ...host, path: '/auth' }],
    ['handstamp-4600', { httpOnly: true, sameSite: 'strict', path: '/' }],
  ])('has nothing left of %s with %j when the same attributes clear it', (name, attributes) => {
    const jar = new CookieJar()
    jar.setCookieSync(serializeCookie(name, 'abc', { ...attributes, maxAge: 60 }), url)
    expect(readCookie(jar.getCookieStringSync(url), name)).toEqual(['abc'])
    jar.setCookieSync(serializeCookie(name, '', { ...attributes, maxAge: 0 }), url)
    // This jar drops what has expired when it is asked, so it is asked first and looked into then.
    expect(jar.getCookieStringSync(url)).toBe('')
    expect(jar.serializeSync()?.cookies).toEqual([])
  })
})

function thrownBy(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
