/**
 * One node's part in asking about what has ended: it tells what it accepted and what it ended, and answers when it is asked.
 * @module
 */
import type { Rejected } from '@handstamp/core/auth-result'
import type { AuthResult } from '@handstamp/server'
import type { User } from '../accounts.ts'
import type { Active } from '../active.ts'
import { now } from '../now.ts'
import type { Place } from '../place.ts'
import type { CookieNames } from '../seen.ts'
import { kindOf } from '../stores/stores.ts'
import { endedBy } from './ended-by.ts'
import { createEnds, type End, probe, switched } from './ends.ts'
import { heldIn } from './held.ts'

export interface NoticeSetting {
  readonly origin: string
  readonly names: CookieNames
  readonly place: Place
  /** Milliseconds for which the near-cache may be behind; undefined: there is none. */
  readonly cache: number | undefined
  readonly active: () => Active
}

export interface Notice {
  /** The question who is there was answered. */
  saw(request: Request, result: AuthResult<User>): void
  /** The answer is ready, and what it acknowledges has ended. */
  answered(request: Request, response: Response): void
  /** The answer to a question with an ended credential; undefined: it is none. */
  probed(request: Request): Promise<Response> | undefined
  /** Empty where another process asks the nodes. */
  view(): readonly End[]
  close(): void
}

export function createNotice({ origin, names, place, cache, active }: NoticeSetting): Notice {
  const alone = place.ends === undefined ? createEnds([{ name: place.name, ask: askMyself }]) : undefined
  const told = place.ends ?? alone
  const isShared = place.nodes === 1 || kindOf(place.store.kind).shared
  const known = new Map<string, string>()

  async function askMyself(headers: Readonly<Record<string, string>>): Promise<number> {
    const { status } = await answerProbe(new Request(origin + probe.path, { headers }))
    return status
  }

  async function answerProbe(request: Request): Promise<Response> {
    const { auth, switches } = active()
    if (request.headers.get(probe.mark) !== `${switches}`) return new Response(null, { status: switched })
    const result = await auth.authenticate(request, { readOnly: true })
    return result.ok ? new Response(null, { status: 200 }) : auth.challenge(result satisfies Rejected)
  }

  return {
    saw(request, result) {
      if (!result.ok) return
      const held = heldIn(request, active(), names)
      if (held === undefined || known.get(held.id) === held.header[1]) return
      if (known.size > 200) known.clear()
      known.set(held.id, held.header[1])
      told?.held({ expiresAt: result.session.expiresAt, ...held })
    },
    answered(request, response) {
      const own = heldIn(request, active(), names)
      const which = endedBy(request, response, own)
      if (which === undefined) return
      told?.ended({
        which,
        at: now(),
        node: place.name,
        switches: active().switches,
        ...(isShared ? { within: cache ?? 0 } : {}),
        ...(own === undefined ? {} : { own }),
      })
    },
    probed: (request) => (request.headers.has(probe.mark) ? answerProbe(request) : undefined),
    view: () => alone?.view() ?? [],
    close: () => alone?.close(),
  }
}
