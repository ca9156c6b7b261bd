/**
 * Sends one request after the other, and reads who answered and what it cost.
 * @module
 */
import { marks } from '../configuration.ts'
import { type Client, plainFetch } from './client.ts'

export interface Answered {
  /** From 1 on. */
  readonly turn: number
  readonly node: string
  readonly status: number
  /** What went to the store. */
  readonly commands: readonly string[]
  readonly cache?: 'hit' | 'miss'
}

export const runLength = 12

const ada = { email: 'ada@example.com', password: 'analytical-engine' }

/**
 * Signs in where nobody is, then asks by the plain fetch with the credential as it is: the client would draw conclusions
 * from a refusal, and the raw answers are the point here.
 */
export async function sendMany(client: Client, told: (answer: Answered) => void): Promise<void> {
  if (!client.session) await client.signIn(ada)
  const authorization = await client.authorization()
  const headers: Record<string, string> = authorization === null ? {} : { authorization }
  for (let turn = 1; turn <= runLength; turn += 1) {
    const response = await plainFetch('/api/me', { headers, cache: 'no-store' }).catch(() => undefined)
    if (response === undefined) return
    const cache = response.headers.get(marks.cache)
    const commands = response.headers.get(marks.commands) ?? ''
    told({
      turn,
      node: response.headers.get(marks.node) ?? 'unknown',
      status: response.status,
      commands: commands.split(' ').filter((name) => name !== ''),
      ...(cache === 'hit' || cache === 'miss' ? { cache } : {}),
    })
    await response.body?.cancel()
  }
}
