import { readFileSync } from 'node:fs'
import { createKeyRing } from '@handstamp/server'
import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { compact, macBy, newHandKey } from '../stages/token-keys.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const longest = newHandKey('ES256', 'k'.repeat(256))
const withPath = newHandKey('ES256', '../keys/2027?a=b#c')
const self = import.meta.filename

export const keyIds: Attack = attack({
  ids: ['A7', 'A9', 'A10'],
  title: 'a key id that is a path, a query, a pollution, or no text',
  cost: 'The attacker would choose the key, such as an empty file or one whose contents are known.',
  shows: ['ASVS 9.1.3', 'RFC 8725 §3.10'],
  stage: () => verifierStage([newHandKey('ES256', 'signs'), longest, withPath]),
  legal: {
    'the id of the key that signs': (stage) => expectTaken(stage, stage.sign()),
    'an id of 256 characters that is published': (stage) => expectTaken(stage, stage.sign({}, longest)),
    'an id that looks like a path and is published': (stage) => expectTaken(stage, stage.sign({}, withPath)),
    'an unknown id has the keys fetched anew, once for all such ids': async (stage) => {
      stage.served.clock.advance('31s')
      const before = stage.fetched.length
      for (const kid of ['one', 'u'.repeat(256)]) await expectRefused(stage, stage.sign({ header: { kid } }))
      expect(stage.fetched.length).toBe(before + 1)
    },
  },
  hostile: {
    ...each(
      {
        'a path to nothing, under an empty secret': ['../../../../dev/null', ''],
        'a path to a file, under its contents': [self, readFileSync(self)],
        'a URL of a file, under its contents': [`file://${self}`, readFileSync(self)],
        'a query, under what it answers': ["x' UNION SELECT 'secret';--", 'secret'],
        'a command, under what it prints': ['|echo secret', 'secret'],
        'the name of a prototype': ['__proto__', ''],
        'the name of a constructor': ['constructor', 'function Object() { [native code] }'],
        'the name of a method': ['toString', ''],
      },
      async (stage: VerifierStage, [kid, secret]) => {
        const header = { ...stage.header, alg: 'HS256', kid }
        await expectRefused(stage, compact(header, stage.claims, macBy(secret as string)))
        await expectRefused(stage, stage.sign({ header: { kid } }))
      },
    ),
    ...each(
      {
        none: undefined,
        null: null,
        'the empty text': '',
        'a number': 1,
        'a list with the right one': (kid: unknown) => [kid],
        'an object': {},
        'the right one and NUL': (kid: unknown) => `${kid}\0`,
        'the right one and a newline': (kid: unknown) => `${kid}\n`,
        'the right one in capitals': (kid: unknown) => String(kid).toUpperCase(),
        'the right one and a space': (kid: unknown) => `${kid} `,
        'half of a character': '\ud800',
        '257 characters': 'k'.repeat(257),
        'a megabyte': 'k'.repeat(1_048_576),
      },
      async (stage: VerifierStage, kid) => {
        const id = typeof kid === 'function' ? kid(stage.header.kid) : kid
        await expectRefused(stage, stage.sign({ header: { kid: id } }))
      },
    ),
    'an id that cannot be one has nothing fetched': async (stage) => {
      stage.served.clock.advance('31s')
      const before = stage.fetched.length
      for (const kid of [undefined, null, '', 1, ['a'], {}, 'a\0', '\ud800', 'k'.repeat(257)])
        expect((await stage.verify(stage.sign({ header: { kid } }))).ok).toBe(false)
      expect(stage.fetched.length).toBe(before)
    },
    'two keys of one id, in a ring': () => {
      const [one, two] = [newHandKey('ES256', 'same').jwk, newHandKey('EdDSA', 'same').jwk]
      expect(() => createKeyRing([one, { ...two, activeFrom: 1 }])).toThrow(TypeError)
    },
  },
})
