/**
 * The page's start: what the server knew, the client, the panels, and the first look.
 * @module
 */
import type { Boot } from '../page.ts'
import { actionsPanel } from './actions.ts'
import { attacksPanel } from './attacks.ts'
import { byId } from './dom.ts'
import { pickersPanel } from './pickers.ts'
import { createPlayground } from './playground.ts'
import { requestsPanel } from './requests.ts'
import { riskTable } from './risk-table.ts'
import { scriptView } from './script-view.ts'
import { serversPanel } from './servers.ts'
import { sessionsPanel } from './sessions.ts'
import { signInPanel } from './sign-in.ts'

const boot = JSON.parse(byId('boot').textContent ?? '') as Boot
const live = byId('live')

const playground = createPlayground(boot, (message) => {
  live.textContent = message
})

const panels = [
  signInPanel,
  pickersPanel,
  actionsPanel,
  requestsPanel,
  scriptView,
  sessionsPanel,
  serversPanel,
  riskTable,
  attacksPanel(boot),
]
const updates = panels.map((panel) => panel(playground))
const update = () => {
  for (const show of updates) show()
}

playground.subscribe(update)
byId('node').textContent = playground.configuration.node
update()
await playground.act(() =>
  playground.client.session === undefined ? playground.client.load() : Promise.resolve(playground.client.session),
)
document.documentElement.dataset.ready = ''

// Another tab may have been busy meanwhile, and may have signed out.
document.addEventListener('visibilitychange', async () => {
  if (document.visibilityState !== 'visible') return
  await playground.client.load()
  await playground.look()
})
