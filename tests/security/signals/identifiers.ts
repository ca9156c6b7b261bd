import { expect } from 'vitest'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { ada, newVisitor, ownPage } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'

interface Accounts extends Closable {
  readonly served: Served
  /** Every identifier that the application was asked about, as it came. */
  readonly seen: unknown[]
  signIn(email: unknown): ReturnType<Served['wire']['ask']>
}

/** Ten attempts for one account, whoever asks. */
async function accounts(): Promise<Accounts> {
  const seen: unknown[] = []
  const served = await serveAuth({
    strategy: 'session',
    transport: 'cookie',
    limits: {},
    verifyCredentials: async (credentials) => {
      const { email, password } = credentials as typeof ada
      seen.push(email)
      return email === ada.email && password === ada.password ? { id: 'ada', role: 'admin' } : null
    },
  })
  return {
    served,
    seen,
    signIn: (email) =>
      newVisitor(served.wire, 'cookie').ask('POST', '/auth/sign-in', {
        headers: ownPage,
        json: { email, password: ada.password },
      }),
    close: () => served.stop(),
  }
}

/** Each is one account of its own, or none. */
const strange: Readonly<Record<string, string>> = {
  'two in one, by a comma': 'ada@example.com,evil@example.com',
  'two in one, by a semicolon': 'ada@example.com; evil@example.com',
  'two in one, by a space': 'ada@example.com evil@example.com',
  'two lines': 'ada@example.com\r\nBcc: evil@example.com',
  'a name before it': 'Ada <ada@example.com>',
  'a tag in it': '<img src=x onerror=alert(1)>@example.com',
  'a NUL behind it': 'ada@example.com\0',
  'percent codes': 'ada%40example.com',
  'percent codes of percent codes': 'ada%2540example.com',
  'an entity': 'ada&#64;example.com',
  'a letter that looks alike': 'аda@example.com',
  'a letter of another width': 'ａda@example.com',
  'a comment': 'ada(x)@example.com',
  quotes: '"ada"@example.com',
}

const notText: Readonly<Record<string, unknown>> = {
  'a list': ['ada@example.com', 'evil@example.com'],
  'an object': { $ne: null },
  'a number': 0,
  true: true,
  null: null,
}

export const identifiers: Attack = attack({
  ids: ['CVE-2022-35924', 'CVE-2022-31127'],
  title: 'an identifier that means two accounts, or one for the check and another afterwards',
  cost: 'A link or a password for one account would open another, or arrive in the mail of whoever asked for it.',
  shows: [],
  stage: accounts,
  legal: {
    'as it is': async ({ signIn }) => expect((await signIn(ada.email)).status).toBe(200),
  },
  hostile: {
    ...each(strange, async ({ signIn, seen, served }: Accounts, identifier) => {
      served.store.reset()
      const answer = await signIn(identifier)
      expect([answer.status, answer.setCookies, served.store.counts.writes]).toEqual([401, [], 0])
      // Byte for byte: the one who looks it up is the only one who reads anything into it.
      expect(seen.at(-1)).toBe(identifier)
      expect(answer.text).not.toContain('example.com')
      expect(JSON.stringify(answer.headers)).not.toContain('example.com')
    }),
    ...each(notText, async ({ signIn, seen }: Accounts, identifier) => {
      const before = seen.length
      const answer = await signIn(identifier)
      expect([answer.status, answer.setCookies, seen.length]).toEqual([400, [], before])
    }),
    'spellings of one account, to have more guesses': async ({ signIn, seen }) => {
      const before = seen.length
      const spellings = ['GRACE@example.com', ' grace@example.com', 'Grace@Example.com', 'ｇrace@example.com']
      for (let turn = 0; turn < 12; turn += 1) await signIn(spellings[turn % 4])
      expect(seen.length - before).toBe(10)
    },
  },
})
