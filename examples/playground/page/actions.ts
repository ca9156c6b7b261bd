/**
 * The application: asking who one is, refreshing, reloading, and a board of notes.
 * @module
 */
import type { StrategyKind } from '@handstamp/core/shape'
import { byId, h, isNews, render } from './dom.ts'
import { sayAgo } from './format.ts'
import type { Playground } from './playground.ts'

interface Outcome {
  readonly title: string
  readonly good: boolean
  readonly body: string
}

const brought: { readonly [K in StrategyKind]: string } = {
  session: 'POST /auth/refresh: the same session id, idle from now',
  token: 'POST /auth/refresh brought a new token',
  'token+store': 'POST /auth/refresh brought a new token',
  hybrid: 'POST /auth/refresh brought a new access token',
}

export function actionsPanel(playground: Playground): () => void {
  const output = byId('output')
  // It scrolls, so the keyboard must reach it.
  output.tabIndex = 0
  const text = byId('note-text') as HTMLInputElement

  byId('call-me').addEventListener('click', () => void call('GET /api/me', () => playground.client.fetch('/api/me')))
  byId('call-refresh').addEventListener('click', () => void refresh())
  byId('reload').addEventListener('click', () => location.reload())
  byId('note-form').addEventListener('submit', (event) => {
    event.preventDefault()
    void addNote()
  })

  async function call(title: string, send: () => Promise<Response>): Promise<boolean> {
    return playground.act(async () => {
      try {
        const response = await send()
        const body = await response.text()
        show({ title: `${title} answered ${response.status}`, good: response.ok, body: pretty(body) })
        return response.ok
      } catch {
        show({ title: `${title} was not answered`, good: false, body: 'The server cannot be reached.' })
        return false
      }
    })
  }

  async function refresh(): Promise<void> {
    await playground.act(async () => {
      const fresh = await playground.client.refresh()
      const { session, status } = playground.client
      const why = status === 'unreachable' ? 'The server cannot be reached.' : 'There is nothing to refresh.'
      show({
        title: fresh ? brought[playground.configuration.strategy] : 'POST /auth/refresh brought nothing new',
        good: fresh,
        body: fresh ? pretty(JSON.stringify({ session })) : session ? 'The session goes on as it was.' : why,
      })
    })
  }

  async function addNote(): Promise<void> {
    const body = JSON.stringify({ text: text.value })
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    text.focus()
    // The global fetch, which the client has intercepted.
    if (!(await call('POST /api/notes', () => fetch('/api/notes', init)))) return
    text.value = ''
    await playground.reloadNotes()
  }

  function show({ title, good, body }: Outcome): void {
    render(output, h('p', { class: good ? 'output-title good' : 'output-title bad' }, title), h('pre', {}, body))
  }

  return () => {
    const { notes, client } = playground
    if (!isNews(byId('notes'), notes, !!client.session)) return
    const empty = client.session
      ? 'No notes yet. What you write here, everybody who is let in can read.'
      : 'Sign in to read the notes.'
    render(
      byId('notes'),
      ...(notes.length === 0
        ? [h('li', { class: 'empty' }, empty)]
        : notes
            .slice(0, 6)
            .map(({ text: note, by, at }) =>
              h('li', {}, h('p', {}, note), h('p', { class: 'by' }, `${by}, ${sayAgo(at)}`)),
            )),
    )
  }
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text === '' ? 'An empty body.' : text
  }
}
