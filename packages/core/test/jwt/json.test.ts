import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { findUnwritable, parseJsonObject } from '../../src/jwt/json.ts'
import { utf8 } from '../../src/secret.ts'

describe('parseJsonObject', () => {
  test.each([
    '{}',
    ' {"a" : 1 , "b":\r\n[] } ',
    '{"a":{"a":{"a":1}}}',
    '{"a":[{"b":1},{"b":2}]}',
    '{"a":"b","b":"a"}',
    '{"a":"\\"","b":"\\\\","c":"\\\\\\""}',
    '{"a":",\\"a\\":","b":"{"}',
    '{"":1,"a":2}',
    '{"a":1e308,"b":-0,"c":1.5E-9}',
    '{"\\ud83d\\ude00":"\\ud83d\\ude00"}',
    '{"constructor":1,"toString":2,"hasOwnProperty":3}',
    '{"a":"1e400"}',
    '{"e\u0301":1,"é":2}',
  ])('%s is one object', (text) => {
    expect(parseJsonObject(utf8(text), 8)).toEqual(JSON.parse(text))
  })

  test.each([
    ['', 'nothing'],
    ['[]', 'an array'],
    ['"a"', 'a string'],
    ['null', 'null'],
    ['1', 'a number'],
    ['{"a":1}{', 'two values'],
    ['{"a":1,}', 'a trailing comma'],
    ["{'a':1}", 'single quotes'],
    ['{"a":NaN}', 'NaN'],
    ['{"a":01}', 'a leading zero'],
    ['{"a":1}\0', 'a NUL behind it'],
    ['\ufeff{"a":1}', 'a byte order mark'],
    ['{"a":1,"a":1}', 'a member twice'],
    ['{"a":1,"b":2,"a":3}', 'not next to each other'],
    ['{"a":1,"\\u0061":2}', 'a member twice, once escaped'],
    ['{"":1,"":2}', 'the empty name twice'],
    ['{"x":{"a":1,"a":2}}', 'twice one level down'],
    ['{"x":[1,{"a":[],"a":{}}]}', 'twice inside an array'],
    ['{"a":{"b":1},"c":[2],"a":3}', 'twice with containers between'],
    ['{"__proto__":{"admin":true}}', '__proto__'],
    ['{"x":{"\\u005f_proto__":1}}', '__proto__, escaped and nested'],
    ['{"a":"\\ud800"}', 'a lone high surrogate'],
    ['{"a":"\\udc00\\ud800"}', 'surrogates in the wrong order'],
    ['{"\\udfff":1}', 'a lone surrogate in a name'],
    ['{"a":1e400}', 'an infinite number'],
    ['{"a":[-1E999]}', 'another one'],
    [`{"a":${'9'.repeat(400)}}`, 'one without an exponent'],
  ])('%j is refused: %s', (text) => {
    expect(parseJsonObject(utf8(text), 8)).toBeUndefined()
  })

  test.each([
    [[0xff], 'no UTF-8 at all'],
    [[0xc0, 0xaf], 'an overlong slash'],
    [[0xed, 0xa0, 0x80], 'an encoded surrogate'],
    [[0xe2, 0x82], 'a sequence cut short'],
  ])('bytes %j in a string are refused: %s', (bytes) => {
    const text = Uint8Array.from([...utf8('{"a":"'), ...bytes, ...utf8('"}')])
    expect(parseJsonObject(text, 8)).toBeUndefined()
  })

  test('counts the depth of containers, of objects and arrays alike', () => {
    const nested = (depth: number): Uint8Array => utf8(`{"a":${'['.repeat(depth - 1)}${']'.repeat(depth - 1)}}`)
    expect(parseJsonObject(nested(8), 8)).toBeDefined()
    expect(parseJsonObject(nested(9), 8)).toBeUndefined()
    expect(parseJsonObject(utf8('{"a":[{"b":[{}]},{"b":[{}]}]}'), 5)).toBeDefined()
    expect(parseJsonObject(utf8('{"a":[{"b":[{}]},{"b":[{}]}]}'), 4)).toBeUndefined()
    expect(parseJsonObject(utf8('{"a":'.repeat(100_000)), 8)).toBeUndefined()
    expect(parseJsonObject(utf8('['.repeat(100_000)), 8)).toBeUndefined()
  })

  test('agrees with JSON.parse on whatever JSON.stringify wrote', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), fc.boolean(), (value, spaced) => {
        const text = JSON.stringify(value, undefined, spaced ? 1 : 0)
        const expected = /"__proto__":/.test(text) ? undefined : JSON.parse(text)
        expect(parseJsonObject(utf8(text), 8)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('never throws on text that is nearly JSON', () => {
    const text = fc.string({
      unit: fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', 'a', '1', 'e', '-', ' ', '"a":'),
    })
    fc.assert(
      fc.property(text, (content) => {
        const value = parseJsonObject(utf8(content), 8)
        if (value !== undefined) expect(JSON.parse(content)).toEqual(value)
      }),
      { numRuns: 2_000 },
    )
  })
})

test('what somebody has put on Object.prototype neither hides a name given twice nor refuses a good text', () => {
  Object.assign(Object.prototype, { put: () => undefined, other: 1 })
  try {
    expect(parseJsonObject(utf8('{"x":{"a":1},"b":"c"}'), 8)).toBeDefined()
    for (const twice of ['{"a":1,"a":2}', '{"a":1,"b":"","a":2,"b":""}', '{"a":{"b":1,"b":1}}'])
      expect(parseJsonObject(utf8(twice), 8), twice).toBeUndefined()
    expect(findUnwritable({ a: { b: 1 } }, 8)).toBeUndefined()
    expect(findUnwritable({ a: { b: () => 1 } }, 8)).toBe('a.b')
  } finally {
    for (const name of ['put', 'other']) Reflect.deleteProperty(Object.prototype, name)
  }
})

describe('findUnwritable', () => {
  class Point {
    x = 1
  }

  test.each<[unknown, string | undefined]>([
    [{ a: [1, 'b', null, true, { c: -1.5 }] }, undefined],
    [{ a: undefined }, undefined],
    [Object.assign(Object.create(null), { a: 1 }), undefined],
    [{ user: { joined: new Date(0) } }, 'user.joined'],
    [{ user: { tags: ['a', new Set()] } }, 'user.tags.1'],
    [{ a: [undefined] }, 'a.0'],
    [{ a: new Array(2) }, 'a'],
    [{ a: Object.assign([1], { b: 1 }) }, 'a'],
    [{ a: Number.NaN }, 'a'],
    [{ a: Number.POSITIVE_INFINITY }, 'a'],
    [{ a: 1n }, 'a'],
    [{ a: () => 1 }, 'a'],
    [{ a: Symbol('a') }, 'a'],
    [{ a: '\ud800' }, 'a'],
    [{ a: { '\ud800': 1 } }, 'a.\ud800'],
    [{ a: new Point() }, 'a'],
    [{ a: new Map() }, 'a'],
    [{ a: new Uint8Array(1) }, 'a'],
    [{ a: { toJSON: () => 1 } }, 'a'],
    [JSON.parse('{"a":{"__proto__":1}}'), 'a.__proto__'],
  ])('case %#: %s → %j', (value, path) => {
    expect(findUnwritable(value, 8)).toBe(path)
  })

  test('ends on what refers to itself, and on what is too deep', () => {
    const loop: Record<string, unknown> = {}
    loop.a = loop
    expect(findUnwritable(loop, 3)).toBe('a.a.a')
    expect(findUnwritable({ a: { b: {} } }, 3)).toBeUndefined()
    expect(findUnwritable({ a: { b: {} } }, 2)).toBe('a.b')
  })

  test('what passes is read back as it was written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything({ maxDepth: 3 })), (value) => {
        if (findUnwritable(value, 8) !== undefined) return
        const text = JSON.stringify(value)
        expect(parseJsonObject(utf8(text), 8)).toEqual(JSON.parse(text))
      }),
      { numRuns: 500 },
    )
  })
})

test('a text without escapes is judged as one with them: the short way and the long one agree', () => {
  const name = fc.constantFrom('a', 'b', 'c', '__proto__', 'é', ':', '{', ' ', ',')
  const leaf = fc.constantFrom('1', '-0', '1e9', '1e400', '-1e400', 'null', 'true', '"a"', '":"', '"{:}"', '"é"', '""')
  const space = fc.constantFrom('', '', '', ' ', '\n\t')
  const { value } = fc.letrec<{ value: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      leaf,
      fc.array(tie('value'), { maxLength: 3 }).map((list) => `[${list.join(',')}]`),
      fc
        .array(fc.tuple(name, space, tie('value')), { maxLength: 3 })
        .map((list) => `{${list.map(([key, gap, member]) => `"${key}"${gap}:${gap}${member}`).join(',')}}`),
    ),
  }))
  let refused = 0
  fc.assert(
    fc.property(value, value, fc.integer({ min: 1, max: 5 }), (one, other, depth) => {
      const text = (escaped: string): string => `{"a":${one},"x":${other},"${escaped}":1}`
      const short = parseJsonObject(utf8(text('zz')), depth)
      expect(parseJsonObject(utf8(text('z\\u007a')), depth)).toEqual(short)
      if (short === undefined) refused += 1
    }),
    { numRuns: 5_000 },
  )
  expect(refused).toBeGreaterThan(500)
  expect(refused).toBeLessThan(4_500)
})
