/**
 * A lane for each node, and a tile in it for each request that it answered: from left to right, on a phone downwards.
 * @module
 */
import { h, render } from './dom.ts'
import { type Answered, runLength } from './servers-run.ts'

/** Empty lanes, as high as full ones. */
export function drawLanes(target: HTMLElement, nodes: number): void {
  target.style.setProperty('--nodes', `${nodes}`)
  target.style.setProperty('--turns', `${runLength}`)
  target.dataset.nodes = `${nodes}`
  const lanes = Array.from({ length: nodes }, (_, index) => index + 1)
  const list = h('ol', { class: 'lane-tiles', 'aria-label': 'Who answered' })
  render(
    target,
    ...lanes.map((lane) => placed(h('span', { class: 'lane-track', 'aria-hidden': 'true' }), { lane })),
    ...lanes.map((lane) =>
      placed(h('span', { class: 'lane-name', 'aria-hidden': 'true' }, h('span', {}, 'node-'), lane), { lane }),
    ),
    list,
  )
}

export function drawTile(target: HTMLElement, answer: Answered): void {
  const { turn, node, status } = answer
  const lane = Number(node.replace('node-', ''))
  const tile = h(
    'li',
    { class: `tile ${status === 200 ? 'good' : 'bad'}`, title: `${turn}: ${node} answered ${status}` },
    h('span', { class: 'visually-hidden' }, `${node} answered `),
    h('b', {}, status),
    h('small', {}, costOf(answer)),
  )
  target.querySelector('.lane-tiles')?.append(placed(tile, { lane, turn }))
}

function costOf({ commands, cache }: Answered): string {
  if (cache === 'hit') return 'hit'
  if (commands.length === 0) return 'nothing'
  return commands.length === 1 ? (commands[0] ?? '') : `${commands.length} commands`
}

/** By properties, since the page's policy allows no style in attributes. */
function placed<E extends HTMLElement>(element: E, { lane, turn }: { lane: number; turn?: number }): E {
  element.style.setProperty('--lane', `${lane}`)
  if (turn !== undefined) element.style.setProperty('--turn', `${turn}`)
  return element
}
