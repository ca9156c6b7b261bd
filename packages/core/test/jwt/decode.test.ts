import { describe, expect, test } from 'vitest'
import {
  type CompactParts,
  decodeUnverified,
  longestToken,
  splitCompact,
  vouchForHeader,
} from '../../src/jwt/decode.ts'
import { claimsWith, forge, segment } from './keys.ts'

const header = { alg: 'ES256', kid: 'k-ES256', typ: 'at+jwt' }
const token = (head: string | object, payload: string | Uint8Array | object = {}): string =>
  `${segment(head)}.${segment(payload)}.${segment('signature')}`

describe('splitCompact', () => {
  test('takes a token apart, and leaves the payload closed', () => {
    const whole = forge('ES256', header, claimsWith())
    const [first, second, third] = whole.split('.')
    expect(splitCompact(whole)).toEqual({
      header,
      signingInput: `${first}.${second}`,
      payload: { text: JSON.stringify(claimsWith()), quotes: JSON.stringify(claimsWith()).split('"').length - 1 },
      signature: Buffer.from(third ?? '', 'base64url'),
    })
  })

  test.each<[string, object | string]>([
    ['no kid and no typ', { alg: 'ES256' }],
    ['white space in the header (RFC 7515 A.1)', '{"typ":"JWT",\r\n "alg":"HS256"}'],
    ['a kid of 256 characters', { alg: 'ES256', kid: 'k'.repeat(256) }],
    ['a kid that is a path', { alg: 'ES256', kid: '../../../../dev/null' }],
    ['a kid beyond ASCII', { alg: 'ES256', kid: 'clé-🔑' }],
    ['an unknown parameter', { alg: 'ES256', 'https://x.example/v': [1] }],
    ['a thumbprint of a certificate', { alg: 'ES256', x5t: 'abc' }],
    ['the content type of plain JSON', { alg: 'ES256', cty: 'json' }],
    ['an algorithm that is none of ours', { alg: 'none' }],
  ])('takes %s', (_, head) => {
    expect(splitCompact(token(head))).toBeDefined()
  })

  test.each<[string, object | string]>([
    ['no alg', { kid: 'a' }],
    ['alg null', { alg: null }],
    ['alg as a list', { alg: ['ES256'] }],
    ['alg as a number', { alg: 1 }],
    ['alg as an object', '{"alg":{"toString":"ES256"}}'],
    ['alg twice', '{"alg":"none","alg":"ES256"}'],
    ['alg twice, once escaped', '{"alg":"ES256","\\u0061lg":"none"}'],
    ['kid as a number', { alg: 'ES256', kid: 1 }],
    ['kid as a list', { alg: 'ES256', kid: ['a'] }],
    ['kid null', { alg: 'ES256', kid: null }],
    ['an empty kid', { alg: 'ES256', kid: '' }],
    ['a kid of 257 characters', { alg: 'ES256', kid: 'k'.repeat(257) }],
    ['NUL in the kid', { alg: 'ES256', kid: 'a\0' }],
    ['CR LF in the kid', { alg: 'ES256', kid: 'a\r\nb' }],
    ['a C1 control in the kid', { alg: 'ES256', kid: 'a\u0085' }],
    ['typ as a list', { alg: 'ES256', typ: ['at+jwt'] }],
    ['crit', { alg: 'ES256', crit: ['exp'], exp: 1 }],
    ['an empty crit', { alg: 'ES256', crit: [] }],
    ['crit as text', { alg: 'ES256', crit: 'b64' }],
    ['crit null', { alg: 'ES256', crit: null }],
    ['b64 false', { alg: 'ES256', b64: false }],
    ['b64 true', { alg: 'ES256', b64: true }],
    ['b64 with crit', { alg: 'ES256', b64: false, crit: ['b64'] }],
    ['jwk', { alg: 'ES256', jwk: { kty: 'EC' } }],
    ['jku', { alg: 'ES256', jku: 'https://evil.example' }],
    ['x5u', { alg: 'ES256', x5u: 'http://169.254.169.254' }],
    ['x5c', { alg: 'ES256', x5c: [] }],
    ['zip', { alg: 'ES256', zip: 'DEF' }],
    ['enc', { alg: 'dir', enc: 'A256GCM' }],
    ['cty JWT', { alg: 'ES256', cty: 'JWT' }],
    ['cty jwt', { alg: 'ES256', cty: 'jwt' }],
    ['cty application/jwt', { alg: 'ES256', cty: 'application/JWT' }],
    ['cty at+jwt', { alg: 'ES256', cty: 'at+jwt' }],
    ['cty as a number', { alg: 'ES256', cty: 1 }],
    ['a header that is a list', '["ES256"]'],
    ['a header that is text', '"ES256"'],
    ['a header that is null', 'null'],
    ['a header with a byte order mark', '\ufeff{"alg":"ES256"}'],
    ['a header nine deep', `{"alg":"ES256","a":${'['.repeat(8)}${']'.repeat(8)}}`],
    ['__proto__ in the header', '{"alg":"ES256","__proto__":{}}'],
  ])('refuses %s', (_, head) => {
    expect(splitCompact(token(head))).toBeUndefined()
  })

  const good = token(header, claimsWith())
  const [first = '', second = '', third = ''] = good.split('.')

  test.each<[string, string]>([
    ['nothing', ''],
    ['one segment', first],
    ['two segments', `${first}.${second}`],
    ['an empty signature', `${first}.${second}.`],
    ['an empty payload', `${first}..${third}`],
    ['an empty header', `.${second}.${third}`],
    ['four segments', `${good}.${third}`],
    ['five segments, as a JWE has', `${first}.${second}.${third}.${second}.${third}`],
    ['a leading dot', `.${good}`],
    ['a trailing dot', `${good}.`],
    ['dots alone', '..'],
    ['a space before', ` ${good}`],
    ['a newline behind', `${good}\n`],
    ['a newline inside', `${first}.${second.slice(0, 8)}\n${second.slice(8)}.${third}`],
    ['padding of the header', `${first}=.${second}.${third}`],
    ['padding of the payload', `${first}.${second}==.${third}`],
    ['padding of the signature', `${first}.${second}.${segment('signatur')}=`],
    ['the other alphabet', `${first}.${second}.ab+/`],
    ['unused bits in the signature', `${first}.${second}.${segment('s')[0]}x`],
    ['unused bits in the payload', `${first}.e31.${third}`],
    ['an impossible length', `${first}.${second}.abcde`],
    ['a look-alike', `${first}.${second}.аbcd`],
    ['a scheme before it', `Bearer ${good}`],
  ])('refuses %s', (_, text) => {
    expect(splitCompact(text)).toBeUndefined()
  })

  test.each([undefined, null, 1, {}, [good], { toString: () => good }])('refuses %j, which is no text', (value) => {
    expect(splitCompact(value as string)).toBeUndefined()
  })

  test('takes 8 KiB and refuses a character more, before it looks at anything', () => {
    const rest = longestToken - first.length - third.length - 2
    const payload = 'A'.repeat(rest - (rest % 4))
    const signature = third + 'A'.repeat(rest % 4)
    const fits = `${first}.${payload}.${'A'.repeat(signature.length)}`
    expect(fits).toHaveLength(longestToken)
    expect(splitCompact(`${first}.${payload}.${third}`)).toBeDefined()
    expect(splitCompact(`${first}.${payload}AAAA.${third}`)).toBeUndefined()
    const huge = 'A'.repeat(100_000_000)
    const started = performance.now()
    expect(splitCompact(huge)).toBeUndefined()
    expect(performance.now() - started).toBeLessThan(50)
  })
})

describe('a header that a key of ours vouched for', () => {
  const vouch = (head: object): void => vouchForHeader(splitCompact(token(head)) as CompactParts)

  test('is recognised by its whole text, and then by no other', () => {
    const known = { alg: 'ES256', kid: 'vouched', typ: 'at+jwt' }
    vouch(known)
    const [one, other] = [splitCompact(token(known)), splitCompact(token(known, { a: 1 }))]
    expect(one?.header).toEqual(known)
    expect(other?.header).toBe(one?.header)
    expect(splitCompact(token({ ...known, kid: 'vouched2' }))?.header.kid).toBe('vouched2')
    const segmentOf = segment(known)
    for (const hostile of [`${segmentOf}A`, `${segmentOf}=`, segmentOf.slice(0, -1), ` ${segmentOf}`]) {
      expect(splitCompact(`${hostile}.e30.AAAA`)?.header).not.toBe(one?.header)
    }
  })

  test('changes nothing about how the rest is judged', () => {
    vouch(header)
    const head = segment(header)
    expect(splitCompact(`${head}.e30.AAAA`)).toBeDefined()
    for (const rest of [
      '',
      '.',
      'e30',
      'e30.',
      '.AAAA',
      'e30.AAAA.',
      'e30.AAAA.AAAA',
      'e31.AAAA',
      'e30.AAAB=',
      'e30.A',
    ])
      expect(splitCompact(`${head}.${rest}`), rest).toBeUndefined()
  })

  test('is nobody to change', () => {
    vouch(header)
    const held = splitCompact(token(header))?.header as { alg: string }
    expect(() => {
      held.alg = 'none'
    }).toThrow(TypeError)
  })

  test('is one of few: the oldest are let go, and no long one is kept', () => {
    const first = { alg: 'ES256', kid: 'first' }
    vouch(first)
    const recognised = (head: object): boolean => Object.isFrozen(splitCompact(token(head))?.header)
    expect(recognised(first)).toBe(true)
    for (let at = 0; at < 16; at += 1) vouch({ alg: 'ES256', kid: `k${at}` })
    expect(recognised(first)).toBe(false)
    expect(recognised({ alg: 'ES256', kid: 'k15' })).toBe(true)
    const long = { alg: 'ES256', kid: 'k', note: 'x'.repeat(500) }
    vouch(long)
    expect(recognised(long)).toBe(false)
  })
})

describe('decodeUnverified', () => {
  test('answers what a token says, and says that nobody vouches for it', () => {
    const decoded = decodeUnverified(token(header, { exp: 1 }))
    expect(decoded).toEqual({ verified: false, header, claims: { exp: 1 } })
  })

  test.each<[string, string | Uint8Array]>([
    ['a list', '[]'],
    ['text', '"a"'],
    ['null', 'null'],
    ['a number', '1'],
    ['invalid UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['a byte order mark', '\ufeff{}'],
    ['a lone surrogate', '{"a":"\\ud800"}'],
    ['a member twice', '{"a":1,"a":2}'],
    ['17 levels', `${'{"a":'.repeat(16)}{}${'}'.repeat(16)}`],
  ])('refuses a payload of %s', (_, payload) => {
    expect(decodeUnverified(token(header, payload))).toBeUndefined()
  })

  test('16 levels are read', () => {
    expect(decodeUnverified(token(header, `${'{"a":'.repeat(15)}{}${'}'.repeat(15)}`))).toBeDefined()
  })
})
