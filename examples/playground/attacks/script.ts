/**
 * A script in the page takes what it can reach, and the loot is used from elsewhere.
 * @module
 */
import { credentialShape } from '@handstamp/core/credential'
import { sayDuration } from '../durations.ts'
import { maskCredential } from '../mask.ts'
import type { Attack, Brought, Fact, Finding, World } from './attack.ts'
import { present, renew, sayPresented } from './outsider.ts'

/** Where the script looked, and what it found there. */
export interface Loot {
  readonly place: string
  readonly credentials: readonly string[]
}

const longestLoot = 8

/** The attack of a script. */
export function scriptAttack(world: World): Attack {
  return {
    id: 'script',
    title: 'A script that got into the page',
    does: 'Reads localStorage, sessionStorage and document.cookie, listens in the page’s memory, and uses what it found from outside of the browser.',
    steps: { run: async (brought) => ({ finding: await judge(brought, world) }) },
  }
}

async function judge({ body }: Brought, world: World): Promise<Finding> {
  const loot = readLoot(body.loot)
  const found = [...new Set(loot.flatMap(({ credentials }) => credentials))].slice(0, longestLoot)
  const places = loot.filter(({ credentials }) => credentials.length > 0).map(({ place }) => place)
  const facts: Fact[] = loot.map(({ place, credentials }) => ({
    what: place,
    answer: credentials.length === 0 ? 'nothing' : credentials.map(sayKind).join(', '),
    good: credentials.length === 0,
  }))
  let used = false
  let renewed = false
  for (const credential of found.filter((text) => credentialShape(text) !== 'refresh')) {
    const presented = await present(credential, world)
    used ||= presented.status === 200
    facts.push({
      what: 'From elsewhere: GET /api/me',
      answer: sayPresented(presented),
      good: presented.status !== 200,
    })
  }
  // A refresh token is worth more, and two tries with one session tell nothing more.
  const best = found.find((text) => credentialShape(text) === 'refresh') ?? found[0]
  if (best !== undefined) {
    const presented = await renew(best, world)
    renewed = presented.status === 200
    facts.push({ what: 'From elsewhere: POST /auth/refresh', answer: sayPresented(presented), good: !renewed })
  }
  if (typeof body.acted === 'number')
    facts.push({ what: 'From the page itself: GET /api/me', answer: `${body.acted}, as long as the page is open` })
  return { ...conclude({ used, renewed, places, acted: body.acted === 200 }, world), facts }
}

interface Outcome {
  readonly used: boolean
  readonly renewed: boolean
  readonly places: readonly string[]
  readonly acted: boolean
}

function conclude({ used, renewed, places, acted }: Outcome, { configuration }: World): Omit<Finding, 'facts'> {
  const { transport, strategy, lifetimes } = configuration()
  const from = places.join(' and ')
  if (used && renewed) {
    const cure = strategy === 'hybrid' ? 'the cookie transport, or split' : 'the cookie transport'
    return {
      verdict: 'succeeds',
      why: `The script took the credential out of ${from}; a client elsewhere was let in with it, and renewed it.`,
      advice: `Pick ${cure}: no script reads an HttpOnly cookie.`,
    }
  }
  if (used)
    return {
      verdict: 'limited',
      why: `The script caught an access token in ${from}; it is good elsewhere for ${sayDuration(lifetimes.access ?? lifetimes.lifetime)} at most, and cannot be renewed there.`,
      advice: 'A shorter access lifetime leaves less; the cookie transport leaves nothing.',
    }
  if (places.length > 0)
    return {
      verdict: 'fails',
      why: `What the script took out of ${from} was refused elsewhere.`,
      advice: 'Keep scripts out all the same, by a Content-Security-Policy such as this page’s.',
    }
  return {
    verdict: 'fails',
    why:
      transport === 'cookie'
        ? 'There was nothing to take: the browser keeps the credential in an HttpOnly cookie, which no script can read.'
        : 'There was nothing to take.',
    advice: acted
      ? 'Keep scripts out all the same: while the page is open, one acts as you without taking anything.'
      : 'Keep scripts out all the same, by a Content-Security-Policy such as this page’s.',
  }
}

function readLoot(value: unknown): readonly Loot[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, longestLoot).map((entry: Partial<Record<keyof Loot, unknown>> | null) => ({
    place: String(entry?.place).slice(0, 40),
    credentials: Array.isArray(entry?.credentials)
      ? entry.credentials.filter((text) => typeof text === 'string').slice(0, longestLoot)
      : [],
  }))
}

function sayKind(credential: string): string {
  const kinds = { session: 'session id', refresh: 'refresh token', token: 'access token' } as const
  // The word joiner keeps a mask on one line.
  return `${kinds[credentialShape(credential)]} ${maskCredential(credential).replace('…', '…\u2060')}`
}
