import { type Attack, attack, each } from '../attack.ts'
import { expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

const join = (...parts: readonly (string | readonly number[])[]): Buffer =>
  Buffer.concat(parts.map((part) => Buffer.from(part as string)))

/** Ways to break the JSON of an object that is right otherwise. */
const broken: Readonly<Record<string, (json: string) => string | Uint8Array>> = {
  'an empty list': () => '[]',
  'a list with the object': (json) => `[${json}]`,
  'a text': () => '"str"',
  'the object as a text': (json) => JSON.stringify(json),
  null: () => 'null',
  'a number': () => '1',
  true: () => 'true',
  'an empty object': () => '{}',
  'a space': () => ' ',
  'a byte order mark before': (json) => join([0xef, 0xbb, 0xbf], json),
  'UTF-16': (json) => Buffer.from(json, 'utf16le'),
  'a byte that is no UTF-8': (json) => join(json.slice(0, -1), ',"a":"', [0xff], '"}'),
  'a character in more bytes than it needs': (json) => join(json.slice(0, -1), ',"a":"', [0xc0, 0xaf], '"}'),
  'half of a character in UTF-8': (json) => join(json.slice(0, -1), ',"a":"', [0xed, 0xa0, 0x80], '"}'),
  'half of a character by an escape': (json) => `${json.slice(0, -1)},"a":"\\ud800"}`,
  'half of a character in a name': (json) => `${json.slice(0, -1)},"\\udfff":1}`,
  'a control character in a text': (json) => `${json.slice(0, -1)},"a":"\t"}`,
  'NUL behind': (json) => `${json}\0`,
  'something behind': (json) => `${json}x`,
  'an object behind': (json) => `${json}${json}`,
  'a comma too many': (json) => `${json.slice(0, -1)},}`,
  'a comment': (json) => `/**/${json}`,
  'a line comment': (json) => `${json}//`,
  'names without quotes': (json) => `${json.slice(0, -1)},a:1}`,
  'a call, as JSONP has it': (json) => `callback(${json})`,
  'a guard against scripts before': (json) => `)]}'\n${json}`,
  'cut short': (json) => json.slice(0, -1),
  'a member twice, the same': (json) => `${json.slice(0, -1)},"a":1,"a":1}`,
  'a member twice, once by an escape': (json) => `${json.slice(0, -1)},"a":1,"\\u0061":1}`,
  'a member twice, further in': (json) => `${json.slice(0, -1)},"a":{"b":[{"c":1,"c":2}]}}`,
  'a member named __proto__': (json) => `${json.slice(0, -1)},"__proto__":{"admin":true}}`,
  'a member named __proto__, further in': (json) => `${json.slice(0, -1)},"a":{"__proto__":{"admin":true}}}`,
  'a member named __proto__ by an escape': (json) => `${json.slice(0, -1)},"\\u005f_proto__":{"admin":true}}`,
  'a number beyond all numbers': (json) => `${json.slice(0, -1)},"a":1e999}`,
}

const fine: typeof broken = {
  'white space': (json) => ` \n\t\r${json} `,
  'other letters': (json) => `${json.slice(0, -1)},"a":"Ada Lovelace, née Byron 🙂"}`,
  'an escape in a text': (json) => `${json.slice(0, -1)},"a":"\\ud83d\\ude42 \\u0000 \\""}`,
  'an escape in a name': (json) => `${json.slice(0, -1)},"\\u0061":1}`,
  'names that objects have': (json) => `${json.slice(0, -1)},"constructor":1,"toString":{"valueOf":[]}}`,
  'the same name on two levels': (json) => `${json.slice(0, -1)},"a":{"a":1},"b":{"a":1}}`,
}

/** Of a member that counts, the other value: two readers would each read one. */
const twice = {
  sub: '"grace"',
  exp: '9999999999',
  aud: '"https://evil.example"',
  iss: '"https://evil.example"',
  user: '{"id":"grace","role":"admin"}',
  hs: '{}',
} as const

export const payloads: Attack = attack({
  ids: ['A43'],
  title: 'a genuine token that holds no object, or one that two readers understand differently',
  cost: 'What one server checks would not be what the next one reads.',
  shows: [],
  stage: verifierStage,
  legal: each(fine, async (stage: VerifierStage, write) => {
    await expectTaken(stage, stage.signAs(stage.header, write(JSON.stringify(stage.claims))))
    await expectTaken(stage, stage.signAs(write(JSON.stringify(stage.header)), stage.claims))
  }),
  hostile: {
    ...each(broken, async (stage: VerifierStage, write) => {
      await expectRefused(stage, stage.signAs(stage.header, write(JSON.stringify(stage.claims))))
      await expectRefused(stage, stage.signAs(write(JSON.stringify(stage.header)), stage.claims))
    }),
    ...each(
      Object.fromEntries(Object.entries(twice).map((entry) => [`${entry[0]} twice`, entry])),
      async (stage: VerifierStage, [name, other]) => {
        const json = JSON.stringify(stage.claims)
        await expectRefused(stage, stage.signAs(stage.header, `${json.slice(0, -1)},"${name}":${other}}`))
        await expectRefused(stage, stage.signAs(stage.header, `{"${name}":${other},${json.slice(1)}`))
      },
    ),
    'alg twice': async (stage) => {
      const json = JSON.stringify(stage.header)
      await expectRefused(stage, stage.signAs(`${json.slice(0, -1)},"alg":"none"}`, stage.claims))
      await expectRefused(stage, stage.signAs(`{"alg":"none",${json.slice(1)}`, stage.claims))
    },
    nothing: (stage) => expectRefused(stage, stage.signAs(stage.header, '')),
  },
})
