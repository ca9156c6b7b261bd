/**
 * A page of the same site and another origin: a neighbour, to whom the browser does send the cookie.
 * @module
 */
import { anotherPage } from './another-page.ts'
import type { Attack, World } from './attack.ts'
import type { Elsewhere } from './elsewhere.ts'

/** The attack from a neighbour. */
export function sameSiteAttack(world: World, elsewhere: Elsewhere): Attack {
  const card = {
    id: 'same-site',
    title: 'A page of a neighbour',
    does: 'Opens the same page at another port of localhost: for a cookie that is no other site, and SameSite does not help.',
  }
  return anotherPage(card, 'sameSite', world, elsewhere)
}
