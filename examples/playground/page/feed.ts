/**
 * Follows what ends, how the news of it travels, and how the nodes answer to it.
 * @module
 */
import type { Configuration } from '../configuration.ts'
import type { News } from '../internals.ts'
import { plainFetch } from './client.ts'
import { byId, h, isNews, render } from './dom.ts'
import { newsRows } from './news-rows.ts'
import type { Playground } from './playground.ts'

const pace = 1_000
/** While a node is being asked with what has ended. */
const quickPace = 200

/** Asks while the part is on the screen; answers what draws it. */
export function followFeed(playground: Playground): () => void {
  let news: News = { nodes: [], ends: [] }
  let visible = false
  let latest: string | undefined
  new IntersectionObserver((entries) => {
    visible = entries.at(-1)?.isIntersecting === true
    if (visible) void look()
  }).observe(byId('servers'))
  let looked = 0
  setInterval(() => {
    const isOpen = news.ends.some(({ asked }) => asked.some(({ refused, left }) => refused === undefined && !left))
    if (!visible || document.visibilityState !== 'visible') return
    if (performance.now() - looked >= (isOpen ? quickPace : pace)) void look()
  }, quickPace)

  async function look(): Promise<void> {
    looked = performance.now()
    try {
      const response = await plainFetch('/playground/feed')
      if (response.ok) news = (await response.json()) as News
    } catch {
      // The next look tells.
    }
    show()
  }

  function show(): void {
    const { configuration } = playground
    if (!isNews(byId('feed'), news, configuration)) return
    byId('feed-note').textContent = note(configuration)
    const rows = newsRows(news, configuration)
    render(byId('feed'), ...(rows.length > 0 ? rows : [h('li', { class: 'empty' }, nothing(configuration))]))
  }
  return () => {
    // What was just asked for may be news.
    const [request] = playground.requests
    if (visible && request?.id !== latest) void look()
    latest = request?.id
    show()
  }
}

function note({ strategy, servers: { feed, nodes, shared, cache } }: Configuration): string {
  if (strategy === 'token') return 'Not at all: a token without a store cannot be ended, and goes on until it expires.'
  if (feed === 'none') {
    if (!shared)
      return 'Not at all: each has a memory of its own, and no feed. What ends on one node goes on on the others.'
    if (strategy === 'hybrid')
      return 'Not at all: this store brings no feed. A look-up finds out by itself, but an access token needs none, and goes on until it expires.'
    return cache === undefined
      ? 'By the store alone, which brings no feed: each look-up finds out by itself what has ended.'
      : 'By the store alone, which brings no feed: a node finds out once its near-cache is as old as it may be.'
  }
  const way = nodes === 1 ? 'One node tells itself' : `A ${feed} feed carries it`
  if (strategy === 'session' && cache === undefined)
    return `${way}. Nobody needs it here: a session is looked up each time.`
  return `${way}: an access token or a cached session dies as soon as its node hears of it.`
}

function nothing({ servers: { feed } }: Configuration): string {
  return feed === 'none'
    ? 'Sign out, or end a session, and see which node still accepts it. With --store redis, the news of it travels.'
    : 'No news yet. Sign out, or end a session, and see how long it takes until every node refuses it.'
}
