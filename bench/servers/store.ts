/**
 * What sessions in the memory store weigh, and what a check of one costs among few and among many: `store.ts <sessions>
 * <many> <rounds>`. It runs alone in its process, since it fills the heap.
 * @module
 */
import { hash } from 'node:crypto'
import { memoryStore } from '@handstamp/server'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { type Contender, measure } from '../harness/measure.ts'
import { type Application, sessionApplication, signedIn } from '../rows/applications.ts'
import { incoming } from '../rows/incoming.ts'
import { anew, type BenchUser, user } from '../rows/subject.ts'

const [weighed = 0, many = 0, rounds = 0] = process.argv.slice(2).map(Number)

/** How many of the sessions are asked for; more would weigh themselves. */
const asked = 20_000

interface Filled {
  readonly auth: Application
  readonly credentials: readonly (readonly [string, string])[]
}

async function filled(count: number, kept = Math.min(count, asked)): Promise<Filled> {
  const auth = sessionApplication(memoryStore({ maxSessions: Math.max(count, 1_000) }))
  const credentials: (readonly [string, string])[] = []
  const every = Math.floor(count / Math.max(kept, 1))
  for (let made = 0; made < count; made += 1) {
    const header = await signedIn(auth, { ...user, id: anew(`u_${made}_4f5c1a`) })
    if (made % every === 0) credentials.push(header)
  }
  // In another order than that in which they were made, as neighbours in time are neighbours in memory.
  return { auth, credentials: credentials.toSorted((a, b) => digest(a[1]).localeCompare(digest(b[1]))) }
}

async function weigh(count: number): Promise<number> {
  await filled(1_000, 0)
  const before = heap()
  const held = await filled(count, 0)
  const after = heap()
  if (held.credentials.length > 1) throw new Error('credentials were weighed too')
  return (after - before) / count
}

function heap(): number {
  for (let time = 0; time < 3; time += 1) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function check(name: string, { auth, credentials }: Filled): Contender<ReturnType<typeof incoming>> {
  return {
    name,
    prepare: (count, round) =>
      Array.from({ length: count }, (_, at) => {
        const [header = '', value = ''] = credentials[(at + (round + 10) * 997) % credentials.length] ?? []
        return incoming(header, value)
      }),
    run: (request) => auth.authenticate(nodeRequest(request, auth.origin)),
    check: (result) => (result as { ok?: boolean }).ok === true,
  }
}

/** What the machine's memory alone makes of many: a map of plain records, of which user and expiry are read. */
function bareMap(name: string, count: number): Contender<string> {
  const map = new Map<string, { readonly user: BenchUser; readonly expiresAt: number }>()
  for (let at = 0; at < count; at += 1) {
    const id = anew(`u_${at}_4f5c1a`)
    map.set(digest(id), { user: { id, role: user.role }, expiresAt: Date.now() + 86_400_000 + at })
  }
  return {
    name,
    prepare: (wanted, round) =>
      Array.from({ length: wanted }, (_, at) => anew(`u_${((at + (round + 10) * 997) * 7_919) % count}_4f5c1a`)),
    run(text) {
      const record = map.get(digest(text))
      return record !== undefined && record.expiresAt > Date.now() ? record.user.id : undefined
    },
    check: (found) => typeof found === 'string',
  }
}

function digest(text: string): string {
  return hash('sha256', text, 'base64url')
}

const bytes = await weigh(weighed)
const contenders = [
  check('among 1,000', await filled(1_000)),
  check('among many', await filled(many)),
  bareMap('map of 1,000', 1_000),
  bareMap('map of many', many),
]
process.send?.({ bytes, series: await measure(contenders, { rounds, budget: 10_000, most: 4_000 }) })
process.on('disconnect', () => process.exit())
