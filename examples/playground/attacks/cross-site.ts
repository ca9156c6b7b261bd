/**
 * A page of another site: forms and fetches from where no cookie of ours should come along.
 * @module
 */
import { anotherPage } from './another-page.ts'
import type { Attack, World } from './attack.ts'
import type { Elsewhere } from './elsewhere.ts'

/** The attack from another site. */
export function crossSiteAttack(world: World, elsewhere: Elsewhere): Attack {
  const card = {
    id: 'cross-site',
    title: 'A page of another site',
    does: 'Opens a page at 127.0.0.1, another site for your browser, whose forms and fetches sign you out, write a note and read who you are.',
  }
  return anotherPage(card, 'crossSite', world, elsewhere)
}
