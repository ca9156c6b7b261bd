import { type CookieAttributes, serializeCookie } from '@handstamp/core/cookie/serialize'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'

type Written = readonly [name: string, value: string, attributes?: object]

const stage = () => ({ close: () => {} })

function write([name, value, attributes = {}]: Written): string {
  return serializeCookie(name, value, attributes as CookieAttributes)
}

/** One line, whose first attribute is where it was meant to be. */
function expectWritten(written: Written, line: string): void {
  expect(write(written)).toBe(line)
}

function expectRefused(written: Written, error: new () => Error): void {
  expect(() => write(written)).toThrow(error)
}

const host = { secure: true, path: '/' }

export const injection: Attack = attack({
  ids: ['B12', 'B13', 'B17', 'CVE-2024-47764'],
  title: 'a name, value or attribute that ends the cookie and begins another',
  cost: 'Whoever chooses a display name would write cookies and headers into the answers that others get.',
  shows: ['RFC 6265bis §4.1.1', 'RFC 6265bis §5.5', 'ASVS 3.3.5'],
  stage,
  legal: {
    ...each<unknown, readonly [Written, string]>(
      {
        'all characters of a token in a name': [["a!#$%&'*+.^_`|~1-", 'b'], "a!#$%&'*+.^_`|~1-=b"],
        'every cookie-octet in a value': [['a', '!#$%&()*+-./:<=>?@[]^_`{|}~'], 'a=!#$%&()*+-./:<=>?@[]^_`{|}~'],
        'an empty value': [['a', ''], 'a='],
        'a path with a space and an equals sign': [['a', 'b', { path: '/x y=z' }], 'a=b; Path=/x y=z'],
        'a domain of two labels': [['a', 'b', { domain: 'app.example' }], 'a=b; Domain=app.example'],
        'a path of 1,024 bytes': [['a', 'b', { path: `/${'p'.repeat(1_023)}` }], `a=b; Path=/${'p'.repeat(1_023)}`],
        'none with Secure': [['a', 'b', { sameSite: 'none', secure: true }], 'a=b; Secure; SameSite=None'],
        'no age at all': [['a', 'b', { maxAge: 0 }], 'a=b; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT'],
        '400 days': [['a', 'b', { maxAge: 34_560_000 }], 'a=b; Max-Age=34560000'],
        'more than 400 days, as much as a browser keeps': [['a', 'b', { maxAge: 34_560_001 }], 'a=b; Max-Age=34560000'],
        'name and value of 4,096 bytes': [['a', 'b'.repeat(4_095)], `a=${'b'.repeat(4_095)}`],
      },
      (_stage, [written, line]) => expectWritten(written, line),
    ),
  },
  hostile: {
    ...each<unknown, Written>(
      {
        'a name with a semicolon': ['a;b', 'c'],
        'a name with an equals sign': ['a=b', 'c'],
        'a name with a space': ['a b', 'c'],
        'a name with a line break': ['a\r\nSet-Cookie: x', 'y'],
        'a name with a script': ['a<script>alert(1)</script>;b', 'c'],
        'a name of nothing': ['', 'c'],
        'a name beyond ASCII': ['ä', 'c'],
        'a name that is a list': [['a'] as unknown as string, 'c'],
        'a value with a semicolon': ['a', 'b; HttpOnly=no'],
        'a value with a line break': ['a', 'b\r\nSet-Cookie: x=y'],
        'a value with a line feed alone': ['a', 'b\nX: y'],
        'a value with NUL': ['a', 'b\0'],
        'a value with a comma': ['a', 'b,c=d'],
        'a value with a space': ['a', 'b c'],
        'a value in quotes': ['a', '"b"'],
        'a value beyond ASCII': ['a', 'ü'],
        'a value whose low bytes are a line break': ['a', 'b\u010d\u010ax'],
        'a value with a method': ['a', { toString: () => 'b' } as unknown as string],
        'a path with an attribute': ['a', 'b', { path: '/; Domain=evil.example' }],
        'a path with a line break': ['a', 'b', { path: '/\r\nSet-Cookie: x=y' }],
        'a path with NUL': ['a', 'b', { path: '/\0' }],
        'a path that is none': ['a', 'b', { path: 'x' }],
        'a path that is a list': ['a', 'b', { path: ['/'] }],
        'a domain with an attribute': ['a', 'b', { domain: 'app.example; Secure' }],
        'a domain with a line break': ['a', 'b', { domain: 'app.example\r\nSet-Cookie: x=y' }],
        'a domain with a leading dot': ['a', 'b', { domain: '.app.example' }],
        'a domain that is a single label': ['a', 'b', { domain: 'com' }],
        'a domain that is an address': ['a', 'b', { domain: '192.0.2.1' }],
        'a domain with a path': ['a', 'b', { domain: 'app.example/x' }],
        'none without Secure': ['a', 'b', { sameSite: 'none' }],
        'a made-up sameSite': ['a', 'b', { sameSite: 'Strict; Domain=x' }],
        'sameSite of every object': ['a', 'b', { sameSite: 'constructor' }],
        'partitioned without Secure': ['a', 'b', { partitioned: true }],
        'a made-up priority': ['a', 'b', { priority: 'x' }],
        '__Host- without Secure': ['__Host-a', 'b', { path: '/' }],
        '__Host- with a domain': ['__Host-a', 'b', { ...host, domain: 'app.example' }],
        '__Host- with a path': ['__Host-a', 'b', { ...host, path: '/auth' }],
        '__host- in lower case, without Secure': ['__host-a', 'b', { path: '/' }],
        '__Secure- without Secure': ['__Secure-a', 'b', {}],
      },
      (_stage, written) => expectRefused(written, TypeError),
    ),
    ...each<unknown, unknown>(
      {
        'not a number': Number.NaN,
        'without end': Number.POSITIVE_INFINITY,
        negative: -1,
        'half a second': 0.5,
        'a text with an attribute': '60; Domain=evil',
      },
      (_stage, maxAge) => expectRefused(['a', 'b', { maxAge }], RangeError),
    ),
    'a path of 1,025 bytes': () => expectRefused(['a', 'b', { path: `/${'p'.repeat(1_024)}` }], RangeError),
    'name and value of 4,097 bytes': () =>
      expect(() => write(['a', 'b'.repeat(4_096)])).toThrow(
        expect.objectContaining({ code: 'ERR_CREDENTIAL_TOO_LARGE' }),
      ),
  },
})
