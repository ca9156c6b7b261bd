/**
 * Several servers: who answers, what it costs the store, and what the nodes tell each other.
 * @module
 */
import { type Balance, balances, type Configuration } from '../configuration.ts'
import { sayDuration } from '../durations.ts'
import { byId, h, isNews, render } from './dom.ts'
import { followFeed } from './feed.ts'
import type { Playground } from './playground.ts'
import { drawLanes, drawTile } from './servers-lanes.ts'
import { type Answered, runLength, sendMany } from './servers-run.ts'
import { tellRun } from './servers-story.ts'

const labels: { readonly [B in Balance]: string } = { 'round-robin': 'Round robin', sticky: 'Sticky' }

export function serversPanel(playground: Playground): () => void {
  const send = byId('send-many') as HTMLButtonElement
  let sending = false
  send.addEventListener('click', () => void run())
  const showFeed = followFeed(playground)

  async function run(): Promise<void> {
    if (sending) return
    sending = true
    update()
    drawLanes(byId('lanes'), playground.configuration.servers.nodes)
    render(byId('lanes-story'), h('p', { class: 'empty' }, `Sending GET /api/me, ${runLength} times.`))
    const answers: Answered[] = []
    try {
      await sendMany(playground.client, (answer) => {
        answers.push(answer)
        drawTile(byId('lanes'), answer)
      })
    } finally {
      const { configuration } = playground
      const isLost = answers.every(({ status }) => status === 401)
      await playground.act(async () => {
        if (isLost) await playground.client.load()
      })
      sending = false
      const story = tellRun(answers, configuration)
      const afterwards =
        story.afterwards !== undefined && !playground.client.session ? [h('p', {}, story.afterwards)] : []
      render(
        byId('lanes-story'),
        h('p', { class: `lanes-sum ${story.good ? 'good' : 'bad'}` }, story.sum),
        h('p', {}, story.why),
        ...afterwards,
        h('p', { class: 'lanes-cost' }, story.cost),
      )
      update()
    }
  }

  function update(): void {
    const { configuration, client } = playground
    const label = client.session ? `Send ${runLength} requests` : `Sign in as Ada, send ${runLength}`
    if (send.textContent !== label && !sending) send.textContent = label
    send.disabled = sending
    showFeed()
    if (!isNews(byId('balance'), configuration)) return
    render(
      byId('balance'),
      h('legend', { class: 'visually-hidden' }, 'Balance'),
      ...balances.map((balance) => segment(balance, configuration)),
    )
    render(byId('servers-facts'), ...facts(configuration))
    drawLanes(byId('lanes'), configuration.servers.nodes)
    // Only where something can go wrong is there much to tell.
    const { nodes, shared } = configuration.servers
    byId('lanes-story').toggleAttribute('data-short', nodes === 1 || shared)
    render(byId('lanes-story'), h('p', { class: 'empty' }, invitation(configuration)))
  }

  function segment(balance: Balance, { servers }: Configuration): HTMLElement {
    return h(
      'label',
      { class: 'segment' },
      h('input', {
        type: 'radio',
        name: 'balance',
        value: balance,
        key: `balance-${balance}`,
        checked: balance === servers.balance,
        disabled: servers.nodes === 1,
        onchange: () => void playground.setBalance(balance),
      }),
      h('span', {}, labels[balance]),
    )
  }
  return update
}

function facts({ store, servers: { nodes, cache, feed, shared } }: Configuration): HTMLElement[] {
  const where = shared ? `${store}, shared` : nodes === 1 ? store : `${store}, one each`
  const rows = [
    ['Nodes', `${nodes}`],
    ['Store', store === 'none' ? 'none' : where],
    ['Near-cache', cache === undefined ? 'none' : `${sayDuration(cache)} behind at most`],
    ['Feed', feed],
  ] as const
  return rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value)))
}

function invitation({ servers: { nodes } }: Configuration): string {
  return nodes === 1
    ? 'There is one node, so it will answer all of them. Start more of them as it says below.'
    : 'Nothing was sent yet. Each request will stand in the lane of the node that answers it, with what it asked of the store.'
}
