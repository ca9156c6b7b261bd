/**
 * The three pickers. Only what goes together can be picked; the rest says why not.
 * @module
 */
import { type StorageName, storageProblem, storages, strategies, transports } from '../configuration.ts'
import { sayDuration } from '../durations.ts'
import { byId, h, isNews, render } from './dom.ts'
import type { Pick, Playground } from './playground.ts'

interface Option {
  readonly value: string
  readonly label: string
  readonly about: string
  readonly problem?: string | undefined
}

const about: { readonly [value: string]: string } = {
  session: 'An unguessable id travels. The record stays in the store.',
  token: 'A signed token is the session. Nobody can end it.',
  'token+store': 'A signed token, with a record behind it that can be ended.',
  hybrid: 'A token of minutes, and a refresh token that rotates.',
  cookie: 'The browser sends it. No script can read it.',
  bearer: 'The page holds it and attaches it itself.',
  split: 'Access token in the page, refresh token in a cookie.',
}

const aboutStorage: { readonly [S in StorageName]: string } = {
  cookie: 'HttpOnly, kept by the browser.',
  memory: 'A variable, gone with a reload.',
  sessionStorage: 'This tab. Every script reads it.',
  localStorage: 'All tabs. Every script reads it.',
}

export function pickersPanel(playground: Playground): () => void {
  return () => {
    const { configuration, storage, switching } = playground
    const { strategy, transport, pairs } = configuration
    if (!isNews(byId('pickers'), configuration, storage, switching)) return
    const problemOf = (kind: string, way: string) =>
      pairs.find((pair) => pair.strategy === kind && pair.transport === way)?.problem
    // A strategy is legal where any transport goes with it; the transport follows.
    const strategyOptions = strategies.map((value): Option => {
      const possible = transports.some((way) => problemOf(value, way) === undefined)
      return {
        value,
        label: value.replace('+', ' + '),
        about: about[value] ?? '',
        problem: possible ? undefined : problemOf(value, 'cookie'),
      }
    })
    const transportOptions = transports.map(
      (value): Option => ({ value, label: value, about: about[value] ?? '', problem: problemOf(strategy, value) }),
    )
    const storageOptions = storages.map(
      (value): Option => ({
        value,
        label: value === 'cookie' ? 'HttpOnly cookie' : value,
        about: aboutStorage[value],
        problem: storageProblem(transport, value),
      }),
    )
    const choose = (choice: Pick) => void playground.pick(choice)
    const legalTransport = (kind: string) =>
      problemOf(kind, transport) === undefined
        ? transport
        : transports.find((way) => problemOf(kind, way) === undefined)

    byId('pickers').toggleAttribute('data-busy', switching)
    render(
      byId('pickers'),
      group('strategy', 'Strategy', 'Where the proof lives', strategyOptions, strategy, switching, (value) =>
        choose({ strategy: value, transport: legalTransport(value) ?? transport }),
      ),
      group('transport', 'Transport', 'How it travels', transportOptions, transport, switching, (value) =>
        choose({ transport: value }),
      ),
      group('storage', 'Storage', 'Where the client keeps it', storageOptions, storage, switching, (value) =>
        choose({ storage: value as StorageName }),
      ),
    )
    render(byId('lifetimes'), ...lifetimes(playground))
  }
}

function group(
  name: string,
  title: string,
  question: string,
  options: readonly Option[],
  picked: string,
  busy: boolean,
  choose: (value: string) => void,
): HTMLElement {
  return h(
    'fieldset',
    { class: 'picker' },
    h('legend', {}, title, h('span', {}, question)),
    ...options.map(({ value, label, about: text, problem }) =>
      h(
        'label',
        { class: problem === undefined ? 'option' : 'option illegal' },
        h('input', {
          type: 'radio',
          name,
          value,
          key: `${name}-${value}`,
          checked: value === picked,
          disabled: problem !== undefined,
          // Disabled ones would lose the focus, so those of a moment only refuse.
          ...(busy ? { 'aria-disabled': 'true', onclick: (event: Event) => event.preventDefault() } : {}),
          'aria-describedby': `${name}-${value}-about`,
          onchange: () => choose(value),
        }),
        h('span', { class: 'option-name' }, label),
        h(
          'span',
          { class: 'option-about', id: `${name}-${value}-about` },
          problem === undefined ? text : sentence(problem),
        ),
      ),
    ),
  )
}

/** The library's own words, as a sentence. */
function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1) + (text.endsWith('.') ? '' : '.')
}

function lifetimes({ configuration }: Playground): HTMLElement[] {
  const { access, idle, lifetime, grace } = configuration.lifetimes
  const rows = [
    ['Access token', access],
    ['Idle timeout', idle],
    ['Lifetime', lifetime],
    ['Grace of a spent refresh token', grace],
  ] as const
  return rows.flatMap(([name, value]) =>
    value === undefined ? [] : [h('div', {}, h('dt', {}, name), h('dd', {}, sayDuration(value)))],
  )
}
