/**
 * The table "CSRF decision" as requests: each row with its neighbours. `{port}` stands for the port of the origin, which
 * is `http://localhost:{port}`.
 * @module
 */
import type { Header } from './exchange.ts'

export type Decision = 'allow' | 'refuse'

export interface OriginRow {
  /** The number in the table. */
  readonly row: number
  readonly name: string
  readonly headers: readonly Header[]
  /** In place of application/json. */
  readonly type?: string
  /** Where the credential would come from a cookie, or the answer would set or clear one. */
  readonly cookie: Decision
  /** Where cookies are not read. */
  readonly bearer: Decision
  /** A bearer sign-in whose Origin is not listed: `refuse`. As `bearer` unless set. */
  readonly bearerSignIn?: Decision
}

const own = ['Origin', 'http://localhost:{port}'] as const
const foreign = ['Origin', 'https://evil.example'] as const
const site = (value: string) => ['Sec-Fetch-Site', value] as const
const origin = (value: string) => ['Origin', value] as const
const referer = (value: string) => ['Referer', value] as const
const asCookie = ['Handstamp-Transport', 'cookie'] as const

const allow = { cookie: 'allow', bearer: 'allow' } as const
const refuse = { cookie: 'refuse', bearer: 'allow' } as const
/** Whoever says where a sign-in comes from must be listed, whatever else the browser says. */
const unlisted = { cookie: 'refuse', bearer: 'allow', bearerSignIn: 'refuse' } as const

export const crossSiteRows: readonly OriginRow[] = [
  { row: 1, name: 'Sec-Fetch-Site in two lines', headers: [site('same-origin'), site('same-origin')], ...refuse },
  { row: 1, name: 'Sec-Fetch-Site with two values', headers: [site('same-origin, cross-site'), own], ...refuse },
  { row: 1, name: 'Sec-Fetch-Site unknown', headers: [site('same-planet'), own], ...refuse },
  { row: 1, name: 'Sec-Fetch-Site in upper case', headers: [site('Same-Origin'), own], ...refuse },
  { row: 1, name: 'Sec-Fetch-Site empty', headers: [site(''), own], ...refuse },
  { row: 1, name: 'Sec-Fetch-Site as a structured string', headers: [site('"same-origin"'), own], ...refuse },

  { row: 2, name: 'same-origin', headers: [site('same-origin')], ...allow },
  { row: 2, name: 'same-origin with its Origin', headers: [site('same-origin'), own], ...allow },
  { row: 2, name: 'same-origin with another Referer', headers: [site('same-origin'), referer('https://evil.example/')], ...allow },
  { row: 2, name: 'same-origin with another Origin', headers: [site('same-origin'), foreign], ...allow, bearerSignIn: 'refuse' },

  { row: 3, name: 'same-site, listed', headers: [site('same-site'), own], ...allow },
  { row: 3, name: 'cross-site, listed', headers: [site('cross-site'), own], ...allow },

  { row: 4, name: 'same-site, another port', headers: [site('same-site'), origin('http://localhost:1')], ...unlisted },
  { row: 4, name: 'same-site, a sibling', headers: [site('same-site'), origin('http://evil.localhost:{port}')], ...unlisted },
  { row: 4, name: 'cross-site, unlisted', headers: [site('cross-site'), foreign], ...unlisted },
  { row: 4, name: 'cross-site, Origin null', headers: [site('cross-site'), origin('null')], ...unlisted },
  { row: 4, name: 'cross-site, no Origin', headers: [site('cross-site')], ...refuse },
  { row: 4, name: 'same-site, no Origin', headers: [site('same-site')], ...refuse },
  { row: 4, name: 'cross-site, no Origin, own Referer', headers: [site('cross-site'), referer('http://localhost:{port}/')], ...refuse },
  { row: 4, name: 'cross-site, no Origin, JSON and the header', headers: [site('cross-site'), asCookie], ...refuse },

  { row: 5, name: 'none', headers: [site('none')], ...refuse },
  { row: 5, name: 'none, listed', headers: [site('none'), own], ...refuse },

  { row: 6, name: 'listed Origin alone', headers: [own], ...allow },
  { row: 6, name: 'listed Origin within white space', headers: [origin('\t http://localhost:{port} \t')], ...allow },
  { row: 6, name: 'listed Origin, another Referer', headers: [own, referer('https://evil.example/')], ...allow },

  { row: 7, name: 'Origin null', headers: [origin('null')], ...unlisted },
  { row: 7, name: 'Origin empty', headers: [origin('')], ...unlisted },
  { row: 7, name: 'Origin unlisted', headers: [foreign], ...unlisted },
  { row: 7, name: 'Origin unparsable', headers: [origin('http://')], ...unlisted },
  { row: 7, name: 'Origin in two lines, one listed', headers: [own, foreign], ...unlisted },
  { row: 7, name: 'Origin in two lines, both listed', headers: [own, own], ...unlisted },
  { row: 7, name: 'Origin as a list', headers: [origin('http://localhost:{port} https://evil.example')], ...unlisted },
  { row: 7, name: 'Origin with host in upper case', headers: [origin('http://LOCALHOST:{port}')], ...unlisted },
  { row: 7, name: 'Origin with scheme in upper case', headers: [origin('HTTP://localhost:{port}')], ...unlisted },
  { row: 7, name: 'Origin with a slash at its end', headers: [origin('http://localhost:{port}/')], ...unlisted },
  { row: 7, name: 'Origin with a path', headers: [origin('http://localhost:{port}/plain')], ...unlisted },
  { row: 7, name: 'Origin without its port', headers: [origin('http://localhost')], ...unlisted },
  { row: 7, name: 'Origin with another port', headers: [origin('http://localhost:80')], ...unlisted },
  { row: 7, name: 'Origin with a zero before its port', headers: [origin('http://localhost:0{port}')], ...unlisted },
  { row: 7, name: 'Origin with https', headers: [origin('https://localhost:{port}')], ...unlisted },
  { row: 7, name: 'Origin with more behind its port', headers: [origin('http://localhost:{port}.evil.example')], ...unlisted },
  { row: 7, name: 'Origin with more behind its host', headers: [origin('http://localhost.evil.example:{port}')], ...unlisted },
  { row: 7, name: 'Origin with more before its host', headers: [origin('http://evil.localhost:{port}')], ...unlisted },
  { row: 7, name: 'Origin with a dot at its end', headers: [origin('http://localhost.:{port}')], ...unlisted },
  { row: 7, name: 'Origin with a user', headers: [origin('http://localhost:{port}@evil.example')], ...unlisted },
  { row: 7, name: 'Origin as an address', headers: [origin('http://127.0.0.1:{port}')], ...unlisted },
  { row: 7, name: 'Origin unlisted, own Referer', headers: [foreign, referer('http://localhost:{port}/')], ...unlisted },
  { row: 7, name: 'Origin unlisted, JSON and the header', headers: [foreign, asCookie], ...unlisted },

  { row: 8, name: 'own Referer', headers: [referer('http://localhost:{port}/plain?a=b')], ...allow },
  { row: 8, name: 'own Referer, as an origin', headers: [referer('http://localhost:{port}')], ...allow },

  { row: 9, name: 'Referer elsewhere', headers: [referer('https://evil.example/')], ...refuse },
  { row: 9, name: 'Referer that holds the own origin', headers: [referer('https://evil.example/?http://localhost:{port}/')], ...refuse },
  { row: 9, name: 'Referer with more behind its host', headers: [referer('http://localhost.evil.example:{port}/')], ...refuse },
  { row: 9, name: 'Referer with a user', headers: [referer('http://localhost:{port}@evil.example/')], ...refuse },
  { row: 9, name: 'Referer with another port', headers: [referer('http://localhost:1/')], ...refuse },
  { row: 9, name: 'Referer with https', headers: [referer('https://localhost:{port}/')], ...refuse },
  { row: 9, name: 'Referer unparsable', headers: [referer('localhost')], ...refuse },
  { row: 9, name: 'Referer empty', headers: [referer('')], ...refuse },
  { row: 9, name: 'Referer elsewhere, JSON and the header', headers: [referer('https://evil.example/'), asCookie], ...refuse },

  { row: 10, name: 'JSON and the header', headers: [asCookie], ...allow },
  { row: 10, name: 'JSON with a parameter and the header', headers: [asCookie], type: 'Application/JSON; charset=utf-8', ...allow },

  { row: 11, name: 'nothing', headers: [], ...refuse },
  { row: 11, name: 'the header with another value', headers: [['Handstamp-Transport', 'Cookie']], ...refuse },
  { row: 11, name: 'the header in two lines', headers: [asCookie, asCookie], ...refuse },
  { row: 11, name: 'the header for another transport', headers: [['Handstamp-Transport', 'split']], ...refuse },
  { row: 11, name: 'the header and text', headers: [asCookie], type: 'text/plain', ...refuse },
  { row: 11, name: 'the header and a form', headers: [asCookie], type: 'application/x-www-form-urlencoded', ...refuse },
  { row: 11, name: 'the header and what only begins with JSON', headers: [asCookie], type: 'application/json-seq', ...refuse },
  { row: 11, name: 'the header and JSON as a parameter', headers: [asCookie], type: 'text/plain; application/json', ...refuse },
  { row: 11, name: 'the header and the type in two lines', headers: [asCookie, ['Content-Type', 'text/plain']], type: 'application/json', ...refuse },
] // biome-ignore format: a table
