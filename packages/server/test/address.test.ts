import { describe, expect, test } from 'vitest'
import { networkOf, parseAddress, peerAddress, sourceOf, type TrustedProxies } from '../src/address.ts'

describe('parseAddress', () => {
  test.each([
    ['192.0.2.1', 4, [192, 0, 2, 1]],
    ['0.0.0.0', 4, [0, 0, 0, 0]],
    ['255.255.255.255', 4, [255, 255, 255, 255]],
    ['::ffff:192.0.2.1', 4, [192, 0, 2, 1]],
    ['::FFFF:c000:201', 4, [192, 0, 2, 1]],
    ['0:0:0:0:0:ffff:192.0.2.1', 4, [192, 0, 2, 1]],
    ['::', 6, [0, 0, 0, 0, 0, 0, 0, 0]],
    ['::1', 6, [0, 0, 0, 0, 0, 0, 0, 1]],
    ['1::', 6, [1, 0, 0, 0, 0, 0, 0, 0]],
    ['2001:DB8::A', 6, [0x2001, 0xdb8, 0, 0, 0, 0, 0, 10]],
    ['1:2:3:4:5:6:7:8', 6, [1, 2, 3, 4, 5, 6, 7, 8]],
    ['1:2:3:4:5:6:7::', 6, [1, 2, 3, 4, 5, 6, 7, 0]],
    ['64:ff9b::192.0.2.1', 6, [0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x201]],
    ['fe80::1%eth0', 6, [0xfe80, 0, 0, 0, 0, 0, 0, 1]],
  ])('%s', (text, family, parts) => {
    expect(parseAddress(text)).toEqual({ family, parts })
  })

  test.each([
    '',
    ' 192.0.2.1',
    '192.0.2.1 ',
    '192.0.2',
    '192.0.2.1.1',
    '192.0.2.256',
    '192.0.2.01',
    '0300.0.2.1',
    '0xc0.0.2.1',
    '3221225985',
    '192.0.2.1:80',
    '[::1]',
    ':',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '1::2::3',
    '12345::',
    'g::',
    '::1.2.3',
    '1.2.3.4::',
    '::1.2.3.4:5',
    '::ffff:192.0.2.256',
    '::1%',
    '::1%et h',
    'localhost',
    '::1\n',
    '１９２.0.2.1',
    `${'0'.repeat(90)}::`,
  ])('%j is none', (text) => {
    expect(parseAddress(text)).toBeUndefined()
  })
})

describe('networkOf and sourceOf', () => {
  test.each([
    ['192.0.2.1', '192.0.2.0/24', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.0/24', '192.0.2.1'],
    ['2001:db8:0:1::1', '2001:db8:0:1::/64', '2001:db8:0:1::/64'],
    ['::1', '0:0:0:0::/64', '0:0:0:0::/64'],
    ['nonsense', undefined, undefined],
  ])('%s', (text, network, source) => {
    expect(networkOf(text)).toBe(network)
    expect(sourceOf(text)).toBe(source)
  })

  test('six spellings of one address are one', () => {
    const spellings = [
      '2001:db8::a:0:0:1',
      '2001:DB8::A:0:0:1',
      '2001:0db8:0000:0000:000a:0000:0000:0001',
      '2001:db8:0:0:a:0:0:1',
      '2001:db8:0:0:a::1',
      '2001:db8::a:0:0.0.0.1%en0',
    ]
    expect(new Set(spellings.map(sourceOf)).size).toBe(1)
    expect(new Set(spellings.map((one) => JSON.stringify(parseAddress(one)))).size).toBe(1)
  })

  test('all 2^16 addresses of the last group are one source, the next /64 is another', () => {
    const sources = new Set<string | undefined>()
    for (let last = 0; last < 2 ** 16; last += 1) sources.add(sourceOf(`2001:db8:0:1::${last.toString(16)}`))
    expect(sources.size).toBe(1)
    expect(sources.has(sourceOf('2001:db8:0:2::1'))).toBe(false)
  })

  test('neighbours in IPv4 are two sources of one network', () => {
    expect(sourceOf('192.0.2.1')).not.toBe(sourceOf('192.0.2.2'))
    expect(networkOf('192.0.2.1')).toBe(networkOf('192.0.2.254'))
    expect(networkOf('192.0.2.1')).not.toBe(networkOf('192.0.3.1'))
  })
})

describe('peerAddress', () => {
  const proxy = '10.0.0.1'
  test.each<[string, Parameters<typeof peerAddress>[0], string | undefined]>([
    ['no proxy trusted: the header is a claim', { remote: '6.6.6.6', forwardedFor: '192.0.2.1' }, '6.6.6.6'],
    ['0 proxies', { remote: '6.6.6.6', forwardedFor: '192.0.2.1', trustedProxies: 0 }, '6.6.6.6'],
    [
      'one proxy, the right-most hop',
      { remote: proxy, forwardedFor: '6.6.6.6, 192.0.2.1', trustedProxies: 1 },
      '192.0.2.1',
    ],
    ['two proxies', { remote: proxy, forwardedFor: '6.6.6.6, 192.0.2.1, 10.0.0.2', trustedProxies: 2 }, '192.0.2.1'],
    ['fewer hops than proxies', { remote: proxy, forwardedFor: '192.0.2.1', trustedProxies: 2 }, '192.0.2.1'],
    ['no header', { remote: proxy, trustedProxies: 1 }, proxy],
    ['an empty header', { remote: proxy, forwardedFor: '', trustedProxies: 1 }, proxy],
    [
      'by network',
      { remote: proxy, forwardedFor: '6.6.6.6, 192.0.2.1, 10.9.9.9', trustedProxies: ['10.0.0.0/8'] },
      '192.0.2.1',
    ],
    ['by address', { remote: proxy, forwardedFor: '6.6.6.6, 192.0.2.1', trustedProxies: [proxy] }, '192.0.2.1'],
    [
      'a peer that is no proxy of ours',
      { remote: '6.6.6.6', forwardedFor: '192.0.2.1', trustedProxies: [proxy] },
      '6.6.6.6',
    ],
    [
      'everybody is a proxy of ours',
      { remote: proxy, forwardedFor: '10.0.0.3, 10.0.0.2', trustedProxies: ['10.0.0.0/8'] },
      '10.0.0.3',
    ],
    ['IPv4 in IPv6', { remote: '::ffff:10.0.0.1', forwardedFor: '192.0.2.1', trustedProxies: [proxy] }, '192.0.2.1'],
    [
      'an IPv6 network',
      { remote: 'fd00::1', forwardedFor: '2001:db8::1', trustedProxies: ['fd00::/8'] },
      '2001:db8::1',
    ],
    [
      'just outside of a network',
      { remote: '10.128.0.1', forwardedFor: '192.0.2.1', trustedProxies: ['10.0.0.0/9'] },
      '10.128.0.1',
    ],
    [
      'just inside of a network',
      { remote: '10.127.0.1', forwardedFor: '192.0.2.1', trustedProxies: ['10.0.0.0/9'] },
      '192.0.2.1',
    ],
    ['all of IPv4', { remote: '1.2.3.4', forwardedFor: '2001:db8::1', trustedProxies: ['0.0.0.0/0'] }, '2001:db8::1'],
    ['ports and brackets', { remote: proxy, forwardedFor: '[2001:db8::1]:443', trustedProxies: 1 }, '2001:db8::1'],
    ['an IPv4 port', { remote: proxy, forwardedFor: '192.0.2.1:5678', trustedProxies: 1 }, '192.0.2.1'],
    ['a hop that cannot be read', { remote: proxy, forwardedFor: '192.0.2.1, unknown', trustedProxies: 1 }, proxy],
    [
      'a hop behind one that cannot be read',
      { remote: proxy, forwardedFor: '6.6.6.6, x, 10.0.0.2', trustedProxies: 3 },
      '10.0.0.2',
    ],
    [
      'Forwarded',
      { remote: proxy, forwarded: 'for=6.6.6.6, For="[2001:db8::1]:80";proto=https', trustedProxies: 1 },
      '2001:db8::1',
    ],
    [
      'Forwarded, for not first',
      { remote: proxy, forwarded: 'by=10.0.0.1; for=192.0.2.1', trustedProxies: 1 },
      '192.0.2.1',
    ],
    ['Forwarded, obfuscated', { remote: proxy, forwarded: 'for=_hidden', trustedProxies: 1 }, proxy],
    ['Forwarded without for', { remote: proxy, forwarded: 'by=192.0.2.1', trustedProxies: 1 }, proxy],
    [
      'both, the same',
      { remote: proxy, forwardedFor: '192.0.2.1', forwarded: 'for=192.0.2.1', trustedProxies: 1 },
      '192.0.2.1',
    ],
    [
      'both, not the same',
      { remote: proxy, forwardedFor: '192.0.2.1', forwarded: 'for=6.6.6.6', trustedProxies: 1 },
      proxy,
    ],
    [
      'a socket without an address, by count',
      { remote: undefined, forwardedFor: '192.0.2.1', trustedProxies: 1 },
      '192.0.2.1',
    ],
    [
      'a socket without an address, by list',
      { remote: undefined, forwardedFor: '192.0.2.1', trustedProxies: [proxy] },
      undefined,
    ],
  ])('%s', (_name, hops, expected) => {
    expect(peerAddress(hops)).toBe(expected)
  })

  test.each<[TrustedProxies]>([
    [['10.0.0.0/33']],
    [['10.0.0.0/']],
    [['10.0.0.0/8/8']],
    [['proxy.internal']],
    [['*']],
    [-1],
    [1.5],
    [Number.NaN],
  ])('trustedProxies %j is refused', (trustedProxies) => {
    expect(() => peerAddress({ remote: undefined, trustedProxies })).toThrow(TypeError)
  })
})
