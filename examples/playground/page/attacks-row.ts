/**
 * One attack as a row: what it does, its verdict as a stamp, why, and what happened one by one.
 * @module
 */
import type { AttackCard, Fact, Finding, VerdictName } from '../attacks/attack.ts'
import { type Child, h } from './dom.ts'

/** How far the run of an attack is. */
export interface Run {
  readonly state: 'waiting' | 'running' | 'done' | 'broken'
  /** What is being done now. */
  readonly note?: string
  readonly finding?: Finding
}

export interface RowState {
  readonly run: Run | undefined
  /** The ids of those whose details are open. */
  readonly opened: Set<string>
  start(): void
}

const stamps: { readonly [V in VerdictName]: string } = {
  fails: 'Fails here',
  limited: 'Succeeds for a while',
  succeeds: 'Succeeds here',
  nothing: 'Nothing to attack',
}

/** What is inside of the row. */
export function attackRow(card: AttackCard, { run, opened, start }: RowState): Child[] {
  const { id, title, does, warning } = card
  const label = run?.finding === undefined ? 'Run' : 'Run again'
  return [
    h(
      'div',
      { class: 'attack-what' },
      h('h3', {}, title),
      h('p', {}, does),
      warning !== undefined && h('p', { class: 'attack-warning' }, warning),
    ),
    h('div', { class: 'attack-outcome' }, ...outcome(run)),
    h(
      'button',
      {
        class: 'button small',
        type: 'button',
        key: `run-${id}`,
        'aria-label': `${label}: ${title}`,
        onclick: start,
      },
      label,
    ),
    details(id, run?.finding, opened),
  ]
}

function outcome(run: Run | undefined): Child[] {
  if (run?.finding !== undefined) {
    const { verdict, why, advice } = run.finding
    return [
      h('p', { class: `verdict-stamp ${verdict}` }, stamps[verdict]),
      h('p', { class: 'attack-why' }, why),
      h('p', { class: 'attack-advice' }, advice),
    ]
  }
  if (run?.state === 'broken')
    return [
      h('p', { class: 'verdict-stamp broken' }, 'Not answered'),
      h(
        'p',
        { class: 'attack-why' },
        'The attack could not be run to its end; the server may be gone, or refused the sign-in.',
      ),
    ]
  return [h('p', { class: run?.state === 'running' ? 'attack-pending running' : 'attack-pending' })]
}

/** What stands where the verdict will be. */
export function sayPending(run: Run | undefined): string {
  if (run === undefined) return 'Not run yet'
  return run.state === 'waiting' ? 'Waiting for its turn' : (run.note ?? 'Running')
}

/** Its place is there from the start. */
function details(id: string, finding: Finding | undefined, opened: Set<string>): Child {
  if (finding === undefined || finding.facts.length === 0) return h('div', { class: 'attack-details' })
  const { facts, shown, link } = finding
  return h(
    'details',
    {
      class: 'attack-details',
      open: opened.has(id),
      ontoggle: (event) => {
        if ((event.currentTarget as HTMLDetailsElement).open) opened.add(id)
        else opened.delete(id)
      },
    },
    h('summary', { key: `facts-${id}` }, 'What happened'),
    h('dl', { class: 'attack-facts' }, ...facts.map(fact)),
    shown !== undefined && h('h4', {}, 'As the store holds it'),
    // It scrolls, so the keyboard must reach it.
    shown !== undefined && h('pre', { class: 'raw', tabindex: 0, key: `shown-${id}` }, shown),
    link !== undefined &&
      h(
        'p',
        { class: 'attack-link' },
        h('a', { href: link, target: '_blank', rel: 'noopener' }, 'Open the attacker’s page in a tab of its own'),
      ),
  )
}

function fact({ what, answer, good }: Fact): HTMLElement {
  const tone = good === undefined ? {} : { class: good ? 'good' : 'bad' }
  return h('div', {}, h('dt', {}, what), h('dd', tone, answer))
}
