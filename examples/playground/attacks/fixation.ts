/**
 * A credential that the attacker knows is planted in somebody's browser, who then signs in with it.
 * @module
 */
import { formatSessionCredential } from '@handstamp/core/credential'
import { randomBytes, userHandle } from '@handstamp/core/secret'
import { maskCredential } from '../mask.ts'
import type { Attack, Fact, Finding, World } from './attack.ts'
import { outsider, present, sayPresented, signInAs } from './outsider.ts'

interface Planted {
  readonly what: string
  readonly credential: string
}

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
  const facts: Fact[] = []
  let adopted = false
  let outlived = false
  const plants: readonly Planted[] = [
    { what: 'The attacker’s own, who is Grace', credential: await signInAs(attacker, 'grace', world) },
    { what: 'A made-up session id', credential: formatSessionCredential(userHandle('ada'), randomBytes(32)) },
  ]
  for (const { what, credential } of plants) {
    const victim = outsider(world)
    // In the browser it would be a cookie that was tossed, or a token that was put into a storage.
    if (world.configuration().transport === 'cookie') victim.cookies.set(world.names.access, credential)
    else victim.tokens.access = credential
    const fresh = await signInAs(victim, 'ada', world)
    const presented = await present(credential, world)
    const isHers = presented.user?.id === 'ada' || fresh === credential
    adopted ||= isHers
    outlived ||= presented.status === 200
    facts.push(
      { what, answer: `planted as ${maskCredential(credential)}, and Ada signed in` },
      { what: 'What Ada got', answer: fresh === credential ? 'the same' : 'a new one', good: fresh !== credential },
      { what: 'The planted one afterwards: GET /api/me', answer: sayPresented(presented), good: !isHers },
    )
    await victim.send('POST', '/auth/sign-out')
  }
  await attacker.send('POST', '/auth/sign-out')
  return { ...conclude(adopted, outlived), facts }
}

function conclude(adopted: boolean, outlived: boolean): Omit<Finding, 'facts'> {
  if (adopted)
    return {
      verdict: 'succeeds',
      why: 'The planted credential opened Ada’s session.',
      advice: 'This must not be: please report it, as SECURITY.md says.',
    }
  return {
    verdict: 'fails',
    why: outlived
      ? 'Every sign-in makes a new credential: the planted token is still Grace’s, and never became Ada’s.'
      : 'Every sign-in makes a new credential and ends the session that was presented, so the planted one opens nothing.',
    advice: outlived
      ? 'With --store memory the planted token would have been ended as well.'
      : 'Where your application raises somebody’s rights, call auth.renew(), which does the same.',
  }
}
