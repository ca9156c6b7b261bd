/**
 * Who may sign in: two accounts whose passwords are kept as hashes, and the schemas that give them their types.
 * @module
 */
import { hashPassword, verifyPassword } from '@handstamp/server/password'
import * as v from 'valibot'

export const userSchema = v.object({
  id: v.string(),
  name: v.string(),
  email: v.string(),
  role: v.picklist(['admin', 'member']),
})
export type User = v.InferOutput<typeof userSchema>

export const credentialsSchema = v.object({
  email: v.pipe(v.string(), v.minLength(1), v.maxLength(254)),
  password: v.pipe(v.string(), v.minLength(1), v.maxLength(1_024)),
})
export type Credentials = v.InferOutput<typeof credentialsSchema>

interface Account {
  readonly user: User
  password: string
}

export interface Accounts {
  verify(credentials: Credentials): Promise<User | null>
}

const known: readonly Readonly<Account>[] = [
  {
    user: { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', role: 'admin' },
    password: 'analytical-engine',
  },
  {
    user: { id: 'grace', name: 'Grace Hopper', email: 'grace@example.com', role: 'member' },
    password: 'nanoseconds',
  },
]

/** The accounts, with passwords hashed as a database would have them. */
export async function createAccounts(): Promise<Accounts> {
  const accounts = new Map<string, Account>()
  await Promise.all(
    known.map(async ({ user, password }) => {
      accounts.set(user.email, { user, password: await hashPassword(password) })
    }),
  )
  return {
    async verify({ email, password }) {
      const account = accounts.get(email.normalize('NFKC').trim().toLowerCase())
      // An unknown address costs as much time as a wrong password.
      const { ok, needsRehash } = await verifyPassword(password, account?.password)
      if (!ok || account === undefined) return null
      if (needsRehash) account.password = await hashPassword(password)
      return account.user
    },
  }
}
