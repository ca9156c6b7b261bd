/**
 * What a strategy case is, what it is given, and the application it plays in.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import type { StandardSchema } from '@handstamp/core/schema'
import type { Transport } from '@handstamp/core/session'
import type { SessionBody } from '@handstamp/core/wire'
import { type Auth, createAuth } from '../../auth.ts'
import type { AuthEvent } from '../../events.ts'
import type { Strategy } from '../../strategies/strategy.ts'
import { type Agent, createAgent } from '../agent.ts'
import { assert, assertEqual } from '../assert.ts'
import { type FakeClock, fakeClock } from '../fake-clock.ts'

/** A strategy to be judged, over one transport. */
export interface StrategySubject {
  readonly transport: Transport
  /** Answers the strategy with a store of its own, where it has one. Access tokens live 5 minutes, sessions 1 hour idle and 8 hours in all. */
  create(options: { readonly clock: Clock }): Promise<Strategy> | Strategy
}

/** One promise that every strategy keeps over every transport; a rejection says what does not hold. */
export interface StrategyCase {
  readonly name: string
  run(subject: StrategySubject): Promise<void>
}

export interface ContractUser {
  readonly id: string
  readonly role: string
}

/** What a case works with. */
export interface Stage {
  readonly auth: Auth<{ user: ContractUser; strategy: 'hybrid'; transport: Transport; credentials: unknown }>
  readonly strategy: Strategy
  readonly transport: Transport
  readonly clock: FakeClock
  readonly events: readonly AuthEvent[]
  readonly ada: ContractUser
  /** A client that holds nothing. */
  agent(): Agent
  /** A client that signed in through the route. */
  signedIn(id?: string): Promise<Agent>
  /** Who `GET /session` says the agent is, or null. */
  whoIs(agent: Agent): Promise<ContractUser | null>
  refresh(agent: Agent): Promise<Response>
}

const userSchema: StandardSchema<ContractUser> = objectSchema(['id', 'role'])
const credentialsSchema: StandardSchema<{ readonly name: string; readonly password: string }> = objectSchema([
  'name',
  'password',
])

/** A schema of an object with these fields of text, so that the contract needs no library. */
function objectSchema<T>(fields: readonly (keyof T & string)[]): StandardSchema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'handstamp',
      validate(value) {
        const wrong = fields.find((field) => typeof (value as Record<string, unknown> | null)?.[field] !== 'string')
        return wrong === undefined ? { value: value as T } : { issues: [{ message: 'must be text', path: [wrong] }] }
      },
    },
  }
}

/** A case that gets an application with two users, `ada` and `grace`, whose password is `right`. */
export function strategyCase(name: string, body: (stage: Stage) => Promise<void>): StrategyCase {
  return {
    name,
    async run({ transport, create }) {
      const clock = fakeClock()
      const events: AuthEvent[] = []
      const strategy = await create({ clock })
      const auth = createAuth({
        strategy: strategy as Strategy<'hybrid'>,
        transport,
        origin: 'https://app.example',
        user: userSchema,
        credentials: credentialsSchema,
        verifyCredentials: async ({ name: id, password }) => (password === 'right' ? { id, role: 'member' } : null),
        limits: { signIn: false },
        events: (event) => events.push(event),
        clock,
      }) as Stage['auth']
      const agent = (): Agent => createAgent(auth, transport)
      await body({
        auth,
        strategy,
        transport,
        clock,
        events,
        ada: { id: 'ada', role: 'member' },
        agent,
        async signedIn(id = 'ada') {
          const signed = agent()
          const response = await signed.send('POST', '/auth/sign-in', { json: { name: id, password: 'right' } })
          assertEqual(response.status, 200, 'the status of a sign-in')
          return signed
        },
        async whoIs(who) {
          const response = await who.send('GET', '/auth/session')
          if (response.status === 401) return null
          const { session } = (await response.json()) as SessionBody<ContractUser>
          return session?.user ?? null
        },
        async refresh(who) {
          const { refresh } = who.tokens
          return who.send('POST', '/auth/refresh', refresh === undefined ? {} : { json: { refresh_token: refresh } })
        },
      })
      await auth.close()
    },
  }
}

/** The text of every credential that the agent holds. */
export function credentialsOf(agent: Agent): string[] {
  return [...agent.cookies.values(), ...Object.values(agent.tokens)].filter((text) => text !== undefined)
}

/** The text with its last character but one exchanged: as long, of the same alphabet, and another. */
export function tampered(text: string): string {
  const at = text.length - 10
  assert(at > 0, 'a credential is longer than that')
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1)
}
