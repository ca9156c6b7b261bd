import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { forged } from '../../wire/key-pair.ts'
import { expected } from '../../wire/outward-answers.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { ownPage, signedIn } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import type { Fields } from '../stages/token-keys.ts'
import { type VerifierStage, verifierStage } from '../stages/verifier.ts'

interface Stage extends VerifierStage {
  readonly sessions: Served
  readonly hybrid: Served
  readonly credentials: Readonly<Record<'session' | 'access of the hybrid' | 'refresh', string>>
}

async function stage(): Promise<Stage> {
  const [verifier, sessions, hybrid] = await Promise.all([
    verifierStage(),
    serveAuth({ strategy: 'session', transport: 'bearer' }),
    serveAuth({ strategy: 'hybrid', transport: 'bearer' }),
  ])
  const [session, both] = await Promise.all([signedIn(sessions.wire, 'bearer'), signedIn(hybrid.wire, 'bearer')])
  return {
    ...verifier,
    sessions,
    hybrid,
    credentials: {
      session: session.tokens.access ?? '',
      'access of the hybrid': both.tokens.access ?? '',
      refresh: both.tokens.refresh ?? '',
    },
    close: () => Promise.all([verifier.close(), sessions.stop(), hybrid.stop()]),
  }
}

/** Tokens that an issuer may sign for other purposes, by the key of its access tokens: the access token under another type. */
const typed: Readonly<Record<string, { readonly typ: string | undefined; readonly claims?: Fields }>> = {
  'an id token': { typ: 'JWT', claims: { nonce: 'n', at_hash: 'h' } },
  'an id token by its type': { typ: 'id_token+jwt' },
  'an id token without a type': { typ: undefined },
  'the state of a sign-in that was broken off': { typ: 'state+jwt', claims: { state: 's', code_verifier: 'v' } },
  'a logout token': { typ: 'logout+jwt', claims: { events: {} } },
  'a security event': { typ: 'secevent+jwt' },
  'a proof of possession': { typ: 'dpop+jwt', claims: { htm: 'GET', htu: 'https://app.example/api/me' } },
  'a type in capitals': { typ: 'AT+JWT' },
  'a type with a parameter': { typ: 'at+jwt; v=1' },
  'a type with a suffix': { typ: 'at+jwt+x' },
  'a type with another tree': { typ: 'text/at+jwt' },
}

interface Place {
  /** The kinds that it may take. */
  readonly takes: readonly string[]
  at(stage: Stage, text: string): Promise<Answer | boolean>
  /** The access token that is good here, under another type. */
  sign(stage: Stage, change: { readonly header: Fields; readonly claims: Fields }): string
}

const access = ['access', 'access of the hybrid']
const ours = ({ sign }: Stage, change: object): string => sign(change)
const hybrids = ({ hybrid, credentials }: Stage, change: object): string =>
  forged(credentials['access of the hybrid'], hybrid.keys, change)

const places: Readonly<Record<string, Place>> = {
  'to the sessions': { takes: ['session'], at: ({ sessions }, text) => askMe(sessions, text), sign: ours },
  'to the tokens': { takes: access, at: ({ served }, text) => askMe(served, text), sign: ours },
  'to the hybrid': { takes: access.toReversed(), at: ({ hybrid }, text) => askMe(hybrid, text), sign: hybrids },
  'to the service': { takes: access, at: async ({ verify }, text) => (await verify(text)).ok, sign: ours },
  'for a refresh': { takes: ['refresh'], at: ({ hybrid }, text) => askRefresh(hybrid, text), sign: hybrids },
}

function askMe({ wire }: Served, text: string): Promise<Answer> {
  return wire.ask({ method: 'GET', target: '/api/me', headers: [['Authorization', `Bearer ${text}`], ...ownPage] })
}

function askRefresh({ wire }: Served, text: string): Promise<Answer> {
  const body = JSON.stringify({ refresh_token: text })
  const headers = [['Content-Type', 'application/json'], ...ownPage] as const
  return wire.ask({ method: 'POST', target: '/auth/refresh', headers, body })
}

const credentialOf = (stage: Stage, kind: string): string =>
  kind === 'access' ? stage.token : stage.credentials[kind as keyof Stage['credentials']]

const passed = (answer: Answer | boolean): boolean => (typeof answer === 'boolean' ? answer : answer.status === 200)

async function expectRefusedAt(stage: Stage, { at }: Place, text: string): Promise<void> {
  expect(text.length).toBeGreaterThan(40)
  const answer = await at(stage, text)
  if (typeof answer === 'boolean') return expect(answer).toBe(false)
  expectRefusal(answer, expected(answer.status === 400 ? 'invalid grant' : 'invalid token', stage.hybrid.wire))
}

const everywhere = Object.entries(places)

export const kinds: Attack = attack({
  ids: ['A36', 'CVE-2023-48309'],
  title: 'a genuine credential of one kind in the place of another',
  cost: 'What was handed out for one purpose, such as the state of a sign-in that nobody finished, would be somebody signed in.',
  shows: ['ASVS 9.2.2', 'RFC 8725 §3.11', 'RFC 8725 §3.12'],
  stage,
  legal: Object.fromEntries(
    everywhere.flatMap(
      ([
        name,
        {
          takes: [kind = ''],
          at,
          sign,
        },
      ]) => [
        [
          `${kind} ${name}`,
          async (stage: Stage) => expect(passed(await at(stage, credentialOf(stage, kind)))).toBe(true),
        ],
        ...(access.includes(kind)
          ? [[`${kind} with its type in full ${name}`, async (stage: Stage) => expect(passed(await at(stage, sign(stage, { header: { typ: 'application/at+jwt' }, claims: {} })))).toBe(true)] as const] // biome-ignore format: one row
          : []),
      ],
    ),
  ),
  hostile: Object.fromEntries(
    everywhere.flatMap(([name, place]) => [
      ...['session', 'refresh', ...access]
        .filter((kind) => !place.takes.includes(kind))
        .map((kind) => [`${kind} ${name}`, (stage: Stage) => expectRefusedAt(stage, place, credentialOf(stage, kind))] as const), // biome-ignore format: one row
      ...Object.entries(typed).map(
        ([kind, { typ, claims = {} }]) =>
          [
            `${kind} ${name}`,
            (stage: Stage) => expectRefusedAt(stage, place, place.sign(stage, { header: { typ }, claims })),
          ] as const,
      ),
    ]),
  ),
})
