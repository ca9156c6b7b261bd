/**
 * What ended as rows: who acknowledged or told it, when each node heard of it, and since when each refuses it.
 * @module
 */
import type { Configuration } from '../configuration.ts'
import type { End } from '../ends/ends.ts'
import type { FeedMoment, NodeFeed } from '../feed-log.ts'
import type { News } from '../internals.ts'
import { h } from './dom.ts'
import { sayDelay, tellAsked, tellEnd } from './ends-story.ts'
import { sayTime, shorten } from './format.ts'

const shown = 3

/** The newest first. What the feed told of an end stands in the row of that end. */
export function newsRows({ nodes, ends }: News, configuration: Configuration): readonly HTMLElement[] {
  const present = ends.filter(({ switches }) => switches === configuration.switches)
  const keys = new Set(present.map(keyOf))
  const told = nodes.flatMap(({ node, told: moments }) =>
    moments.filter(({ key }) => !keys.has(key)).map((moment) => ({ moment, by: node })),
  )
  const rows = [
    ...present.map((end) => ({ at: end.at, draw: () => endRow(end, nodes, configuration) })),
    ...told.map(({ moment, by }) => ({ at: moment.at, draw: () => factRow(moment, by, nodes) })),
  ]
  return rows
    .sort((a, b) => b.at - a.at)
    .slice(0, shown)
    .map(({ draw }) => draw())
}

/** As the feed's log names the fact of it. */
function keyOf({ id }: End): string {
  return `session ${id} 0`
}

function endRow(end: End, nodes: readonly NodeFeed[], configuration: Configuration): HTMLElement {
  const { id, at, node, asked } = end
  const { text, tone } = tellEnd(end, configuration)
  const title = configuration.strategy === 'token' ? 'Signed out, and the token stays' : 'Session ended'
  const heard = configuration.servers.feed !== 'none' && configuration.strategy !== 'token'
  return h(
    'li',
    { class: 'feed-event' },
    h('p', {}, h('b', {}, title), ' ', h('code', { title: id }, shorten(id, 6, 6))),
    h('p', { class: 'by' }, `${node} acknowledged it at ${sayTime(at)}; the times count from then.`),
    h('p', tone === undefined ? {} : { class: tone }, text),
    h(
      'table',
      { class: 'asked' },
      h('caption', { class: 'visually-hidden' }, 'How each node learned of it, and since when it refuses'),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...['Node', ...(heard ? ['Heard of it'] : []), 'Refuses it'].map((name) => h('th', { scope: 'col' }, name)),
        ),
      ),
      h(
        'tbody',
        {},
        ...asked.map((line) => {
          const answer = tellAsked(line, end)
          const feed = nodes.find((each) => each.node === line.node)
          return h(
            'tr',
            {},
            h('th', { scope: 'row' }, line.node),
            heard && h('td', {}, feed === undefined ? 'gone' : sayHeard(feed, keyOf(end), at)),
            h('td', answer.tone === undefined ? {} : { class: answer.tone }, answer.text),
          )
        }),
      ),
    ),
  )
}

const kinds: { readonly [K in FeedMoment['kind']]: string } = {
  session: 'Session ended',
  user: 'All sessions of a user ended',
  changed: 'Session changed',
  key: 'Key revoked',
}

function factRow({ key, kind, about, at }: FeedMoment, by: string, nodes: readonly NodeFeed[]): HTMLElement {
  return h(
    'li',
    { class: 'feed-event' },
    h('p', {}, h('b', {}, kinds[kind]), ' ', h('code', { title: about }, shorten(about, 6, 6))),
    h('p', { class: 'by' }, `${by} told it at ${sayTime(at)}`),
    h(
      'ul',
      { class: 'arrivals' },
      ...nodes.map((feed) => {
        const arrived = feed.heard.some((moment) => moment.key === key)
        const when = h('b', {}, sayHeard(feed, key, at))
        return h('li', arrived ? { class: 'arrived' } : {}, h('span', {}, feed.node), ' ', when)
      }),
    ),
  )
}

/** The feed is told before an end is acknowledged, so a node may have heard of it by then. */
function sayHeard({ follows, heard }: NodeFeed, key: string, at: number): string {
  const moment = heard.find((candidate) => candidate.key === key)
  if (moment === undefined) return follows ? 'not yet' : 'no need yet'
  if (moment.before) return 'as it began to follow'
  const delay = moment.at - at
  return delay < 0 ? `${sayDelay(-delay)} before` : `after ${sayDelay(delay)}`
}
