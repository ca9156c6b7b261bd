/**
 * Says how the nodes answered to a credential whose session has ended.
 * @module
 */
import type { Configuration } from '../configuration.ts'
import type { Asked, End } from '../ends/ends.ts'
import { sayTime } from './format.ts'

export interface Answer {
  readonly text: string
  /** For the defence or against it; neither while it is not known. */
  readonly tone?: 'good' | 'bad'
}

/** What one node does with it. */
export function tellAsked({ refused, accepted, left }: Asked, { until }: Pick<End, 'until'>): Answer {
  if (refused !== undefined) {
    const before = accepted === 0 ? '' : `, accepted ${accepted === 1 ? 'once' : `${accepted} times`} before`
    return { text: `after ${sayDelay(refused)}${before}`, tone: 'good' }
  }
  if (accepted === 0) return { text: left ? 'no answer' : 'asking' }
  const limit = until === undefined ? 'until it expires' : `until ${sayTime(until)} at most`
  return { text: `still accepts it, ${limit}`, tone: 'bad' }
}

/** What somebody would feel who goes on with it. */
export function tellEnd({ asked, kind, until }: End, { servers }: Configuration): Answer {
  const refusals = asked.flatMap(({ refused }) => refused ?? [])
  if (refusals.length === asked.length) {
    const who = asked.length === 1 ? 'It was refused' : 'Every node refused it'
    return { text: `${who} within ${sayDelay(Math.max(...refusals))}.`, tone: 'good' }
  }
  const accepting = asked.filter(({ refused, accepted }) => refused === undefined && accepted > 0).length
  if (accepting === 0) return { text: 'Asking with it until it is refused.' }
  const who =
    asked.length === 1
      ? 'It is still accepted'
      : `${accepting} of ${asked.length} nodes still ${accepting === 1 ? 'accepts' : 'accept'} it`
  const end = until === undefined ? '' : `, until ${sayTime(until)} at most`
  return { text: `${who}${end}: ${whyStill(kind, servers)}.`, tone: 'bad' }
}

function whyStill(kind: End['kind'], { feed, cache }: Configuration['servers']): string {
  if (feed !== 'none') return 'the news has not arrived'
  if (kind === 'token') return 'a token is verified without a look-up, and there is no feed to tell of its end'
  if (cache !== undefined) return 'a near-cache remembers it, and there is no feed to tell of its end'
  return 'it is in the memory of a node that was not told'
}

/** `4.2 ms`, `1.3 s` */
export function sayDelay(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, ms).toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
