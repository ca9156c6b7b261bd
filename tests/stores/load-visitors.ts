/**
 * Whoever visits the application under load, and what they ask of it.
 * @module
 */

import { readCookieLine } from '../wire/cookie-line.ts'
import { unknownSession } from '../wire/outward-answers.ts'
import { type Answer, keptConnections, type Outcome, type Question } from './steady-load.ts'

export interface Visitor {
  readonly name: string
  /** What they hold: the secret of the session. */
  readonly secret: string
}

const cookieName = '__Host-handstamp'
const holding = (secret: string) => ({ cookie: `${cookieName}=${secret}` })
const isSessionOf = ({ name }: Visitor, { status, json, setCookies }: Answer): boolean =>
  status === 200 && (json as { readonly session: unknown }).session === name && setCookies.length === 0

export const whoAmI = (visitor: Visitor): Question => ({
  kind: 'who am I',
  ...{ method: 'GET', path: '/me', headers: holding(visitor.secret), needs: 'reading' },
  isRight: (answer) => isSessionOf(visitor, answer),
})

const everybody = (visitor: Visitor): Question => ({
  ...whoAmI(visitor),
  kind: 'a page for everybody',
  path: '/everybody',
})

/** Presents nothing, so that nobody needs to be asked. */
const nobody = (path: '/me' | '/everybody'): Question => ({
  kind: `nobody at ${path}`,
  ...{ method: 'GET', path, needs: 'nothing' },
  isRight: ({ status, setCookies }) => status === (path === '/me' ? 401 : 200) && setCookies.length === 0,
})

const stranger = (): Question => ({
  kind: 'a session that never was',
  ...{ method: 'GET', path: '/me', headers: holding(unknownSession), needs: 'reading' },
  isRight: ({ status }) => status === 401,
})

const refresh = ({ secret }: Visitor): Question => ({
  kind: 'a refresh',
  ...{ method: 'POST', path: '/auth/refresh', headers: holding(secret), needs: 'writing' },
  isRight: ({ status }) => status === 200,
})

export const signOut = ({ secret }: Visitor): Question => ({
  kind: 'a sign-out',
  ...{ method: 'POST', path: '/auth/sign-out', headers: holding(secret), needs: 'writing' },
  isRight: ({ status }) => status === 204,
})

export const signIn = (name: string, at: '/auth' | '/tokens' = '/auth'): Question => ({
  kind: 'a sign-in',
  ...{ method: 'POST', path: `${at}/sign-in`, json: { id: name }, needs: 'writing' },
  isRight: ({ status, setCookies }) => status === 200 && setCookies.length === (at === '/auth' ? 1 : 0),
})

/** A refresh of a token that is due: it is answered with another. */
export const rotation = ({ secret }: Visitor): Question => ({
  kind: 'a rotation',
  ...{ method: 'POST', path: '/tokens/refresh', json: { refresh_token: secret }, needs: 'writing' },
  isRight: ({ status, json }) => status === 200 && tokenIn(json) !== undefined && tokenIn(json) !== secret,
})

const tokenIn = (json: unknown): string | undefined => (json as { readonly refresh_token?: string }).refresh_token

/** The refresh token that an answer gives. */
export function tokenOf({ question, answer }: Outcome): string {
  const token = typeof answer === 'object' ? tokenIn(answer.json) : undefined
  if (token === undefined) throw new Error(`${question.kind}: ${JSON.stringify(answer)}`)
  return token
}

/** Whoever an acknowledged sign-in has let in. */
export function letIn(outcome: Outcome): Visitor {
  const { question, answer, verdict } = outcome
  if (verdict !== 'right' || typeof answer !== 'object') throw new Error(`a sign-in: ${JSON.stringify(answer)}`)
  const { id } = question.json as { readonly id: string }
  const [line] = answer.setCookies
  return { name: id, secret: line === undefined ? tokenOf(outcome) : readCookieLine(line).value }
}

/** So many, signed in. */
export async function signInMany(
  port: number,
  names: string,
  count: number,
  at?: '/tokens',
): Promise<readonly Visitor[]> {
  const connections = keptConnections(port)
  const all: Visitor[] = []
  while (all.length < count) {
    const batch = Array.from({ length: Math.min(16, count - all.length) }, (_, at) => `${names} ${all.length + at}`)
    all.push(...(await Promise.all(batch.map(async (name) => letIn(await connections.insist(signIn(name, at)))))))
  }
  connections.close()
  return all
}

/** Everything that a day brings, over and over, in so many requests a second. */
export async function everyday(port: number, perSecond: number): Promise<() => Question> {
  const readers = await signInMany(port, 'reader', 40)
  // Each refreshes once in eight seconds: whoever does so several times at once may lose every race with themselves.
  const refreshers = await signInMany(port, 'refresher', Math.ceil(perSecond * 0.8))
  const leavers = await signInMany(port, 'leaver', 20)
  const pick = (visitors: readonly Visitor[], at: number): Visitor => visitors[at % visitors.length] as Visitor
  const round: readonly ((at: number) => Question)[] = [
    ...Array.from({ length: 9 }, () => (at: number) => whoAmI(pick(readers, at))),
    ...Array.from({ length: 3 }, () => (at: number) => everybody(pick(readers, at))),
    ...Array.from({ length: 2 }, () => (at: number) => refresh(pick(refreshers, at))),
    ...Array.from({ length: 2 }, () => (at: number) => signIn(`newcomer ${at}`)),
    (at) => signOut(pick(leavers, Math.floor(at / 20))),
    () => nobody('/me'),
    () => nobody('/everybody'),
    stranger,
  ]
  let at = 0
  return () => {
    const question = round[(at * 7) % round.length] as (at: number) => Question
    at += 1
    return question(at)
  }
}

/** What was acknowledged holds: who was let in is in, who left is out, and who did neither still is who they were. */
export async function whatWasLost(port: number, outcomes: readonly Outcome[]): Promise<readonly string[]> {
  const acknowledged = (kind: string) =>
    outcomes.filter(({ question, verdict }) => question.kind === kind && verdict === 'right')
  const left = new Set(acknowledged('a sign-out').map(({ question }) => question.headers?.cookie))
  const known = new Map(outcomes.filter(({ question }) => lasting.has(question.kind)).map(byCookie))
  const questions = [
    ...acknowledged('a sign-in').map((outcome) => whoAmI(letIn(outcome))),
    ...known.values(),
    ...[...left].map((cookie) => ({ ...stranger(), kind: 'who has left', headers: { cookie: cookie ?? '' } })),
  ]
  const connections = keptConnections(port)
  const lost: string[] = []
  while (questions.length > 0) {
    const answers = await Promise.all(questions.splice(0, 64).map(connections.insist))
    for (const { question, verdict, answer } of answers)
      if (verdict !== 'right') lost.push(`${question.kind} ${JSON.stringify(answer)}`)
  }
  connections.close()
  return lost
}

const lasting: ReadonlySet<string> = new Set(['who am I', 'a refresh'])

function byCookie({ question }: Outcome): [string, Question] {
  return [question.headers?.cookie ?? '', question]
}
