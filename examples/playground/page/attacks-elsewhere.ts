/**
 * Opens the attacker's page inside of this one, and looks at what harm it did.
 * @module
 */
import type { Finding } from '../attacks/attack.ts'
import { type Report, writtenElsewhere } from '../attacks/elsewhere-page.ts'
import type { Note } from '../notes.ts'
import { type Attacking, findingOf, type Take } from './attacks-steps.ts'
import type { Client } from './client.ts'
import { h } from './dom.ts'

/** Milliseconds within which the attacker's page is done, if it opens at all. */
const patience = 20_000

/** Lets the attacker's page do what it can, and has the harm judged. */
export async function visitElsewhere({ playground }: Attacking, take: Take): Promise<Finding> {
  const { client } = playground
  const opened = await take('open')
  if ('finding' in opened) return opened.finding
  const origin = String(opened.told.origin)
  const writtenBefore = await writtenNotes(client)
  await playground.look()
  const known = new Set(playground.requests.map(({ id }) => id))
  const report = await openFrame(origin)
  await playground.look()
  const arrived = playground.requests
    .filter(({ id, request }) => request.from === origin && !known.has(id))
    .map(({ request, credentials, result }) => ({ request, credentials, result }))
  const signedOut = !(await client.fetch('/api/me')).ok
  const written = (await writtenNotes(client)) > writtenBefore
  const read = report?.read.map(({ what }) => what) ?? []
  return findingOf(await take('judge', { arrived: arrived.toReversed(), signedOut, written, read }))
}

async function writtenNotes(client: Client): Promise<number> {
  const response = await client.fetch('/api/notes')
  if (!response.ok) return 0
  const { notes } = (await response.json()) as { readonly notes: readonly Note[] }
  return notes.filter(({ text }) => text.includes(writtenElsewhere)).length
}

/** Undefined where the page could not be opened, or does not say what it did. */
async function openFrame(origin: string): Promise<Report | undefined> {
  const frame = h('iframe', { src: `${origin}/`, title: 'The attacker’s page', hidden: true })
  const { promise, resolve } = Promise.withResolvers<Report | undefined>()
  const listen = ({ source, origin: from, data }: MessageEvent<Report | undefined>) => {
    if (source === frame.contentWindow && from === origin && data?.kind === 'handstamp-attack') resolve(data)
  }
  const tired = setTimeout(() => resolve(undefined), patience)
  addEventListener('message', listen)
  document.body.append(frame)
  try {
    return await promise
  } finally {
    clearTimeout(tired)
    removeEventListener('message', listen)
    frame.remove()
  }
}
