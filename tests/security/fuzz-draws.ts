/**
 * Requests that nobody's client would send, as data: credentials that were changed in one place, where they stand, and
 * what stands around them.
 * @module
 */
import fc from 'fast-check'

const changes = [
  'nothing',
  'another character',
  'one character more',
  'one character less',
  'the other case',
  'the beginning',
  'the end',
  'twice',
  'another last character',
  'padding',
  'percent-encoded',
  'quoted',
  'the other alphabet',
  'another prefix',
  'a segment of another',
  'another header',
  'other claims',
  'no signature',
  'no last segment',
  'another segment',
  'the same in wide letters',
  'garbage',
] as const

export interface Change {
  readonly kind: (typeof changes)[number]
  readonly at: number
  readonly text: string
}

/** Which of the live credentials is taken: of ada or of grace, for access or for refresh. */
export interface Drawn {
  readonly from: 'ada access' | 'ada refresh' | 'grace access' | 'grace refresh'
  readonly change: Change
}

const ways = ['plain', 'spaced', 'doubled', 'beside another', 'before another', 'in another case', 'named otherwise', 'split', 'long', 'none'] as const // biome-ignore format: a list

/** How a credential stands in its header. */
export type Way = (typeof ways)[number]

/** What a request is made of. */
export interface Draw {
  readonly ask: 'authenticate' | 'refresh' | 'renew' | 'signOut' | 'route'
  readonly method: string
  readonly path: string
  readonly cookies: readonly { readonly drawn: Drawn; readonly name: 'access' | 'refresh'; readonly way: Way }[]
  readonly bearer: { readonly drawn: Drawn; readonly way: Way } | undefined
  readonly body: { readonly kind: string; readonly drawn: Drawn; readonly text: string } | undefined
  readonly headers: Readonly<Record<string, string>>
}

const methods = ['GET', 'GET', 'POST', 'POST', 'POST', 'DELETE', 'HEAD', 'OPTIONS', 'PUT', 'PATCH', 'post', 'PROPFIND', '__proto__', 'toString', ''] // biome-ignore format: a list
const paths = [
  '/auth/session', '/auth/session', '/auth/sessions', '/auth/refresh', '/auth/refresh', '/auth/sign-in', '/auth/sign-out', '/auth/jwks.json',
  '/.well-known/jwks.json', '/auth/sessions/', '/auth/sessions?others=true', '/auth/sessions/__proto__', '/auth/sessions/..%2f', '/auth', '/auth/',
  '/auth/session?access_token={}', '/auth/sessions/{}', '/auth/toString', '/auth/__proto__', '/auth//session', '/auth/session/', '/AUTH/session', '/auth/%73ession', '/', '//auth/session', '/auth/./refresh',
] as const // biome-ignore format: a list
const bodies = ['refresh', 'refresh twice', 'refresh in a list', 'refresh in an object', 'account', 'wrong account', 'account as a form', 'odd object', 'text', 'long', 'deep'] // biome-ignore format: a list
const sites = [
  'same-origin',
  'same-origin',
  'same-origin',
  'same-site',
  'cross-site',
  'none',
  'same-origin, cross-site',
  'SAME-ORIGIN',
  '',
]
const origins = ['https://app.example', 'https://app.example', 'https://app.example.evil', 'https://APP.example', 'http://app.example', 'https://app.example:443', 'null', 'https://evil.example', ''] // biome-ignore format: a list
const types = ['application/json', 'application/json', 'application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'APPLICATION/JSON', 'application/jsonx', ''] // biome-ignore format: a list

const garbage = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ABCabc019-_.=+/ \n\r\t\0"{}:;,%é\u0141\ud800'), maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', '.', '..', '...', 'hss1.', 'hsr1.', 'eyJ', 'null', 'undefined', '[object Object]', '__proto__', 'A'.repeat(8_193), 'hss1.'.repeat(2_000)),
) // biome-ignore format: a list

const change: fc.Arbitrary<Change> = fc.record({
  kind: fc.oneof({ weight: 1, arbitrary: fc.constant('nothing' as const) }, { weight: 2, arbitrary: fc.constantFrom(...changes) }),
  at: fc.nat({ max: 4_095 }),
  text: garbage,
}) // biome-ignore format: a record

const drawn: fc.Arbitrary<Drawn> = fc.record({
  from: fc.constantFrom('ada access', 'ada access', 'ada refresh', 'grace access', 'grace refresh'),
  change,
})

const way: fc.Arbitrary<Way> = fc.oneof({ weight: 2, arbitrary: fc.constant('plain' as const) }, { weight: 1, arbitrary: fc.constantFrom(...ways) }) // biome-ignore format: one row

const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined })

/** What a client of ours asks. */
const known = [
  ['GET', '/auth/session'], ['GET', '/auth/sessions'], ['POST', '/auth/refresh'], ['POST', '/auth/sign-in'], ['POST', '/auth/sign-out'],
  ['DELETE', '/auth/sessions'], ['DELETE', '/auth/sessions?others=true'], ['DELETE', '/auth/sessions/{}'],
] as const // biome-ignore format: a list

const targets: fc.Arbitrary<Pick<Draw, 'method' | 'path'>> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...known).map(([method, path]) => ({ method, path })) },
  {
    weight: 1,
    arbitrary: fc.record({
      method: fc.constantFrom(...methods),
      path: fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...paths) },
        { weight: 1, arbitrary: garbage.map((text) => `/auth/${encodeURI(text.toWellFormed())}`) },
      ),
    }),
  },
)

export const draws: fc.Arbitrary<Draw> = fc.record({
  target: targets,
  ask: fc.constantFrom('authenticate', 'authenticate', 'refresh', 'renew', 'signOut', 'route', 'route', 'route'),
  cookies: fc.array(fc.record({ drawn, name: fc.constantFrom('access', 'access', 'refresh'), way }), { maxLength: 3 }),
  bearer: maybe(fc.record({ drawn, way })),
  body: maybe(fc.record({ kind: fc.constantFrom(...bodies), drawn, text: garbage })),
  headers: fc
    .record(
      {
        'sec-fetch-site': fc.constantFrom(...sites),
        origin: fc.constantFrom(...origins),
        'content-type': fc.constantFrom(...types),
        referer: fc.oneof(fc.constantFrom('https://app.example/', 'https://evil.example/'), garbage),
        'handstamp-transport': fc.constantFrom('cookie', 'bearer', 'split', 'COOKIE', '__proto__', ''),
        'user-agent': garbage,
        upgrade: fc.constantFrom('websocket', ''),
        'x-http-method-override': fc.constantFrom('DELETE', 'POST'),
        'x-forwarded-host': garbage,
      },
      { requiredKeys: [] },
    )
    .map((headers) => headers as Readonly<Record<string, string>>),
}).map(({ target, ...rest }) => ({ ...target, ...rest })) // biome-ignore format: a record

const segment = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** The text after its change. `other` is another live credential. */
export function changed(original: string, other: string, { kind, at, text }: Change): string {
  const index = original.length === 0 ? 0 : at % original.length
  const parts = original.split('.')
  const last = parts.length - 1
  const withPart = (number: number, part: string): string => parts.with(number, part).join('.')
  switch (kind) {
    case 'nothing':
      return original
    case 'another character':
      return original.slice(0, index) + (text[0] ?? '~') + original.slice(index + 1)
    case 'one character more':
      return original.slice(0, index) + (text[0] ?? 'A') + original.slice(index)
    case 'one character less':
      return original.slice(0, index) + original.slice(index + 1)
    case 'the other case':
      return original.replace(/[a-z]/gi, (letter, place: number) => (place < index ? letter : otherCase(letter)))
    case 'the beginning':
      return original.slice(0, index)
    case 'the end':
      return original.slice(index + 1)
    case 'twice':
      return original + ['', '.', ' ', ', '][at % 4] + original
    case 'another last character':
      // The bits that the last character of base64 carries beyond the bytes.
      return original.slice(0, -1) + neighbour(original.at(-1) ?? 'A', 1 + (at % 63))
    case 'padding':
      return original + '='.repeat(1 + (at % 3))
    case 'percent-encoded':
      return `${original.slice(0, index)}%${original.charCodeAt(index).toString(16)}${original.slice(index + 1)}`
    case 'quoted':
      return `"${original}"`
    case 'the other alphabet':
      return original.replaceAll('-', '+').replaceAll('_', '/')
    case 'another prefix':
      return ['hss1.', 'hsr1.', 'hss2.', 'HSS1.', ''][at % 5] + original.slice(5)
    case 'a segment of another':
      return withPart(at % parts.length, other.split('.')[at % parts.length] ?? '')
    case 'another header':
      return withPart(0, segment({ alg: ['none', 'HS256', 'ES256', 'RS256'][at % 4], typ: 'at+jwt', kid: text.toWellFormed() })) // biome-ignore format: one row
    case 'other claims':
      return withPart(Math.min(1, last), segment({ sub: 'grace', exp: 99_999_999_999, user: { id: 'grace', role: text.toWellFormed() } })) // biome-ignore format: one row
    case 'no signature':
      return withPart(last, '')
    case 'no last segment':
      return parts.slice(0, last).join('.')
    case 'another segment':
      return `${original}.${text}`
    case 'the same in wide letters':
      return original.replace(/[A-Za-z0-9]/g, (letter, place: number) =>
        place === index ? String.fromCharCode(letter.charCodeAt(0) + 0xfee0) : letter,
      )
    case 'garbage':
      return text
  }
}

function otherCase(letter: string): string {
  return letter === letter.toLowerCase() ? letter.toUpperCase() : letter.toLowerCase()
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

function neighbour(character: string, distance: number): string {
  return alphabet[(alphabet.indexOf(character) + distance) % 64] ?? 'A'
}
