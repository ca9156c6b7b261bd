/**
 * The last requests, in memory and masked, for the page of the playground.
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { StrategyKind } from '@handstamp/core/shape'
import type { AuthEvent, AuthResult, Transport } from '@handstamp/server'
import type { User } from './accounts.ts'
import { marks } from './configuration.ts'
import { maskSetCookie } from './mask.ts'
import { type CookieNames, type SeenRequest, seenCredentials, seenHeaders, seenRequest, seenResult } from './seen.ts'
import { verdictOf, type Witness } from './verdict.ts'

const kept = 20

export interface RequestLog {
  /** Answers a request and keeps what was seen of it. */
  record(
    request: Request,
    configured: { readonly strategy: StrategyKind; readonly transport: Transport },
    answer: () => Promise<Response>,
  ): Promise<Response>
  /** Who was there, as the route that is being answered found out. */
  saw(result: AuthResult<User>): void
  /** What the library tells while a request is answered. */
  event(event: AuthEvent): void
  /** Runs what the application would not do: nothing of it is seen. */
  aside<T>(task: () => T): T
  /** A command that goes to the store. */
  command(name: string): void
  /** What the near-cache said. */
  cache(outcome: 'hit' | 'miss'): void
  /** Newest first. */
  recent(): readonly SeenRequest[]
  /** The attributes with which a cookie was set last; undefined: not since the start. */
  attributesOf(cookie: string): string | undefined
}

export function createRequestLog(names: CookieNames, node: string): RequestLog {
  const witnesses = new AsyncLocalStorage<Witness>()
  const attributes = new Map<string, string>()
  let entries: readonly SeenRequest[] = []
  let count = 0

  return {
    async record(request, { strategy, transport }, answer) {
      const at = Date.now()
      const credentials = await seenCredentials(request, transport, names)
      const witness: Witness = { result: undefined, events: [], commands: [], cache: undefined }
      const began = performance.now()
      const response = await witnesses.run(witness, answer)
      const took = performance.now() - began
      for (const line of response.headers.getSetCookie()) {
        const { name, value, rest } = maskSetCookie(line)
        if (value !== '') attributes.set(name, rest)
      }
      const { pathname } = new URL(request.url)
      const result = await seenResult(response)
      count += 1
      const { commands, cache } = witness
      const entry: SeenRequest = {
        id: `${node} ${count}`,
        node,
        at,
        took,
        request: seenRequest(request, transport),
        credentials,
        session: verdictOf(witness, strategy, { pathname, status: response.status }),
        store: { commands, ...(cache === undefined ? {} : { cache }) },
        result,
        headers: seenHeaders(response.headers),
      }
      entries = [entry, ...entries].slice(0, kept)
      // Headers may be immutable, so they are written on a copy.
      const marked = new Response(response.body, response)
      marked.headers.set(marks.node, node)
      marked.headers.set(marks.commands, commands.join(' '))
      if (cache !== undefined) marked.headers.set(marks.cache, cache)
      return marked
    },
    saw(result) {
      const witness = witnesses.getStore()
      if (witness) witness.result = result
    },
    event: (event) => void witnesses.getStore()?.events.push(event),
    aside: (task) => witnesses.exit(task),
    command: (name) => void witnesses.getStore()?.commands.push(name),
    cache(outcome) {
      const witness = witnesses.getStore()
      if (witness) witness.cache = outcome
    },
    recent: () => entries,
    attributesOf: (cookie) => attributes.get(cookie),
  }
}
