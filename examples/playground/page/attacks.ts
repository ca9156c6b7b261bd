/**
 * The panel of attacks: runs one or all of them against the present configuration, and keeps what was found on the page.
 * @module
 */
import type { AttackCard, VerdictName } from '../attacks/attack.ts'
import { type Found, withFound } from '../attacks/found.ts'
import type { Boot } from '../page.ts'
import { attackRow, type Run, sayPending } from './attacks-row.ts'
import { runAttack } from './attacks-run.ts'
import type { Attacking } from './attacks-steps.ts'
import { byId, h, isNews, render } from './dom.ts'
import type { Playground } from './playground.ts'

const said: { readonly [V in VerdictName]: string } = {
  fails: 'fails here',
  limited: 'succeeds for a while',
  succeeds: 'succeeds here',
  nothing: 'has nothing to attack',
}

/** The panel for the attacks that the server knows. */
export function attacksPanel({ attacks, found }: Boot): (playground: Playground) => () => void {
  return (playground) => {
    let all: readonly Found[] = found
    let runs = foundHere()
    let judged = playground.configuration
    let stored = playground.storage
    let busy = false
    const opened = new Set<string>()
    const rows = attacks.map((card) => [card, h('li', { class: 'attack', id: `attack-${card.id}` })] as const)
    render(byId('attacks'), ...rows.map(([, row]) => row))
    const everything = byId('run-attacks') as HTMLButtonElement
    everything.addEventListener('click', () => void runAll(attacks))

    /** What is known of the present configuration, and of where its credentials are kept. */
    function foundHere(): Map<string, Run> {
      const { configuration, storage } = playground
      const here = all.filter((each) => each.switches === configuration.switches && each.storage === storage)
      return new Map(here.map(({ id, finding }) => [id, { state: 'done', finding }]))
    }

    async function runAll(cards: readonly AttackCard[]): Promise<void> {
      if (busy || playground.switching) return
      busy = true
      const asked = runs
      for (const { id } of cards) runs.set(id, { state: 'waiting' })
      playground.say(cards.length === 1 ? `${cards[0]?.title}: running` : `Running ${cards.length} attacks`)
      update()
      for (const card of cards) {
        if (runs !== asked) break
        await runOne(card)
      }
      busy = false
      if (runs === asked) playground.say(cards.length === 1 ? sayOne(cards[0]) : summary())
      update()
    }

    async function runOne({ id }: AttackCard): Promise<void> {
      const asked = runs
      const attacking: Attacking = {
        playground,
        note(text) {
          if (runs !== asked) return
          runs.set(id, { state: 'running', note: text })
          update()
        },
      }
      attacking.note('Running')
      const finding = await playground.act(() => runAttack(id, attacking)).catch(() => undefined)
      if (runs !== asked) return
      runs.set(id, finding === undefined ? { state: 'broken' } : { state: 'done', finding })
      if (finding !== undefined) all = withFound(all, { id, switches: judged.switches, storage: stored, finding })
      update()
    }

    function summary(): string {
      const findings = [...runs.values()].flatMap(({ finding }) => finding ?? [])
      if (findings.length === 0) return ''
      const lost = findings.filter(({ verdict }) => verdict === 'succeeds' || verdict === 'limited').length
      const { strategy, transport } = judged
      const where = `${strategy.replace('+', ' + ')} by ${transport}${transport === 'cookie' ? '' : `, kept in ${stored}`}`
      return `${findings.length} of ${attacks.length} attacks run on ${where}: ${lost === 0 ? 'none' : lost} succeeded.`
    }

    function sayOne(card: AttackCard | undefined): string {
      const finding = runs.get(card?.id ?? '')?.finding
      return finding === undefined ? '' : `${card?.title}: ${said[finding.verdict]}. ${finding.why}`
    }

    function update(): void {
      const { configuration, storage } = playground
      // What was found is true of what was attacked, and of nothing else.
      if (configuration.switches !== judged.switches || storage !== stored) {
        runs = foundHere()
        opened.clear()
        judged = configuration
        stored = storage
      }
      if (isNews(byId('attacks-sum'), [...runs], busy)) byId('attacks-sum').textContent = busy ? '' : summary()
      for (const [card, row] of rows) {
        const run = runs.get(card.id)
        // A note alone is written in place, and a stamp is pressed once.
        if (isNews(row, run?.state, run?.finding))
          render(row, ...attackRow(card, { run, opened, start: () => void runAll([card]) }))
        const note = row.querySelector('.attack-pending')
        if (note !== null) note.textContent = sayPending(run)
      }
      for (const button of [everything, ...byId('attacks').querySelectorAll('button')])
        button.setAttribute('aria-disabled', String(busy))
    }
    return update
  }
}
