/**
 * A load that does not wait for answers: so many requests a second, however long each takes (an open loop). Only a machine
 * that cannot keep up is spared what would bury it. Every answer is held to what it may be: right, or that the store cannot
 * be reached.
 * @module
 */
import { Agent, request } from 'node:http'
import { origin } from './load-application.ts'

export type Needs = 'nothing' | 'reading' | 'writing'

export interface Question {
  readonly kind: string
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  /** What it asks of the store. */
  readonly needs: Needs
  /** Where the store answers. */
  isRight(answer: Answer): boolean
}

export interface Answer {
  readonly status: number
  readonly json: unknown
  readonly retryAfter: string | undefined
  readonly setCookies: readonly string[]
}

export type Verdict = 'right' | 'unavailable' | 'wrong'

export interface Outcome {
  readonly question: Question
  /** Of `performance`. */
  readonly sentAt: number
  readonly answeredAt: number
  /** Undefined where none came; `half` where it broke off. */
  readonly answer: Answer | 'half' | undefined
  readonly verdict: Verdict
}

export interface SteadyLoad {
  /** What was answered until now. */
  readonly outcomes: readonly Outcome[]
  /** Sends no more, and resolves when all is answered. */
  stop(): Promise<readonly Outcome[]>
}

/** How often it looks what is due, in milliseconds. */
const tick = 4

/** `mostAtOnce`: while so many are under way, what is due is left out. */
export function steadyLoad(port: number, perSecond: number, mostAtOnce: number, next: () => Question): SteadyLoad {
  const connections = keptConnections(port)
  const outcomes: Outcome[] = []
  const waiting = new Set<Promise<unknown>>()
  const begun = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - begun) / 1_000) * perSecond)
    for (; sent < due; sent += 1) {
      if (waiting.size >= mostAtOnce) continue
      const asking: Promise<unknown> = connections
        .ask(next())
        .then((outcome) => outcomes.push(outcome))
        .finally(() => waiting.delete(asking))
      waiting.add(asking)
    }
  }, tick)
  return {
    outcomes,
    async stop() {
      clearInterval(timer)
      while (waiting.size > 0) await Promise.all(waiting)
      connections.close()
      return outcomes
    },
  }
}

export interface KeptConnections {
  ask(question: Question): Promise<Outcome>
  /** Asks again while the store cannot be reached, for some time. */
  insist(question: Question): Promise<Outcome>
  close(): void
}

/** As many as there are questions under way. */
export function keptConnections(port: number): KeptConnections {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 2_000 })
  async function ask(question: Question): Promise<Outcome> {
    const sentAt = performance.now()
    const answer = await send(agent, port, question)
    return { question, sentAt, answeredAt: performance.now(), answer, verdict: judge(question, answer) }
  }
  return {
    ask,
    async insist(question) {
      for (let attempt = 1; ; attempt += 1) {
        const outcome = await ask(question)
        if (outcome.verdict !== 'unavailable' || attempt === 100) return outcome
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    close: () => agent.destroy(),
  }
}

function send(agent: Agent, port: number, question: Question): Promise<Answer | 'half' | undefined> {
  const { method, path, json } = question
  const body = json === undefined ? undefined : JSON.stringify(json)
  const headers = {
    origin,
    'sec-fetch-site': 'same-origin',
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...question.headers,
  }
  return new Promise((resolve) => {
    const sending = request({ agent, port, host: '127.0.0.1', method, path, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('error', () => resolve('half'))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          json: text === '' ? undefined : JSON.parse(text),
          retryAfter: response.headers['retry-after'],
          setCookies: response.headers['set-cookie'] ?? [],
        }),
      )
    })
    sending.on('error', () => resolve(undefined))
    sending.end(body)
  })
}

/** Whoever is told that the store cannot be reached is told when to ask again, and keeps every cookie. */
function judge(question: Question, answer: Answer | 'half' | undefined): Verdict {
  if (answer === undefined || answer === 'half') return 'wrong'
  const { status, json, retryAfter, setCookies } = answer
  const said = json as { readonly code?: string; readonly session?: unknown } | undefined
  if (status === 503) {
    const isSaid = said?.code === 'temporarily_unavailable' && retryAfter === '1' && setCookies.length === 0
    return isSaid ? 'unavailable' : 'wrong'
  }
  if (status === 200 && said?.session === 'unavailable') return setCookies.length === 0 ? 'unavailable' : 'wrong'
  return question.isRight(answer) ? 'right' : 'wrong'
}

/** The value below which so much of what took so long lies, in milliseconds. */
export function percentile(outcomes: readonly Outcome[], share: number): number {
  const times = outcomes.map(({ sentAt, answeredAt }) => answeredAt - sentAt).sort((one, other) => one - other)
  return rounded(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN)
}

export const rounded = (milliseconds: number): number => Math.round(milliseconds * 10) / 10

/** What is wrong, in words, a few of them. */
export function wrongs(outcomes: readonly Outcome[]): readonly string[] {
  const wrong = outcomes.filter(({ verdict }) => verdict === 'wrong')
  return wrong.slice(0, 5).map(({ question, answer }) => `${question.kind}: ${JSON.stringify(answer)}`)
}
