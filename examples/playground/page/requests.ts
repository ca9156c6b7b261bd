/**
 * The last requests, each with its five steps.
 * @module
 */
import type { SeenCredential, SeenRequest, Verdict } from '../seen.ts'
import { byId, type Child, h, isNews, render } from './dom.ts'
import { sayTime } from './format.ts'
import type { Playground } from './playground.ts'

const shownAtFirst = 6

export function requestsPanel(playground: Playground): () => void {
  let all = false
  let opened = new Set<string>()
  let caused: string | undefined
  const more = byId('more-requests') as HTMLButtonElement
  more.addEventListener('click', () => {
    all = !all
    update()
  })

  function update(): void {
    const { requests } = playground
    if (playground.caused !== caused) {
      caused = playground.caused
      opened = new Set(caused === undefined ? [] : [caused])
    }
    if (!isNews(byId('requests'), requests, caused, all)) return
    const shown = all ? requests : requests.slice(0, shownAtFirst)
    render(byId('requests'), ...shown.map((request) => row(request, opened)))
    more.hidden = requests.length <= shownAtFirst
    more.textContent = all ? 'Show the latest alone' : `Show ${requests.length - shownAtFirst} more`
    more.setAttribute('aria-expanded', String(all))
  }
  return update
}

function row(request: SeenRequest, opened: Set<string>): HTMLElement {
  const { id, at, took } = request
  const { method, path } = request.request
  const { status } = request.result
  return h(
    'li',
    {},
    h(
      'details',
      {
        class: 'request',
        open: opened.has(id),
        ontoggle: (event) => {
          if ((event.currentTarget as HTMLDetailsElement).open) opened.add(id)
          else opened.delete(id)
        },
      },
      h(
        'summary',
        { key: `summary-${id}` },
        h('span', { class: `status ${statusClass(status)}` }, status),
        h('span', { class: 'call' }, h('b', {}, method), ' ', path),
        h('span', { class: 'verdict' }, brief(request.session)),
        h('time', {}, sayTime(at)),
      ),
      h(
        'ol',
        { class: 'steps' },
        step('Request', ...requestStep(request)),
        step('Credential', ...credentialStep(request.credentials)),
        step('Session', ...sessionStep(request)),
        step('Result', ...resultStep(request, took)),
        step('Response headers', ...headerStep(request)),
      ),
    ),
  )
}

function step(title: string, ...children: readonly Child[]): HTMLElement {
  return h('li', {}, h('h3', {}, title), h('div', { class: 'step-body' }, ...children))
}

function requestStep({ node, request: { method, path, transport, site } }: SeenRequest): Child[] {
  return [
    h('code', {}, `${method} ${path}`),
    h('p', {}, `by ${transport}`, site === undefined ? '' : `, ${origins[site] ?? site}`),
    h('p', {}, 'answered by ', h('code', {}, node)),
  ]
}

/** `Sec-Fetch-Site` in words. */
const origins: { readonly [site: string]: string } = {
  'same-origin': 'from a page of this origin',
  'same-site': 'from another origin of this site',
  'cross-site': 'from another site',
  none: 'opened by the user',
}

function credentialStep(credentials: readonly SeenCredential[]): Child[] {
  if (credentials.length === 0) return [h('p', {}, 'None')]
  return credentials.map((credential) => credentialLine(credential))
}

function credentialLine({ kind, via, name, value, read }: SeenCredential): HTMLElement {
  const where = via === 'cookie' ? `cookie ${name}` : via === 'authorization' ? 'Authorization' : `body, ${name}`
  return h(
    'p',
    {},
    h('span', { class: 'kind' }, kind),
    ' ',
    h('code', {}, value),
    ` in ${where}`,
    !read && h('span', { class: 'unread' }, 'not read in this configuration'),
  )
}

function sessionStep({ session: { outcome, text, reason }, store: { commands, cache } }: SeenRequest): Child[] {
  return [
    h('p', {}, h('span', { class: `outcome ${outcome}` }, outcomes[outcome]), ' ', text),
    reason !== undefined && h('p', {}, 'reason ', h('code', {}, reason)),
    cache !== undefined && h('p', {}, 'near-cache: ', cache),
    commands.length > 0 && h('p', {}, 'to the store: ', h('code', {}, commands.join(' '))),
  ]
}

function resultStep({ result: { status, code, body } }: SeenRequest, took: number): Child[] {
  return [
    h(
      'p',
      {},
      h('code', {}, status),
      code === undefined ? '' : ' ',
      code !== undefined && h('code', {}, code),
      ` in ${took.toFixed(1)} ms`,
    ),
    ...body.map((credential) => credentialLine(credential)),
  ]
}

function headerStep({ headers }: SeenRequest): Child[] {
  return headers.map(({ name, value }) =>
    h('p', { class: 'header' }, h('b', {}, `${name}:`), ' ', h('code', {}, value)),
  )
}

const outcomes: { readonly [O in Verdict['outcome']]: string } = {
  recognised: 'recognised',
  granted: 'granted',
  ended: 'ended',
  refused: 'refused',
  nobody: 'nobody',
  unasked: 'not asked',
  failed: 'no answer',
}

function brief({ outcome, reason }: Verdict): string {
  return reason ?? outcomes[outcome]
}

function statusClass(status: number): string {
  return status < 300 ? 'good' : status < 400 ? 'moved' : 'bad'
}
