/**
 * A session id and its digest, as a sign-in makes them.
 * @module
 */
import { createHash, hash, randomBytes as nodeRandomBytes } from 'node:crypto'
import { sessionCredential } from '@handstamp/core/credential'
import { randomBytes, userHandle } from '@handstamp/core/secret'
import type { Contender } from '../harness/measure.ts'
import { processRow, type RowSource } from '../harness/row.ts'
import { user } from './subject.ts'

const base = 'randomBytes + createHash'
const handle = userHandle(user.id)

export const secretRow: RowSource = processRow(
  { name: 'Session id and digest', group: 'Sessions', base, subject: 'Handstamp', goal: 0.2, unit: 'µs' },
  async () => {
    const rows: readonly Pick<Contender, 'name' | 'run'>[] = [
      {
        name: base,
        run() {
          const secret = nodeRandomBytes(32)
          return [secret.toString('base64url'), createHash('sha256').update(secret).digest('base64url')]
        },
      },
      {
        name: 'Handstamp',
        run() {
          const { text, id } = sessionCredential(handle, randomBytes(32))
          return [text, id]
        },
      },
      {
        name: 'randomBytes + crypto.hash',
        run() {
          const secret = nodeRandomBytes(32)
          return [secret.toString('base64url'), hash('sha256', secret, 'base64url')]
        },
      },
    ]
    return rows.map((row) => ({ ...row, prepare: nothing, check: (pair) => Array.isArray(pair) }))
  },
)

function nothing(count: number): readonly undefined[] {
  return Array.from({ length: count }, () => undefined)
}
