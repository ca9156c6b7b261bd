/**
 * Every attack, and the routes by which the playground's page runs them: `POST /playground/attacks/<id>/<step>`.
 * @module
 */
import { readJson } from '../body.ts'
import { type Configuration, storages } from '../configuration.ts'
import { isOwn } from '../internals.ts'
import { problem } from '../problem.ts'
import type { AttackCard, Finding, Step, World } from './attack.ts'
import { crossSiteAttack } from './cross-site.ts'
import { createElsewhere } from './elsewhere.ts'
import { fixationAttack } from './fixation.ts'
import { forgeryAttack } from './forgery.ts'
import { type Found, withFound } from './found.ts'
import { sameSiteAttack } from './same-site.ts'
import { scriptAttack } from './script.ts'
import { spentTokenAttack } from './spent-token.ts'
import { stolenStoreAttack } from './stolen-store.ts'

export interface Attacks {
  readonly cards: readonly AttackCard[]
  /** What was found in the present configuration. */
  found(): readonly Found[]
  /** What was found on another node. */
  receive(found: Found): void
  /** Answers a path under `/playground/attacks/`, for the playground's own page alone. */
  answer(request: Request): Promise<Response>
  close(): Promise<void>
}

/** The attacks on a running playground. Nothing listens before one is run. `told` hears what each came to. */
export function openAttacks(world: World, told: (found: Found) => void = () => {}): Attacks {
  let all: readonly Found[] = []
  const receive = (found: Found): void => {
    all = withFound(all, found)
  }

  /** The storage is the page's own choice, so the page says it. */
  function keep(id: string, step: Step | undefined, asked: unknown): void {
    const storage = storages.find((name) => name === asked)
    if (step === undefined || !('finding' in step) || storage === undefined) return
    const found = { id, storage, switches: world.configuration().switches, finding: step.finding }
    receive(found)
    told(found)
  }

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
    found: () => all.filter(({ switches }) => switches === world.configuration().switches),
    receive,
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
      keep(attack.id, step, body.storage)
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
