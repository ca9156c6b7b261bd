import { createHook } from 'node:async_hooks'
import { scryptSync } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { hashPassword, verifyPassword } from '../src/password.ts'
import { scrypt as nodeScrypt } from '../src/scrypt/node.ts'
import { scrypt as portableScrypt } from '../src/scrypt/portable.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** A stored text of any cost, also one that `hashPassword` would refuse. */
function stored(password: string, ln: number, r: number, p: number, salt = 'c2FsdHNhbHRzYWx0c2FsdA'): string {
  const key = scryptSync(password, Buffer.from(salt, 'base64'), 32, { N: 2 ** ln, r, p, maxmem: 2 ** 29 })
  return `$scrypt$ln=${ln},r=${r},p=${p}$${salt}$${key.toString('base64').replace(/=+$/, '')}`
}

// scrypt is slow by intent, and a busy machine makes it slower.
describe('scrypt', { timeout: 30_000 }, () => {
  // RFC 7914 §12; its fourth vector takes a gigabyte.
  test.each([
    [
      '',
      '',
      4,
      1,
      1,
      '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906',
    ],
    [
      'password',
      'NaCl',
      10,
      8,
      16,
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
    ],
    [
      'pleaseletmein',
      'SodiumChloride',
      14,
      8,
      1,
      '7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887',
    ],
  ])('answers as RFC 7914 says for %j', async (password, salt, ln, r, p, expected) => {
    for (const scrypt of [nodeScrypt, portableScrypt]) {
      const key = await scrypt(utf8(password), utf8(salt), { ln, r, p }, 64)
      expect(Buffer.from(key).toString('hex')).toBe(expected)
    }
  })

  test('in Node no more than three run at once, in the order of the questions, and one that fails holds up nobody', async () => {
    const running = new Set<number>()
    let most = 0
    const hook = createHook({
      init(id, type) {
        if (type !== 'SCRYPTREQUEST') return
        running.add(id)
        most = Math.max(most, running.size)
      },
      before: (id) => void running.delete(id),
    }).enable()
    const done: number[] = []
    const ask = (length: number) =>
      nodeScrypt(utf8('x'), utf8('y'), { ln: 10, r: 8, p: 1 }, length).then(() => done.push(length))
    const wrong = nodeScrypt(utf8('x'), utf8('y'), { ln: 0, r: 8, p: 1 }, 7).catch(() => 'refused')
    await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(ask))
    hook.disable()
    expect(await wrong).toBe('refused')
    expect(most).toBe(3)
    expect(done.indexOf(8)).toBeGreaterThan(done.indexOf(1))
  })

  test('both engines agree on every input', async () => {
    for (const [ln, r, p, length] of [
      [1, 1, 1, 1],
      [3, 2, 5, 33],
      [6, 8, 1, 64],
      [8, 3, 2, 16],
    ] as const) {
      for (const password of ['', 'x', '\0', '\u{1f511}'.repeat(20), 'y'.repeat(1024)]) {
        const [salt, cost] = [utf8(`${ln}${password.length}`), { ln, r, p }]
        const keys = await Promise.all(
          [nodeScrypt, portableScrypt].map((scrypt) => scrypt(utf8(password), salt, cost, length)),
        )
        expect(Buffer.from(keys[0] ?? [])).toEqual(Buffer.from(keys[1] ?? []))
      }
    }
  })

  test('neither needs to be told of the largest cost that is accepted', async () => {
    await expect(nodeScrypt(utf8('x'), utf8('y'), { ln: 10, r: 1, p: 99 }, 32)).resolves.toHaveLength(32)
    await expect(nodeScrypt(utf8('x'), utf8('y'), { ln: 1, r: 99, p: 99 }, 32)).resolves.toHaveLength(32)
  })
})

describe('hashPassword and verifyPassword', { timeout: 30_000 }, () => {
  test('what was hashed is right, the nearest neighbours are wrong', async () => {
    const encoded = await hashPassword('correct horse')
    expect(encoded).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    const verdicts = await Promise.all([
      verifyPassword('correct horse', encoded),
      verifyPassword('Correct horse', encoded),
      verifyPassword('correct horse', `${encoded.slice(0, -2)}AA`),
    ])
    expect(verdicts).toEqual([true, false, false].map((ok) => ({ ok, needsRehash: false })))
  })

  test('two hashes of one password differ', async () => {
    const cost = { ln: 13, r: 8, p: 10 }
    const [a, b] = await Promise.all([hashPassword('x', { cost }), hashPassword('x', { cost })])
    expect(a).toContain('$ln=13,r=8,p=10$')
    expect(a).not.toBe(b)
  })

  test('a weaker hash is right and wants to be replaced, but only after a right password', async () => {
    const cost = { ln: 13, r: 8, p: 10 }
    const [weak, strong, shortSalt] = [
      stored('secret', 10, 8, 1),
      stored('secret', 13, 8, 10),
      stored('secret', 13, 8, 10, 'c2FsdHNhbHQ'),
    ]
    const verdicts = await Promise.all([
      verifyPassword('secret', weak, { cost }),
      verifyPassword('wrong', weak, { cost }),
      verifyPassword('secret', strong, { cost }),
      verifyPassword('secret', strong),
      verifyPassword('secret', shortSalt, { cost }),
    ])
    expect(verdicts.map(({ ok }) => ok)).toEqual([true, false, true, true, true])
    expect(verdicts.map(({ needsRehash }) => needsRehash)).toEqual([true, false, false, true, true])
  })

  test('for a user who does not exist it computes, and says no', async () => {
    const cost = { ln: 13, r: 8, p: 10 }
    for (const nobody of [undefined, null]) {
      const before = process.cpuUsage()
      expect(await verifyPassword('x', nobody, { cost })).toEqual({ ok: false, needsRehash: false })
      // A regular expression takes microseconds, this much scrypt tens of milliseconds on anything.
      expect(process.cpuUsage(before).user + process.cpuUsage(before).system).toBeGreaterThan(10_000)
    }
  })

  test('composed and decomposed spellings are one password', async () => {
    const encoded = stored('caf\u00e9 \u00c5'.normalize('NFKC'), 4, 8, 1)
    for (const spelling of ['caf\u00e9 \u00c5', 'cafe\u0301 A\u030a', 'caf\u00e9 \u212b', '\uff43af\u00e9 \u00c5']) {
      expect((await verifyPassword(spelling, encoded)).ok, spelling).toBe(true)
    }
    expect((await verifyPassword('cafe \u00c5', encoded)).ok).toBe(false)
  })

  test.each<[string, unknown]>([
    ['empty', ''],
    ['1,025 bytes', 'x'.repeat(1025)],
    ['a megabyte', 'x'.repeat(1_000_000)],
    ['more than 1,024 bytes once normalised', '\ufdfa'.repeat(60)],
    ['a lone surrogate', 'a\ud800'],
    ['no string', 5],
    ['nothing', undefined],
    ['an object', { toString: () => 'secret' }],
  ])('a password that is %s is refused when hashed and wrong when verified', async (_name, password) => {
    await expect(hashPassword(password as string)).rejects.toThrow(TypeError)
    expect(await verifyPassword(password as string, stored('secret', 4, 8, 1))).toEqual({
      ok: false,
      needsRehash: false,
    })
  })

  test('1,024 bytes are taken whole', async () => {
    const encoded = stored('x'.repeat(1024), 4, 8, 1)
    expect((await verifyPassword('x'.repeat(1024), encoded)).ok).toBe(true)
    expect((await verifyPassword(`${'x'.repeat(1023)}y`, encoded)).ok).toBe(false)
  })

  const good = stored('secret', 4, 8, 1)
  test.each<[string, unknown]>([
    ['empty', ''],
    ['plain text', 'secret'],
    ['bcrypt', '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW'],
    ['cut', good.slice(0, -3)],
    ['without a hash', good.slice(0, good.lastIndexOf('$'))],
    ['longer by a line', `${good}\n`],
    ['padded', `${good}=`],
    ['of unused bits', good.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1))],
    ['of other parameters', good.replace('ln=', 'N=')],
    ['of a negative', good.replace('r=8', 'r=-8')],
    ['of a fraction', good.replace('r=8', 'r=8.0')],
    ['of a zero', good.replace('p=1', 'p=0')],
    ['of a leading zero', good.replace('ln=4', 'ln=04')],
    ['of three digits', good.replace('ln=4', 'ln=100')],
    ['of a short salt', good.replace(/\$[^$]+(\$[^$]+)$/, '$c2Fs$1')],
    ['a number', 5],
    ['an object', {}],
  ])('a stored text that is %s is an error at once', async (_name, encoded) => {
    const error: unknown = await verifyPassword('secret', encoded as string).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TypeError)
    expect(inspect(error)).not.toContain(String(encoded).slice(20) || 'nothing')
  })

  test.each(['ln=40,r=8,p=1', 'ln=19,r=8,p=1', 'ln=18,r=9,p=1', 'ln=15,r=99,p=99', 'ln=17,r=8,p=5', 'ln=99,r=99,p=99'])(
    'a stored text of %s is refused, not computed',
    async (cost) => {
      await expect(verifyPassword('secret', good.replace('ln=4,r=8,p=1', cost))).rejects.toThrow(RangeError)
    },
  )

  test.each([
    { ln: 12, r: 8, p: 20 },
    { ln: 14, r: 8, p: 4 },
    { ln: 40, r: 8, p: 1 },
    { ln: 15.5, r: 8, p: 3 },
    { ln: 15, r: 0, p: 3 },
    { ln: Number.NaN, r: 8, p: 3 },
  ])('a cost of %o is refused', async (cost) => {
    await expect(hashPassword('x', { cost })).rejects.toThrow(RangeError)
    await expect(verifyPassword('x', good, { cost })).rejects.toThrow(RangeError)
  })
})
