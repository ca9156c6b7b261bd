/**
 * Every attack, and the routes by which the playground's page runs them: `POST /playground/attacks/<id>/<step>`.
 * @module
 */
import { readJson } from '../body.ts'
import type { Configuration } from '../configuration.ts'
import { isOwn } from '../internals.ts'
import { problem } from '../problem.ts'
import type { AttackCard, Finding, World } from './attack.ts'
import { crossSiteAttack } from './cross-site.ts'
import { createElsewhere } from './elsewhere.ts'
import { fixationAttack } from './fixation.ts'
import { forgeryAttack } from './forgery.ts'
import { sameSiteAttack } from './same-site.ts'
import { scriptAttack } from './script.ts'
import { spentTokenAttack } from './spent-token.ts'
import { stolenStoreAttack } from './stolen-store.ts'

export interface Attacks {
  readonly cards: readonly AttackCard[]
  /** Answers a path under `/playground/attacks/`, for the playground's own page alone. */
  answer(request: Request): Promise<Response>
  close(): Promise<void>
}

/** The attacks on a running playground. Nothing listens before one is run. */
export function openAttacks(world: World): Attacks {
  const elsewhere = createElsewhere(world.origin)
  // The last one signs the visitor out.
  const attacks = [
    scriptAttack(world),
    crossSiteAttack(world, elsewhere),
    sameSiteAttack(world, elsewhere),
    forgeryAttack(world),
    fixationAttack(world),
    stolenStoreAttack(world),
    spentTokenAttack(world),
  ]
  return {
    cards: attacks.map(({ steps: _, ...card }) => card),
    async answer(request) {
      if (!isOwn(request, world.origin)) return problem(403, 'forbidden')
      const [id, name = '', ...more] = new URL(request.url).pathname.split('/').slice(3)
      const attack = attacks.find((candidate) => candidate.id === id)
      if (attack === undefined || more.length > 0 || !Object.hasOwn(attack.steps, name))
        return problem(404, 'not_found')
      if (request.method !== 'POST') return problem(405, 'method_not_allowed', { allow: 'POST' })
      const body = await readJson(request)
      if (body instanceof Response) return body
      const step = isTorn(world.configuration()) ? { finding: torn } : await attack.steps[name]?.({ request, body })
      return Response.json(step, { headers: { 'cache-control': 'no-store' } })
    },
    close: elsewhere.close,
  }
}

/** Nodes that know nothing of each other's sessions refuse whoever asks, the attacker as well as you. */
function isTorn({ strategy, servers }: Configuration): boolean {
  return strategy !== 'token' && servers.nodes > 1 && !servers.shared
}

const torn: Finding = {
  verdict: 'nothing',
  why: 'The nodes share no store: each refuses what another one granted, so nothing can be told of an attack.',
  advice: 'Start the playground with a store that all nodes read, such as --store redis.',
  facts: [],
}
