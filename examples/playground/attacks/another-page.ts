/**
 * A page of another origin makes the visitor's browser send requests here: what is common to a site elsewhere and to a neighbour.
 * @module
 */
import type { SeenRequest } from '../seen.ts'
import type { Attack, AttackCard, Fact, Finding, World } from './attack.ts'
import type { Elsewhere } from './elsewhere.ts'

/** The steps of such a page at one of the attacker's two origins. */
export function anotherPage(
  card: AttackCard,
  where: 'crossSite' | 'sameSite',
  world: World,
  elsewhere: Elsewhere,
): Attack {
  return {
    ...card,
    steps: {
      open: async () => ({ told: { origin: (await elsewhere.origins())[where] } }),
      judge: async ({ body }) => {
        const finding = judge(readArrived(body.arrived), readHarm(body), world)
        return { finding: { ...finding, link: `${(await elsewhere.origins())[where]}/` } }
      },
    },
  }
}

/** A request to the playground that the attacker's page caused, as the playground's list of requests tells it. */
interface Arrived {
  readonly method: string
  readonly path: string
  readonly by: string
  readonly site: string
  /** How many credentials came along. */
  readonly credentials: number
  readonly status: number
}

const mostArrived = 20

const senders: { readonly [mode: string]: string } = {
  navigate: 'a form',
  cors: 'fetch',
  'no-cors': 'fetch without CORS',
}

function readArrived(value: unknown): readonly Arrived[] {
  const seen = Array.isArray(value)
    ? (value as readonly Pick<SeenRequest, 'request' | 'credentials' | 'result'>[]).slice(0, mostArrived)
    : []
  return seen.map(({ request, credentials, result }) => ({
    method: request.method,
    path: request.path,
    by: request.method === 'OPTIONS' ? 'the browser before a fetch' : (senders[request.mode ?? ''] ?? 'the browser'),
    site: request.site ?? 'of no known site',
    credentials: credentials.length,
    status: result.status,
  }))
}

/** What the playground's own page saw of the harm, before and after. */
interface Harm {
  readonly signedOut: boolean
  readonly written: boolean
  /** What the attacker's script could read. */
  readonly read: readonly string[]
}

function readHarm({ signedOut, written, read }: Readonly<Record<string, unknown>>): Harm {
  const texts = Array.isArray(read) ? read.slice(0, 8).map((what) => String(what).slice(0, 60)) : []
  return { signedOut: signedOut === true, written: written === true, read: texts }
}

function judge(arrived: readonly Arrived[], harm: Harm, world: World): Finding {
  const facts: Fact[] = [
    ...arrived.map(({ method, path, by, site, credentials, status }) => ({
      what: `${method} ${path}, by ${by}`,
      answer: `${status}, ${site}, ${credentials === 0 ? 'no cookie' : 'with the cookie'}`,
      // What is answered to nobody does nothing to anybody.
      ...(isUnsafe(method) && (credentials > 0 || status >= 400) ? { good: status >= 400 } : {}),
    })),
    { what: 'What its script could read', answer: harm.read.join(', ') || 'nothing', good: harm.read.length === 0 },
    { what: 'A note of its own', answer: harm.written ? 'written' : 'none', good: !harm.written },
    { what: 'You', answer: harm.signedOut ? 'signed out' : 'still signed in', good: !harm.signedOut },
  ]
  return { ...conclude(arrived, harm, world), facts }
}

function conclude(arrived: readonly Arrived[], harm: Harm, { configuration }: World): Omit<Finding, 'facts'> {
  if (harm.signedOut || harm.written || harm.read.length > 0) {
    const what = [
      harm.signedOut && 'signed you out',
      harm.written && 'wrote a note',
      harm.read.length > 0 && 'read an answer',
    ]
    return {
      verdict: 'succeeds',
      why: `The page ${what.filter((text) => text !== false).join(' and ')}.`,
      advice: 'This must not be: please report it, as SECURITY.md says.',
    }
  }
  if (arrived.length === 0)
    return {
      verdict: 'nothing',
      why: 'The browser let none of its requests through.',
      advice: 'Something in between, such as an extension, blocks them: try another browser.',
    }
  const sent = arrived.filter(({ credentials }) => credentials > 0).length
  const { transport } = configuration()
  if (sent > 0)
    return {
      verdict: 'fails',
      why: 'The cookie came along, as another port is the same site; the origin check refused each change, and the browser kept the answers.',
      advice: 'List no neighbour in origins that you would not trust with a session.',
    }
  return transport === 'bearer'
    ? {
        verdict: 'fails',
        why: 'The requests came without a credential: the browser sends none by itself, and this page has none to attach.',
        advice: 'Nothing to do here; a bearer token’s danger is the script in your own page.',
      }
    : {
        verdict: 'fails',
        why: 'SameSite=Strict kept the cookie in the browser; the origin check, which would have refused it as well, stands behind.',
        advice: 'Keep both guards: with sameSite: none the origin check alone would be left.',
      }
}

function isUnsafe(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
}
