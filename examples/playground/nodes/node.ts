/**
 * One node as a process of its own: it is told by its parent what it is, and ends with it.
 * @module
 */
import { type App, createApp } from '../app.ts'
import type { Found } from '../attacks/found.ts'
import type { Ended } from '../ends/ends.ts'
import type { Held } from '../ends/held.ts'
import type { Flags } from '../flags.ts'
import { type Listening, listen } from '../listen.ts'
import type { Note } from '../notes.ts'
import type { Place } from '../place.ts'

/** What one node tells all others. */
export type NodeNews =
  | { readonly type: 'note'; readonly note: Note }
  | { readonly type: 'found'; readonly found: Found }

/** From the parent: what to be, once, and the news of others. */
export type ToNode =
  | {
      readonly type: 'open'
      readonly origin: string
      readonly flags: Flags
      readonly place: Omit<Place, 'seed' | 'noted' | 'found' | 'ends'> & { readonly seed: string }
    }
  | NodeNews

/** To the parent: where it listens, or why not, its news, and what it accepted and ended. */
export type FromNode =
  | { readonly type: 'ready'; readonly port: number }
  | { readonly type: 'problem'; readonly message: string; readonly usage: boolean }
  | NodeNews
  | { readonly type: 'held'; readonly held: Held }
  | { readonly type: 'ended'; readonly ended: Ended }

let running: { readonly app: App; readonly listening: Listening } | undefined

process.on('message', (message: ToNode) => {
  if (message.type === 'open') void open(message)
  else if (message.type === 'note') running?.app.receiveNote(message.note)
  else running?.app.receiveFound(message.found)
})
process.on('disconnect', end)
process.on('SIGTERM', end)
// A terminal sends it to all; the parent ends its nodes by itself.
process.on('SIGINT', () => {})

async function open({ origin, flags, place }: ToNode & { readonly type: 'open' }): Promise<void> {
  const seed = Buffer.from(place.seed, 'base64url')
  try {
    const app = await createApp(origin, flags, undefined, {
      ...place,
      seed,
      noted: (note) => tell({ type: 'note', note }),
      found: (found) => tell({ type: 'found', found }),
      ends: {
        held: (held) => tell({ type: 'held', held }),
        ended: (ended) => tell({ type: 'ended', ended }),
      },
    })
    const listening = await listen(0)
    listening.serve(app.fetch, origin)
    running = { app, listening }
    tell({ type: 'ready', port: listening.port })
  } catch (error) {
    const usage = error instanceof TypeError || error instanceof RangeError
    tell({ type: 'problem', message: error instanceof Error ? error.message : 'it cannot be opened', usage })
  }
}

async function end(): Promise<void> {
  await running?.listening.close()
  await running?.app.close().catch(() => {})
  process.exit(0)
}

function tell(message: FromNode): void {
  if (process.connected) process.send?.(message)
}
