/**
 * The feed's events as they come: what ended, who told it, and how long it took to reach each node.
 * @module
 */
import type { Configuration } from '../configuration.ts'
import type { FeedMoment, NodeFeed } from '../feed-log.ts'
import { plainFetch } from './client.ts'
import { byId, h, isNews, render } from './dom.ts'
import { sayTime, shorten } from './format.ts'
import type { Playground } from './playground.ts'

const shown = 3
const pace = 1_000

/** Asks while the part is on the screen; answers what draws it. */
export function followFeed(playground: Playground): () => void {
  let nodes: readonly NodeFeed[] = []
  let visible = false
  let latest: string | undefined
  new IntersectionObserver((entries) => {
    visible = entries.at(-1)?.isIntersecting === true
    if (visible) void look()
  }).observe(byId('servers'))
  setInterval(() => {
    if (visible && document.visibilityState === 'visible') void look()
  }, pace)

  async function look(): Promise<void> {
    try {
      const response = await plainFetch('/playground/feed')
      if (response.ok) nodes = ((await response.json()) as { nodes: readonly NodeFeed[] }).nodes
    } catch {
      // The next look tells.
    }
    show()
  }

  function show(): void {
    const { configuration } = playground
    if (!isNews(byId('feed'), nodes, configuration)) return
    byId('feed-note').textContent = note(configuration)
    const events = eventsOf(nodes)
    render(
      byId('feed'),
      ...(events.length > 0
        ? events.map((event) => row(event, nodes))
        : [h('li', { class: 'empty' }, nothing(configuration))]),
    )
  }
  return () => {
    // What was just asked for may be news.
    const [request] = playground.requests
    if (visible && request?.id !== latest) void look()
    latest = request?.id
    show()
  }
}

interface Event extends FeedMoment {
  /** Who told it, as far as is known. */
  readonly by?: string
}

/** The newest first. */
function eventsOf(nodes: readonly NodeFeed[]): readonly Event[] {
  const told = nodes.flatMap(({ node, told: moments }) => moments.map((moment): Event => ({ ...moment, by: node })))
  return told.sort((a, b) => b.at - a.at).slice(0, shown)
}

function row({ key, kind, about, at, by }: Event, nodes: readonly NodeFeed[]): HTMLElement {
  return h(
    'li',
    { class: 'feed-event' },
    h('p', {}, h('b', {}, kinds[kind]), ' ', h('code', { title: about }, shorten(about, 6, 6))),
    h('p', { class: 'by' }, `${by} told it at ${sayTime(at)}`),
    h('ul', { class: 'arrivals' }, ...nodes.map((node) => arrival(node, key, at))),
  )
}

const kinds: { readonly [K in FeedMoment['kind']]: string } = {
  session: 'Session ended',
  user: 'All sessions of a user ended',
  changed: 'Session changed',
  key: 'Key revoked',
}

function arrival({ node, follows, heard }: NodeFeed, key: string, at: number): HTMLElement {
  const moment = heard.find((candidate) => candidate.key === key)
  const when =
    moment === undefined
      ? follows
        ? 'not yet'
        : 'no need yet'
      : moment.before
        ? 'as it began to follow'
        : sayDelay(moment.at - at)
  return h('li', moment === undefined ? {} : { class: 'arrived' }, h('span', {}, node), ' ', h('b', {}, when))
}

function sayDelay(ms: number): string {
  return ms < 1_000 ? `${Math.max(0, ms).toFixed(1)} ms` : `${(ms / 1_000).toFixed(1)} s`
}

function note({ strategy, servers: { feed, nodes, shared, cache } }: Configuration): string {
  if (feed === 'none') {
    if (!shared)
      return 'Nothing: each has a memory of its own, and no feed. What ends on one node goes on on the others.'
    return 'Nothing: this store brings no feed. A look-up finds out by itself what has ended; an access token goes on until it expires.'
  }
  const way = nodes === 1 ? 'One node tells itself' : `A ${feed} feed carries it`
  if (strategy === 'token') return `${way}. A token without a store cannot be ended, so there is no news of it.`
  if (strategy === 'session' && cache === undefined)
    return `${way}. Nobody needs it here: a session is looked up each time.`
  return `${way}: an access token or a cached session dies as soon as its node hears of it.`
}

function nothing({ servers: { feed } }: Configuration): string {
  return feed === 'none'
    ? 'Start with --store redis to see the news travel.'
    : 'No news yet. Sign out, or end a session, and see how long it takes to reach each node.'
}
