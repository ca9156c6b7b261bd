/**
 * A copy of a refresh token that was exchanged meanwhile comes back: within the grace, and after it.
 * @module
 */
import { readCookie } from '@handstamp/core/cookie/parse'
import { credentialShape } from '@handstamp/core/credential'
import { sayDuration } from '../durations.ts'
import { maskCredential } from '../mask.ts'
import type { Attack, Brought, Fact, Finding, Step, World } from './attack.ts'
import { accessOf, present, refreshTokenOf, renew, sayPresented } from './outsider.ts'

/** One copy that is being tried; a new one takes its place. */
interface Copy {
  readonly spent: string
  readonly facts: Fact[]
  readonly forgiven: number
  /** What the thief got within the grace. */
  successor?: string
  access?: string
  /** A successor that is not the victim's own: a second line. */
  forked?: boolean
  accepted?: boolean
  /** The thief's access token is still good after the session has ended. */
  outlived?: boolean
}

/** Milliseconds by which the clocks of servers that share a store may differ, as the library allows for. */
const sharedClockSkew = 30_000

/** The attack with a spent refresh token. */
export function spentTokenAttack(world: World): Attack {
  let copy: Copy | undefined

  return {
    id: 'spent-token',
    title: 'A spent refresh token comes back',
    does: 'Copies your refresh token, lets you exchange it, and presents the copy twice: within the grace, and after it.',
    warning: 'It ends your session, and takes as long as the grace.',
    steps: {
      copy: async (brought) => {
        const { strategy, lifetimes } = world.configuration()
        if (strategy !== 'hybrid') return { finding: nothing(strategy) }
        const spent = refreshTokenIn(brought, world)
        if (spent === undefined) return { finding: notCopied }
        const skew = world.store().singleProcess === true ? 0 : sharedClockSkew
        copy = { spent, facts: [], forgiven: (lifetimes.grace ?? 0) + skew }
        return { told: {} }
      },
      within: async (brought) => (copy === undefined ? { finding: notCopied } : within(copy, brought)),
      after: async () => (copy === undefined ? { finding: notCopied } : after(copy)),
      judge: async ({ body }) =>
        copy === undefined ? { finding: notCopied } : { finding: judge(copy, body.victimOut === true) },
    },
  }

  /** The victim has refreshed; the copy comes from elsewhere a moment later. */
  async function within(held: Copy, brought: Brought): Promise<Step> {
    const { spent, facts, forgiven } = held
    const live = refreshTokenIn(brought, world)
    // One that is younger than the grace is not rotated, so it is not spent yet.
    if (live === spent) return { told: { again: forgiven + 200 } }
    const presented = await renew(spent, world)
    const successor = refreshTokenOf(presented.agent, world)
    const access = accessOf(presented.agent, world)
    const same = successor !== undefined && successor === live
    held.forked = presented.status === 200 && !same
    if (successor !== undefined) held.successor = successor
    if (access !== '') held.access = access
    facts.push(
      { what: 'You exchanged', answer: `${maskCredential(spent)} for the next` },
      { what: 'The copy within the grace: POST /auth/refresh', answer: sayPresented(presented) },
    )
    if (presented.status === 200)
      facts.push({
        what: 'What it brought',
        answer: same ? 'the very token that you got: no second line' : 'another token than you got',
        good: same,
      })
    return { told: { wait: forgiven + 200 } }
  }

  async function after(held: Copy): Promise<Step> {
    const { spent, facts, successor, access } = held
    const presented = await renew(spent, world)
    held.accepted = presented.status === 200
    facts.push({
      what: 'The copy after the grace: POST /auth/refresh',
      answer: sayPresented(presented),
      good: !held.accepted,
    })
    if (successor !== undefined) {
      const next = await renew(successor, world)
      held.accepted ||= next.status === 200
      facts.push({
        what: 'The thief’s successor: POST /auth/refresh',
        answer: sayPresented(next),
        good: next.status !== 200,
      })
    }
    if (access !== undefined) {
      const left = await present(access, world)
      held.outlived = left.status === 200
      facts.push({ what: 'The thief’s access token: GET /api/me', answer: sayPresented(left) })
    }
    return { told: {} }
  }

  function judge({ facts, forked, accepted, outlived }: Copy, victimOut: boolean): Finding {
    facts.push({
      what: 'You: POST /auth/refresh',
      answer: victimOut ? 'signed out' : 'still signed in',
      good: victimOut,
    })
    const { access } = world.configuration().lifetimes
    const short = sayDuration(access ?? 0)
    if (accepted === true || forked === true)
      return {
        verdict: 'succeeds',
        why: accepted ? 'The thief can still refresh.' : 'Within the grace the copy brought a token of its own.',
        advice: 'This must not be: please report it, as SECURITY.md says.',
        facts,
      }
    if (!victimOut)
      return {
        verdict: 'succeeds',
        why: 'The copy was refused, and the session went on: a thief who is faster than you would keep it.',
        advice: 'This must not be: please report it, as SECURITY.md says.',
        facts,
      }
    return {
      verdict: 'fails',
      why: 'A spent token that comes back is a theft: the session ended for both, since nobody can say who the thief is.',
      advice: outlived
        ? `A shorter --grace notices earlier; the access token that is out dies by itself within ${short}, and with a change feed at once.`
        : 'A shorter --grace notices earlier; the access token that was out died with the session.',
      facts,
    }
  }
}

function nothing(strategy: string): Finding {
  return {
    verdict: 'nothing',
    why: `There is no refresh token: a ${strategy === 'session' ? 'session id' : 'token'} is exchanged for nothing, and never spent.`,
    advice: 'Pick hybrid to see one that rotates.',
    facts: [],
  }
}

const notCopied: Finding = {
  verdict: 'nothing',
  why: 'There was no refresh token to copy.',
  advice: 'Sign in, and try again.',
  facts: [],
}

/** From the cookie where the browser sends it; else as the page could reach it. */
function refreshTokenIn({ request, body }: Brought, { names, configuration }: World): string | undefined {
  if (configuration().transport !== 'bearer') return readCookie(request.headers.get('cookie'), names.refresh)[0]
  const { refreshToken } = body
  return typeof refreshToken === 'string' && credentialShape(refreshToken) === 'refresh' ? refreshToken : undefined
}
