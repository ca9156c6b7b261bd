import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { expected } from '../../wire/outward-answers.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { ownPage, signedIn } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { type VerifierStage, verifierStage } from '../stages/verifier.ts'

interface Stage extends VerifierStage {
  readonly sessions: Served
  readonly hybrid: Served
  /** A genuine credential of each kind, by its name. */
  readonly held: Readonly<Record<string, string>>
}

async function stage(): Promise<Stage> {
  const [verifier, sessions, hybrid] = await Promise.all([
    verifierStage(),
    serveAuth({ strategy: 'session', transport: 'bearer' }),
    serveAuth({ strategy: 'hybrid', transport: 'bearer' }),
  ])
  const [session, both] = await Promise.all([signedIn(sessions.wire, 'bearer'), signedIn(hybrid.wire, 'bearer')])
  const typed = (typ: string | undefined, claims = {}): string => verifier.sign({ header: { typ }, claims })
  return {
    ...verifier,
    sessions,
    hybrid,
    held: {
      session: session.tokens.access ?? '',
      access: verifier.token,
      'access of the hybrid': both.tokens.access ?? '',
      refresh: both.tokens.refresh ?? '',
      'id token': typed('JWT', { nonce: 'n', at_hash: 'h' }),
      'id token by its type': typed('id_token+jwt'),
      'id token without a type': typed(undefined),
      'state of a sign-in that was broken off': typed('state+jwt', { state: 's', code_verifier: 'v' }),
      'logout token': typed('logout+jwt', { events: {} }),
      'security event': typed('secevent+jwt'),
      'proof of possession': typed('dpop+jwt', { htm: 'GET', htu: 'https://app.example/api/me' }),
      'type in capitals': typed('AT+JWT'),
      'type with a parameter': typed('at+jwt; v=1'),
      'type with a suffix': typed('at+jwt+x'),
    },
    close: () => Promise.all([verifier.close(), sessions.stop(), hybrid.stop()]),
  }
}

/** Where a credential can be presented; each takes one kind alone. */
const places: Readonly<Record<string, { readonly takes: string; readonly at: (stage: Stage, text: string) => unknown }>> = {
  'to the sessions': { takes: 'session', at: ({ sessions }, text) => askMe(sessions, text) },
  'to the tokens': { takes: 'access', at: ({ served }, text) => askMe(served, text) },
  'to the hybrid': { takes: 'access of the hybrid', at: ({ hybrid }, text) => askMe(hybrid, text) },
  'to the service': { takes: 'access', at: async ({ verify }, text) => (await verify(text)).ok },
  'for a refresh': { takes: 'refresh', at: ({ hybrid }, text) => askRefresh(hybrid, text) },
} // biome-ignore format: a table

function askMe({ wire }: Served, text: string): Promise<Answer> {
  return wire.ask({ method: 'GET', target: '/api/me', headers: [['Authorization', `Bearer ${text}`], ...ownPage] })
}

function askRefresh({ wire }: Served, text: string): Promise<Answer> {
  const body = JSON.stringify({ refresh_token: text })
  const headers = [['Content-Type', 'application/json'], ...ownPage] as const
  return wire.ask({ method: 'POST', target: '/auth/refresh', headers, body })
}

const kinds = [
  'session', 'access', 'access of the hybrid', 'refresh', 'id token', 'id token by its type', 'id token without a type',
  'state of a sign-in that was broken off', 'logout token', 'security event', 'proof of possession', 'type in capitals',
  'type with a parameter', 'type with a suffix',
] as const // biome-ignore format: a list

const crossed = kinds.flatMap((kind) =>
  Object.entries(places)
    .filter(([, { takes }]) => takes !== kind)
    .map(([name, { at }]) => ({ name: `${kind} ${name}`, kind, at })),
)

export const kindsExclude: Attack = attack({
  ids: ['A36', 'CVE-2023-48309', 'CVE-2023-27490'],
  title: 'a genuine credential of one kind in the place of another',
  cost: 'What was handed out for one purpose, such as the state of a sign-in that nobody finished, would be somebody signed in.',
  shows: ['ASVS 9.2.2', 'RFC 8725 §3.11', 'RFC 8725 §3.12'],
  stage,
  legal: Object.fromEntries(
    Object.entries(places).map(([name, { takes, at }]) => [
      `${takes} ${name}`,
      async (stage: Stage) => {
        const answer = await at(stage, stage.held[takes] ?? '')
        expect(typeof answer === 'boolean' ? answer : (answer as Answer).status === 200).toBe(true)
      },
    ]),
  ),
  hostile: Object.fromEntries(
    crossed.map(({ name, kind, at }) => [
      name,
      async (stage: Stage) => {
        const text = stage.held[kind] ?? ''
        expect(text).not.toBe('')
        const answer = await at(stage, text)
        if (typeof answer === 'boolean') return expect(answer).toBe(false)
        const { wire } = stage.hybrid
        const code = (answer as Answer).status === 400 ? 'invalid grant' : 'invalid token'
        expectRefusal(answer as Answer, expected(code, wire))
      },
    ]),
  ),
})
