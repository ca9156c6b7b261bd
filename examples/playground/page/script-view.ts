/**
 * What a script sees: cookies, storages, and the token taken apart. This page's own script is as good an example as any.
 * @module
 */
import { decodeUnverified } from '@handstamp/core/jwt/decode'
import type { SeenCookie } from '../internals.ts'
import { byId, type Child, h, render } from './dom.ts'
import { sayLeft } from './format.ts'
import type { Playground } from './playground.ts'

export function scriptView(playground: Playground): () => void {
  let revealed = false
  let token: string | undefined
  let expiry: number | undefined
  const reveal = byId('reveal') as HTMLInputElement
  reveal.addEventListener('change', () => {
    revealed = reveal.checked
    update()
  })
  setInterval(tick, 1_000)

  function update(): void {
    render(byId('cookies-view'), ...cookiesView(playground.cookies))
    render(byId('storages-view'), ...storageView('localStorage', revealed), ...storageView('sessionStorage', revealed))
    void findToken()
  }

  async function findToken(): Promise<void> {
    const { client } = playground
    const bearer = client.session ? await client.authorization() : null
    if (client !== playground.client) return
    token = bearer?.replace('Bearer ', '')
    render(byId('token-view'), ...tokenView())
    tick()
  }

  function tokenView(): Child[] {
    const { configuration, client } = playground
    expiry = undefined
    if (configuration.transport === 'cookie')
      return [
        empty('A script cannot see it: the credential is in an HttpOnly cookie, which the browser sends by itself.'),
      ]
    if (!client.session || token === undefined) return [empty('Nobody is signed in, so there is no token.')]
    const decoded = decodeUnverified(token)
    if (decoded === undefined)
      return [
        h('p', { class: 'view-note' }, 'No claims: an id that means something to the server alone.'),
        h('pre', { class: 'raw' }, masked(token, revealed)),
      ]
    const { exp } = decoded.claims
    if (typeof exp === 'number') expiry = exp * 1000
    return [
      h(
        'p',
        { class: 'view-note' },
        h('span', { id: 'countdown', class: 'countdown' }),
        ' Read, not verified: only the server can say that it is genuine.',
      ),
      h('h4', {}, 'Header'),
      h('pre', { class: 'raw' }, JSON.stringify(decoded.header, null, 2)),
      h('h4', {}, 'Claims'),
      h('pre', { class: 'raw' }, JSON.stringify(decoded.claims, null, 2)),
      h('h4', {}, 'As it travels'),
      h('pre', { class: 'raw' }, masked(token, revealed)),
    ]
  }

  function tick(): void {
    const countdown = document.getElementById('countdown')
    if (countdown === null || expiry === undefined) return
    const over = Date.now() >= expiry
    countdown.textContent = over ? 'Expired.' : `Good for ${sayLeft(expiry)}.`
    countdown.classList.toggle('over', over)
  }

  return update
}

function cookiesView(cookies: readonly SeenCookie[]): Child[] {
  const seen = document.cookie === '' ? [] : document.cookie.split('; ')
  return [
    h('h4', {}, 'document.cookie'),
    seen.length === 0
      ? empty('Empty. No cookie here is open to a script.')
      : h(
          'ul',
          { class: 'plain-list' },
          ...seen.map((pair) => h('li', {}, h('code', {}, `${pair.split('=')[0]}=…`), ' not ours')),
        ),
    h('h4', {}, 'What the server receives'),
    cookies.length === 0
      ? empty('No cookie of ours.')
      : h(
          'ul',
          { class: 'plain-list' },
          ...cookies.map(({ name, value, attributes }) =>
            h(
              'li',
              {},
              h('code', {}, `${name}=${value}`),
              h(
                'p',
                { class: 'attributes' },
                attributes === undefined ? 'Set before this start.' : attributes.split('; ').join(' · '),
              ),
            ),
          ),
        ),
  ]
}

function storageView(name: 'localStorage' | 'sessionStorage', revealed: boolean): Child[] {
  const entries = readStorage(name)
  return [
    h('h4', {}, name),
    entries.length === 0
      ? empty('Empty.')
      : h(
          'ul',
          { class: 'plain-list' },
          ...entries.map(([key, value]) =>
            h('li', {}, h('code', {}, key), h('pre', { class: 'raw' }, maskedValue(value, revealed))),
          ),
        ),
  ]
}

function readStorage(name: 'localStorage' | 'sessionStorage'): [string, string][] {
  try {
    const area = window[name]
    return Object.keys(area).map((key) => [key, area.getItem(key) ?? ''])
  } catch {
    return []
  }
}

function empty(text: string): HTMLElement {
  return h('p', { class: 'empty' }, text)
}

/** A value with its credentials masked, unless the user wants to see what any script sees. */
function maskedValue(value: string, revealed: boolean): string {
  if (revealed) return value
  return value.replace(/eyJ[\w-]+\.[\w.-]+|hs[sr]1\.[\w.-]+/g, (found) => masked(found, false))
}

function masked(text: string, revealed: boolean): string {
  return revealed ? text : `${text.slice(0, 9)}…•••`
}
