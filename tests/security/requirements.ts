/**
 * Requirements of the standards that concern who a request comes from, in our words, and how they are met. Their source is
 * the place to quote from: OWASP ASVS 5.0 (V3, V7, V9), RFC 8725, RFC 9700, RFC 6265bis, NIST SP 800-63B-4.
 * @module
 */

/** Where something is shown that no attack here shows: a file from the root, and the words of a test in it. */
export type Shown = readonly [file: string, test: string]

interface Wanted {
  readonly text: string
  readonly met: string
  readonly elsewhere?: readonly Shown[]
  /** Why nothing shows it: it is not offered. */
  readonly absent?: string
}

const table = {
  'ASVS 3.3.1': { text: 'Cookies are Secure, with a prefix', met: '`__Host-` and Secure unless the origin is a loopback over http' },
  'ASVS 3.3.2': { text: 'SameSite fits the purpose', met: 'Strict; Lax by option; None only with Secure' },
  'ASVS 3.3.3': { text: '`__Host-` unless hosts share the cookie', met: 'a `domain` takes the prefix `__Secure-`, and no other combination is accepted' },
  'ASVS 3.3.4': { text: 'A session cookie is HttpOnly and in Set-Cookie alone', met: 'every answer over every wire is searched for credentials' },
  'ASVS 3.3.5': { text: 'A cookie has at most 4,096 bytes', met: 'judged before anything is stored; nothing is cut or dropped' },
  'ASVS 3.4.2': { text: 'CORS names an origin, fixed or listed', met: 'exact comparison; never `*` with credentials', elsewhere: [['tests/wire/cors.test.ts', 'is answered with an exact echo']] },
  'ASVS 3.5.1': { text: 'Requests without preflight are checked for their origin', met: 'Fetch Metadata, Origin, Referer, then a header that needs a preflight' },
  'ASVS 3.5.2': { text: 'A preflight that is relied on cannot be gone around', met: 'a JSON route takes `application/json` and nothing else' },
  'ASVS 3.5.3': { text: 'Nothing sensitive by GET, HEAD or OPTIONS', met: '405 with Allow' },
  'ASVS 3.7.2': { text: 'Redirects go to listed places only', met: 'a path of our own origin, or `/`' },
  'ASVS 7.2.1': { text: 'Tokens are verified by a trusted backend', met: 'the client has nothing that verifies', elsewhere: [['packages/client/test/index.test.ts', 'has nothing that verifies a token']] },
  'ASVS 7.2.3': { text: 'Reference tokens have 128 random bits or more', met: '256, of the platform\'s CSPRNG' },
  'ASVS 7.2.4': { text: 'A new token at every proof, the old one ended', met: 'sign-in and renew change the secret in one commit' },
  'ASVS 7.3.1': { text: 'A session ends when idle', met: '`idleTimeout`, by the record\'s own time' },
  'ASVS 7.3.2': { text: 'A session has an absolute end', met: '`lifetime`, which nothing moves' },
  'ASVS 7.4.1': { text: 'Signing out ends the session for good', met: 'what was captured before is refused after; a stateless token says until when it lives' },
  'ASVS 7.4.2': { text: 'All sessions of a user end when the account does', met: '`auth.sessions.revokeAll`, by epoch' },
  'ASVS 7.4.3': { text: 'The others can be ended after a change of factor', met: '`revokeOthers` keeps the present one alone' },
  'ASVS 7.4.5': { text: 'Everybody can be signed out', met: '`notBefore`' },
  'ASVS 7.5.1': { text: 'A new proof before something sensitive', met: '`fresh`, by the time of the proof and not of the last use' },
  'ASVS 7.5.2': { text: 'A user sees and ends their own sessions', met: 'by an id that is no credential; another user\'s is 404' },
  'ASVS 7.6.2': { text: 'A session begins by an explicit action', met: 'nothing but a sign-in makes one' },
  'ASVS 9.1.1': { text: 'The signature is checked before the contents are used', met: 'no hook runs on claims that are not verified' },
  'ASVS 9.1.2': { text: 'Algorithms from a list, never none', met: 'pinned by the key' },
  'ASVS 9.1.3': { text: 'Keys from configured sources', met: '`jku`, `x5u`, `x5c` and `jwk` are read by nobody' },
  'ASVS 9.2.1': { text: '`nbf` and `exp` are checked', met: '`exp` is required and at most `maxLifetime` away' },
  'ASVS 9.2.2': { text: 'The type of a token fits its use', met: '`typ: at+jwt`; other kinds have other forms' },
  'ASVS 9.2.3': { text: 'The audience is checked', met: 'exactly, and required' },
  'RFC 8725 §3.1': { text: 'Verify the algorithm', met: 'each key has one' },
  'RFC 8725 §3.2': { text: 'Appropriate algorithms', met: 'signatures of a list; no `none`, no RSA below 2,048 bits' },
  'RFC 8725 §3.3': { text: 'Validate all cryptographic operations', met: 'nothing nested is taken' },
  'RFC 8725 §3.4': { text: 'Validate cryptographic inputs', met: 'points off the curve are refused at import' },
  'RFC 8725 §3.5': { text: 'Keys with enough entropy', met: 'HMAC secrets of the hash\'s length, and none that is a PEM or a password' },
  'RFC 8725 §3.6': { text: 'No compression before encryption', met: 'nothing is encrypted or unpacked' },
  'RFC 8725 §3.8': { text: 'Validate issuer and subject', met: 'exactly, and the keys belong to the issuer' },
  'RFC 8725 §3.9': { text: 'Use and validate the audience', met: 'exactly' },
  'RFC 8725 §3.10': { text: 'Do not trust received claims', met: '`kid` finds a key of ours or nothing' },
  'RFC 8725 §3.11': { text: 'Explicit typing', met: '`at+jwt` is required' },
  'RFC 8725 §3.12': { text: 'Kinds of tokens exclude each other', met: 'session, refresh and access credentials differ in form and prefix' },
  'RFC 9700 §2.2.2': { text: 'Refresh tokens of public clients rotate', met: 'always; a reuse ends the family' },
  'RFC 9700 §4.14.2': { text: 'Refresh tokens die by sign-out, by a new password and when idle', met: 'one record, one epoch, one idle time' },
  'RFC 9700 §4.11': { text: 'No open redirectors', met: 'a path of our own origin, or `/`' },
  'RFC 6265bis §4.1.1': { text: 'The grammar of cookies', met: 'what we write is within it; what we read need not be' },
  'RFC 6265bis §5': { text: 'Prefixes in any case; no nameless cookie with one', met: 'exact names; a nameless pair is nobody\'s' },
  'RFC 6265bis §5.5': { text: 'Max-Age of at most 400 days', met: 'a longer lifetime is cut to it' },
  'SP 800-63B-4 §5.1': { text: 'Session secrets are random and in no URL', met: '256 bits; a credential in the query is refused' },
  'RFC 9449 §4.3': { text: 'The twelve checks of a DPoP proof', met: '', absent: 'DPoP is not offered; a token bound to a key (`cnf`) is refused' },
  'ASVS 3.5.5': { text: 'Messages between windows are checked', met: '', absent: 'tabs do not speak with each other yet' },
} as const satisfies Record<string, Wanted> // biome-ignore format: a table

export type Requirement = keyof typeof table

export const requirements: Readonly<Record<Requirement, Wanted>> = table
