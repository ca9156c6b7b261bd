import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readCookie } from '../../src/cookie/parse.ts'

const name = '__Host-handstamp'

describe('readCookie', () => {
  test.each<[header: string | null, values: readonly string[], why: string]>([
    [null, [], 'no header'],
    ['', [], 'an empty one'],
    [`${name}=abc`, ['abc'], 'the cookie alone'],
    [`a=1; ${name}=abc; b=2`, ['abc'], 'among others'],
    [`a=1;${name}=abc;b=2`, ['abc'], 'without spaces'],
    [` ${name} = abc `, ['abc'], 'white space around name and value'],
    [`\t${name}=abc\t`, ['abc'], 'tabs too'],
    [`;;; ${name}=abc ;`, ['abc'], 'empty pairs'],
    [`${name}=a=b==`, ['a=b=='], 'the first = ends the name'],
    [`${name}=abc; ${name}=abc`, ['abc'], 'the same value twice is one'],
    [`${name}=a; ${name}=b`, ['a', 'b'], 'two values, in the order of the header'],
    [`${name}=a; ${name}=b; ${name}=c`, ['a', 'b'], 'two are enough'],
    [`${name}=a; ${name}=a; ${name}=b`, ['a', 'b'], 'distinct ones'],
    [`${name}=`, [], 'an empty value is none'],
    [`${name}=; ${name}=abc`, ['abc'], 'and makes nothing ambiguous'],
    [name, [], 'a name without ='],
    [`=${name}`, [], 'a nameless cookie'],
    [`=${name}=abc`, [], 'a nameless cookie whose value looks like ours'],
    ['__host-handstamp=abc', [], 'another case is another cookie'],
    [`${name}x=abc`, [], 'a longer name'],
    [`x${name}=abc`, [], 'a name that ends like ours'],
    [`"${name}"=abc`, [], 'a quoted name'],
    [`${name}="abc"`, [], 'a quoted value'],
    [`a="x; ${name}=abc; y"`, ['abc'], 'quotes hide no separator (RFC 6265bis §5.6)'],
    [`${name}=a b`, [], 'a space inside'],
    [`${name}=a,b`, [], 'a comma'],
    [`${name}=a\\b`, [], 'a backslash'],
    [`${name}=\\073`, [], 'an octal escape'],
    [`${name}=%41%zz%00`, ['%41%zz%00'], 'percent signs are themselves'],
    [`${name}=a\0`, [], 'NUL'],
    [`${name}=a\r`, [], 'CR'],
    [`${name}=a\nb`, [], 'LF'],
    [`${name}=a\x7f`, [], 'DEL'],
    [`${name}=ä`, [], 'not ASCII'],
    [`${name}=\u00a0abc`, [], 'a no-break space is no white space here'],
    [`a=1, ${name}=abc`, [], 'a comma does not separate cookies'],
  ])('%j → %j: %s', (header, values) => {
    expect(readCookie(header, name)).toEqual(values)
  })

  test('names of Object.prototype are names like others', () => {
    for (const odd of ['__proto__', 'constructor', 'toString']) {
      expect(readCookie('a=1', odd)).toEqual([])
      expect(readCookie(`${odd}=1`, odd)).toEqual(['1'])
    }
  })

  test('a header up to 64 KiB is read, a longer one is not', () => {
    const tail = `; ${name}=abc`
    expect(readCookie('x'.repeat(65_536 - tail.length) + tail, name)).toEqual(['abc'])
    expect(readCookie('x'.repeat(65_537 - tail.length) + tail, name)).toEqual([])
  })

  test.each([`${name}; `, `${name} `, ' ', ';', '\t;', `${name}=\0;`, `${name}=,`])(
    '64 KiB of %j are read in no time',
    (unit) => {
      const header = unit.repeat(65_536 / unit.length)
      const started = performance.now()
      for (let run = 0; run < 10; run += 1) readCookie(header, name)
      // A quadratic scan of this length takes seconds; the bound is far from both.
      expect(performance.now() - started).toBeLessThan(500)
    },
  )

  test('never throws, and answers cookie-octets alone', () => {
    const header = fc.oneof(
      fc.string({ unit: fc.integer({ max: 0xffff, min: 0 }).map((code) => String.fromCharCode(code)) }),
      fc.string({ unit: fc.constantFrom('sid', '=', ';', ' ', '\t', '"', 'a', ',', '\0', 'ä') }),
    )
    fc.assert(
      fc.property(header, (text) => {
        const values = readCookie(text, 'sid')
        expect(new Set(values).size).toBe(values.length)
        for (const value of values) expect(value).toMatch(/^[!#-+\--:<-[\]-~]+$/)
      }),
      { numRuns: 2_000 },
    )
  })
})
