import { type Attack, attack, each } from '../attack.ts'
import { segment, signerOf } from '../stages/token-keys.ts'
import { expectHeaderRefused, expectRefused, expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts' // biome-ignore format: one row

/** The attacker's token with its segments written in another way, and what was written signed: only the writing is wrong. */
function rewritten(stage: VerifierStage, write: (segment: string, at: number) => string): string {
  const [key] = stage.keys
  if (key === undefined) throw new Error('no key')
  // What it says has both letters that differ, and each segment bits to spare.
  const header = padTo(JSON.stringify({ ...stage.header, note: '???>>>' }), 1)
  const claims = padTo(JSON.stringify({ ...stage.claims, note: '???>>>' }), 1)
  const input = `${write(segment(header), 0)}.${write(segment(claims), 1)}`
  return `${input}.${write(segment(signerOf('ES256', key.key)(input)), 2)}`
}

/** JSON that ends in as much white space as leaves a rest when its bytes are taken by threes. */
function padTo(json: string, rest: number): string {
  return json.length % 3 === rest ? json : padTo(`${json} `, rest)
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const nextLetter = (text: string): string =>
  text.slice(0, -1) + (alphabet[alphabet.indexOf(text.at(-1) ?? 'A') + 1] ?? 'A')
const middle = (text: string, inserted: string): string => text.slice(0, 8) + inserted + text.slice(8)

/** Ways of writing that some decoder takes for the same bytes. */
const writings: Readonly<Record<string, (text: string) => string>> = {
  'the other alphabet of base64': (text) => text.replaceAll('-', '+').replaceAll('_', '/'),
  padding: (text) => text + '='.repeat((4 - (text.length % 4)) % 4),
  'padding of one too many': (text) => `${text}===`,
  'padding in the middle': (text) => middle(text, '='),
  'bits to spare that are not zero': nextLetter,
  'a space within': (text) => middle(text, ' '),
  'a tab within': (text) => middle(text, '\t'),
  'a newline within': (text) => middle(text, '\n'),
  'a line of MIME': (text) => middle(text, '\r\n'),
  'NUL within': (text) => middle(text, '\0'),
  'a letter that looks the same': (text) => text.replace('e', 'е').replace('A', 'А'),
  'a letter that is wider': (text) => text.replace('J', 'Ｊ'),
  'a hyphen that is another': (text) => middle(text, '‐'),
  'a mark of no width': (text) => middle(text, '\u200b'),
  'a comma, as in a list': (text) => middle(text, ','),
  'a letter of Latin-1': (text) => middle(text, '\u00e9'),
  'a percent escape': (text) => text.replace('J', '%4A'),
  'one letter too few': (text) => text.slice(0, -1),
  'one letter too many': (text) => `${text}A`,
}

/** A signature may lack what a way of writing changes; then its first letter is changed, which is no better. */
function changedBy(write: (text: string) => string, segment: string): string {
  const written = write(segment)
  return written === segment ? nextLetter(segment) : written
}

/** As a text all are refused; on the wire the space around a credential is not part of it (RFC 9110 §5.6.3). */
const around = { 'a space before': [' ', ''], 'a space behind': ['', ' '], 'a tab behind': ['', '\t'], 'a newline behind': ['', '\n'], 'a byte order mark before': ['\ufeff', ''], quotes: ['"', '"'] } as const // biome-ignore format: one row

export const text: Attack = attack({
  ids: ['A19', 'A21'],
  title: 'a genuine token in another writing: other letters, padding, spaces, more or fewer segments',
  cost: 'One token would have many texts, and a list of what was revoked or seen would know only one of them.',
  shows: [],
  stage: verifierStage,
  legal: {
    'the same token written as it should be': (stage) =>
      expectTaken(
        stage,
        rewritten(stage, (segment) => segment),
      ),
  },
  hostile: {
    ...each(writings, async (stage: VerifierStage, write) => {
      for (const changed of [0, 1, 2])
        await expectRefused(
          stage,
          rewritten(stage, (segment, at) => (at === changed ? changedBy(write, segment) : segment)),
        )
    }),
    ...each(around, async ({ verify, token }: VerifierStage, [before, behind]) => {
      if ((await verify(`${before}${token}${behind}`)).ok) throw new Error('taken')
    }),
    ...each(
      {
        'one segment': ([header]: readonly string[]) => `${header}`,
        'two segments': ([header, payload]) => `${header}.${payload}`,
        'no signature': ([header, payload]) => `${header}.${payload}.`,
        'no header': ([, payload, signature]) => `.${payload}.${signature}`,
        'no payload': ([header, , signature]) => `${header}..${signature}`,
        'only dots': () => '..',
        'four dots': () => '....',
        'a dot before': (parts) => `.${parts.join('.')}`,
        'a dot behind': (parts) => `${parts.join('.')}.`,
        'a dot too many': (parts) => parts.join('..'),
        'four segments': (parts) => `${parts.join('.')}.AAAA`,
        'five segments': ([header, payload, signature]) => `${header}..${payload}.${signature}.${signature}`,
        'the token twice': (parts) => `${parts.join('.')}.${parts.join('.')}`,
        'the token twice with a comma': (parts) => `${parts.join('.')},${parts.join('.')}`,
        'the word Bearer once more': (parts) => `Bearer ${parts.join('.')}`,
      } as Readonly<Record<string, (parts: readonly string[]) => string>>,
      (stage: VerifierStage, join) => expectRefused(stage, join(stage.token.split('.'))),
    ),
    'nothing at all': (stage) => expectHeaderRefused(stage, 'Bearer ', 'invalid request'),
  },
})
