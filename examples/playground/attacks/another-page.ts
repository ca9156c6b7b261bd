/**
 * A page of another origin makes the visitor's browser send requests here: what is common to a site elsewhere and to a neighbour.
 * @module
 */
import type { Attack, AttackCard, Fact, Finding, World } from './attack.ts'
import type { Arrived, Elsewhere } from './elsewhere.ts'

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
      open: async () => {
        const origin = (await elsewhere.origins())[where]
        elsewhere.take(origin)
        return { told: { origin } }
      },
      judge: async ({ body }) => {
        const origin = (await elsewhere.origins())[where]
        const harm = readHarm(body)
        return { finding: { ...judge(elsewhere.take(origin), harm, world), link: `${origin}/` } }
      },
    },
  }
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
    ...arrived.map(({ method, path, by, site, cookies, status }) => ({
      what: `${method} ${path}, by ${method === 'OPTIONS' ? 'the browser before a fetch' : by}`,
      answer: `${status}, ${site}, ${sayCookies(cookies)}`,
      // What is answered to nobody does nothing to anybody.
      ...(isUnsafe(method) && (cookies > 0 || status >= 400) ? { good: status >= 400 } : {}),
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
  const sent = arrived.filter(({ cookies }) => cookies > 0).length
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

function sayCookies(count: number): string {
  return count === 0 ? 'no cookie' : 'with the cookie'
}

function isUnsafe(method: string): boolean {
  return method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
}
