/**
 * Recognising a session that is kept in this process, through `auth.authenticate` on the face of a node:http request.
 * @module
 */
import { hash } from 'node:crypto'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { sealData, unsealData } from 'iron-session'
import type { Contender } from '../harness/measure.ts'
import { processRow, type RowSource } from '../harness/row.ts'
import { sessionApplication, signedIn } from './applications.ts'
import { betterAuthSession, email } from './better-auth.ts'
import { expressSessions } from './express.ts'
import { incoming } from './incoming.ts'
import { anew, user } from './subject.ts'

const sessions = 1_000

export const sessionRow: RowSource = processRow(
  { name: 'Memory session', group: 'Sessions', base: 'crypto.hash + Map', subject: 'Handstamp', unit: 'µs' },
  async () => [...(await floorAndOurs()), express(), await iron(), await better()],
)

type Request = ReturnType<typeof incoming>

async function floorAndOurs(): Promise<readonly Contender[]> {
  const auth = sessionApplication()
  const headers: (readonly [string, string])[] = []
  for (let made = 0; made < sessions; made += 1) headers.push(await signedIn(auth, { ...user, id: `u_${made}` }))
  const records = new Map(headers.map(([, value]) => [digest(value), { user, expiresAt: Date.now() + 600_000 }]))
  const floor: Contender<string> = {
    name: 'crypto.hash + Map',
    prepare: (count) => cycled(count, headers, ([, value]) => anew(value)),
    run(value) {
      const record = records.get(digest(value))
      return record !== undefined && record.expiresAt > Date.now() ? record.user : undefined
    },
    check: (found) => found === user,
  }
  const ours: Contender<Request> = {
    name: 'Handstamp',
    prepare: (count) => cycled(count, headers, ([name, value]) => incoming(name, value)),
    run: (request) => auth.authenticate(nodeRequest(request, auth.origin)),
    check: (result) => (result as { ok?: boolean }).ok === true,
  }
  return [floor, ours]
}

/** Up to `next()`; what it does when the response ends comes on top, and is in the rows over HTTP. */
function express(): Contender<Request> {
  const { middleware, cookies } = expressSessions(sessions)
  return {
    name: 'express-session',
    prepare: (count) => cycled(count, cookies, (value) => incoming('cookie', value)),
    run: (request) =>
      new Promise((resolve) => {
        middleware(request, { writeHead() {}, end() {} }, () => resolve((request as { session?: unknown }).session))
      }),
    check: (session) => (session as { user?: { role: string } } | undefined)?.user?.role === user.role,
  }
}

/** A sealed cookie; nothing is looked up, and nothing can be ended. */
async function iron(): Promise<Contender<string>> {
  const password = 'a password of the bench of more than 32 bytes'
  const seals = await Promise.all(Array.from({ length: 50 }, () => sealData({ user }, { password })))
  return {
    name: 'iron-session',
    prepare: (count) => cycled(count, seals, anew),
    run: (seal) => unsealData<{ user: typeof user }>(seal, { password }),
    check: (data) => (data as { user?: typeof user }).user?.id === user.id,
  }
}

async function better(): Promise<Contender<Headers>> {
  const { cookie, getSession } = await betterAuthSession()
  return {
    name: 'better-auth',
    prepare: (count) => cycled(count, [cookie], (value) => new Headers({ cookie: value })),
    run: getSession,
    check: (found) => (found as { user: { email: string } } | null)?.user.email === email,
  }
}

function cycled<T, U>(count: number, items: readonly T[], make: (item: T) => U): readonly U[] {
  return Array.from({ length: count }, (_, at) => make(items[(at * 7) % items.length] as T))
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}
