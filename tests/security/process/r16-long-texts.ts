import { parseChallenge } from '@handstamp/core/authorization'
import { readCookie } from '@handstamp/core/cookie/parse'
import type { Transport } from '@handstamp/core/session'
import { expect } from 'vitest'
import { pairs, unknownSession } from '../../wire/outward-answers.ts'
import { type Served, type StrategyName, serveAuth } from '../../wire/served-auth.ts'
import { signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'

interface Asked {
  readonly strategy: StrategyName
  readonly transport: Transport
  readonly served: Served
  readonly visitor: Visitor
}

interface Stage {
  readonly all: readonly Asked[]
  close(): Promise<void>
}

const kilobytes = [8, 16, 32, 64, 1_024] as const

/** Milliseconds. Met by whatever is linear, hundreds of times over; a pattern that backtracks over 64 KiB takes minutes. */
const absurd = 1_000

/** Shapes that make a careless pattern try everything twice over. */
const shapes: Readonly<Record<string, string>> = {
  spaces: ' ',
  tabs: '\t',
  'one letter': 'a',
  equals: '=',
  semicolons: ';',
  'spaces and semicolons': ' ;',
  'cookies without a value': 'a=; ',
  quotes: '"',
  backslashes: '\\"',
  commas: ',',
  'lists of bearers': ', Bearer x',
  'quoted bearers': '", bearer x"',
  dots: '.',
  'segments of a token': 'eyJ9.',
  'our own cookie': '__Host-handstamp=x; ',
  'our own name': '__Host-handstamp',
  'session credentials': unknownSession,
  percents: '%41',
  'wide letters': '\u{1f511}',
  zeros: '\0',
}

const places: Readonly<Record<string, (text: string) => Readonly<Record<string, string>>>> = {
  cookie: (text) => ({ cookie: text }),
  'cookie, after ours': (text) => ({ cookie: `__Host-handstamp=x; ${text}` }),
  'cookie, as ours': (text) => ({ cookie: `__Host-handstamp=${text}` }),
  authorization: (text) => ({ authorization: text }),
  bearer: (text) => ({ authorization: `Bearer ${text}` }),
  'another scheme': (text) => ({ authorization: `Digest ${text}` }),
  origin: (text) => ({ origin: text, 'sec-fetch-site': text, referer: `https://app.example/${text}` }),
  'user agent': (text) => ({ 'user-agent': text, 'handstamp-transport': text, 'content-type': text }),
}

async function ask({ served }: Asked, headers: Readonly<Record<string, string>>, method: string): Promise<number> {
  const face = { method, url: 'https://app.example/', headers: { get: (name: string) => headers[name] ?? null } }
  const since = performance.now()
  const answers = [await served.auth.authenticate(face), await served.auth.refresh(face)]
  const took = performance.now() - since
  for (const answer of answers) expect(answer.ok).toBe(false)
  return took
}

async function everywhere(stage: Stage, shape: string): Promise<void> {
  let longest = 0
  for (const kilobyte of kilobytes) {
    const text = shape.repeat(Math.ceil((kilobyte * 1_024) / shape.length))
    // Also with another end, where what was tried up to here has to be given up.
    for (const whole of [text, `${text}x`]) longest = Math.max(longest, await everyPlace(stage, whole, kilobyte))
  }
  console.log(`${JSON.stringify(shape.slice(0, 12))} up to 1 MiB: ${longest.toFixed(2)} ms at most`)
}

/** The longest that one server took. */
async function everyPlace({ all }: Stage, text: string, kilobyte: number): Promise<number> {
  let longest = 0
  for (const [place, headers] of Object.entries(places)) {
    for (const asked of all) {
      asked.served.store.reset()
      let took = await ask(asked, headers(text), 'POST')
      // A machine that does other things may be slow once.
      if (took > absurd) took = await ask(asked, headers(text), 'POST')
      expect(took, `${kilobyte} KiB as ${place}`).toBeLessThan(absurd)
      expect(asked.served.store.counts.all, `${kilobyte} KiB as ${place}`).toBe(0)
      longest = Math.max(longest, took)
    }
  }
  const since = performance.now()
  expect(() => [readCookie(text, '__Host-handstamp'), parseChallenge(text), parseChallenge(`Bearer ${text}`)]).not.toThrow()
  expect(performance.now() - since, `${kilobyte} KiB as a challenge`).toBeLessThan(absurd)
  return longest
} // biome-ignore format: a row

export const longTexts: Attack = attack({
  ids: ['R16'],
  title: 'headers of kilobytes, made to be read slowly',
  cost: 'One request of a few kilobytes would hold a processor for minutes, and a handful would stop the server.',
  shows: [],
  async stage(): Promise<Stage> {
    const all = await Promise.all(
      pairs.map(async (pair) => {
        const served = await serveAuth(pair)
        return { ...pair, served, visitor: await signedIn(served.wire, pair.transport) }
      }),
    )
    return { all, close: async () => void (await Promise.all(all.map(({ served }) => served.stop()))) }
  },
  legal: {
    'a credential of ours among eight kilobytes of others': async ({ all }) => {
      for (const { visitor, transport, served } of all) {
        const others = 'theme=dark; '.repeat(680)
        const mine = new Map(visitor.credentials())
        const jar = transport === 'cookie' ? `${others}${mine.get('Cookie')}` : others
        const headers = new Headers({ ...Object.fromEntries(mine), Cookie: jar })
        expect((await served.auth.authenticate(new Request('https://app.example/', { headers }))).ok).toBe(true)
      }
    },
  },
  hostile: Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => [name, (stage: Stage) => everywhere(stage, shape)]),
  ),
}) // biome-ignore format: rows
