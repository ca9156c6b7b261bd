/**
 * A credential that the attacker knows is planted in somebody's browser, who then signs in with it.
 * @module
 */
import { formatSessionCredential } from '@handstamp/core/credential'
import { randomBytes, userHandle } from '@handstamp/core/secret'
import type { Agent } from '@handstamp/server/testing'
import { maskCredential } from '../mask.ts'
import type { Attack, Fact, Finding, World } from './attack.ts'
import { accessOf, hold, outsider, present, refreshTokenOf, renew, sayPresented, signInAs } from './outsider.ts'

/** The attack by fixation. */
export function fixationAttack(world: World): Attack {
  return {
    id: 'fixation',
    title: 'A planted session',
    does: 'Plants a credential that the attacker knows before Ada signs in, and tries afterwards whether it has become hers.',
    steps: { run: async () => ({ finding: await run(world) }) },
  }
}

async function run(world: World): Promise<Finding> {
  const attacker = outsider(world)
  await signInAs(attacker, 'grace', world)
  const madeUp = outsider(world)
  hold(madeUp, formatSessionCredential(userHandle('ada'), randomBytes(32)), world)
  const plants: readonly (readonly [string, Agent])[] = [
    ['The attacker’s own, who is Grace', attacker],
    ['A made-up session id', madeUp],
  ]
  const facts: Fact[] = []
  const outcome = { adopted: false, outlived: false }
  for (const [what, planter] of plants) {
    const planted = accessOf(planter, world)
    // In the browser it would be a cookie that was tossed, or a token that was put into a storage.
    const victim = planter.copy()
    const fresh = await signInAs(victim, 'ada', world)
    const presented = await present(planted, world)
    const isHers = presented.user?.id === 'ada' || fresh === planted
    outcome.adopted ||= isHers
    outcome.outlived ||= presented.status === 200
    facts.push(
      { what, answer: `planted as ${maskCredential(planted)}, and Ada signed in` },
      { what: 'What Ada got', answer: fresh === planted ? 'the same' : 'a new one', good: fresh !== planted },
      { what: 'The planted one afterwards: GET /api/me', answer: sayPresented(presented), good: !isHers },
    )
    const refreshToken = refreshTokenOf(planter, world)
    if (refreshToken !== undefined) {
      const renewed = await renew(refreshToken, world)
      facts.push({ what: 'Its refresh token: POST /auth/refresh', answer: sayPresented(renewed) })
    }
    await victim.send('POST', '/auth/sign-out')
  }
  await attacker.send('POST', '/auth/sign-out')
  return { ...conclude(outcome, world), facts }
}

interface Outcome {
  /** The planted credential is Ada's now. */
  readonly adopted: boolean
  /** It is still good, for whom it was made. */
  readonly outlived: boolean
}

function conclude({ adopted, outlived }: Outcome, { configuration }: World): Omit<Finding, 'facts'> {
  if (adopted)
    return {
      verdict: 'succeeds',
      why: 'The planted credential opened Ada’s session.',
      advice: 'This must not be: please report it, as SECURITY.md says.',
    }
  if (!outlived)
    return {
      verdict: 'fails',
      why: 'Every sign-in makes a new credential and ends the session that was presented, so the planted one opens nothing.',
      advice: 'Where your application raises somebody’s rights, call auth.renew(), which does the same.',
    }
  const lives = 'Every sign-in makes a new credential: the planted token is still Grace’s'
  const { strategy } = configuration()
  if (strategy === 'session')
    return {
      verdict: 'fails',
      why: `${lives} where a near-cache has not heard yet that it ended, and never became Ada’s.`,
      advice: 'Lower --cache, or give the cache a change feed, by which it hears at once.',
    }
  return strategy === 'token'
    ? {
        verdict: 'fails',
        why: `${lives}, and never became Ada’s.`,
        advice: 'With --store memory the session behind it would have been ended as well.',
      }
    : {
        verdict: 'fails',
        why: `${lives} until it expires, though the session behind it has ended, and never became Ada’s.`,
        advice: 'A change feed ends the token with its session.',
      }
}
