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

// Hashed beforehand, as in a database: hashing at each start would take most of its time.
const known: readonly Readonly<Account>[] = [
  {
    user: { id: 'ada', name: 'Ada Lovelace', email: 'ada@example.com', role: 'admin' },
    password: '$scrypt$ln=15,r=8,p=3$8DN/olaV24sIM6E5gt5dZg$CLcTp4b/+desUGbcmiyx5yXhXfNkwlRTu6L0upRRKoI',
  },
  {
    user: { id: 'grace', name: 'Grace Hopper', email: 'grace@example.com', role: 'member' },
    password: '$scrypt$ln=15,r=8,p=3$i1SYlnOzu1sx7/6mk+5CUg$m1dQcXETA9hdhuLcXbaNcoNdpuNH28MbCp1h7AQv85s',
  },
]

export const userIds: readonly string[] = known.map(({ user }) => user.id)

/** The accounts of one server; a hash that is weaker than today's is replaced when its password is right. */
export function createAccounts(): Accounts {
  const accounts = new Map(known.map((account) => [account.user.email, { ...account }]))
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
