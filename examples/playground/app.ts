/**
 * ★ The whole application as one function from request to response: which path is whose.
 * @module
 */
import { localCookieName } from '@handstamp/core/cookie/prefix'
import type { AuthResult, Effect } from '@handstamp/server'
import { type Accounts, createAccounts, type User, userIds } from './accounts.ts'
import { feedKindOf, openActive } from './active.ts'
import { answerApi } from './api.ts'
import { openAssets } from './assets.ts'
import { openAttacks } from './attacks/attacks.ts'
import type { Found } from './attacks/found.ts'
import { type AuthSetting, judgePairs } from './auth.ts'
import { type Configuration, lifetimesOf, type Pair } from './configuration.ts'
import { createNotice } from './ends/notice.ts'
import { createFeedLog } from './feed-log.ts'
import type { Flags } from './flags.ts'
import { answerInternals } from './internals.ts'
import { createNotes, type Note } from './notes.ts'
import { frontPage } from './page.ts'
import { type Place, placeOf } from './place.ts'
import { plainPage } from './plain.ts'
import { failure, problem } from './problem.ts'
import { createRequestLog } from './request-log.ts'
import { kindOf } from './stores/stores.ts'

export interface App {
  fetch(request: Request): Promise<Response>
  /** A note that another node took. */
  receiveNote(note: Note): void
  /** What an attack came to that was run on another node. */
  receiveFound(found: Found): void
  /** Waits for what no answer waited for. */
  close(): Promise<void>
}

/**
 * Opens the application for one origin, as one node of one or several.
 *
 * @throws TypeError | RangeError where the library refuses the configuration.
 */
export async function createApp(
  origin: string,
  flags: Flags,
  accounts: Accounts = createAccounts(),
  place: Place = placeOf(flags),
): Promise<App> {
  const port = Number(new URL(origin).port)
  const names = { access: localCookieName('handstamp', port), refresh: localCookieName('handstamp', port, 'refresh') }
  const node = place.name
  const log = createRequestLog(names, node)
  const feedLog = createFeedLog(node)
  const notes = createNotes(place.noted)
  const assets = openAssets()
  const { asked, signInLimit, cache } = flags
  const setting: AuthSetting = { origin, asked, signInLimit, accounts, events: log.event }
  const open = (strategy: Configuration['strategy'], transport: Configuration['transport'], switches: number) =>
    openActive({ strategy, transport, switches }, { setting, place, cache, log, feedLog })
  let active = await open(flags.strategy, flags.transport, 0)
  const notice = createNotice({ origin, names, place, cache, active: () => active })
  let balance = place.balance
  let pairs: readonly Pair[] | undefined

  function configuration(): Configuration {
    const { strategy, transport, switches } = active
    pairs ??= judgePairs(setting)
    const store = strategy === 'token' ? 'none' : place.store.kind
    const { nodes } = place
    const servers = { nodes, balance, cache, feed: feedKindOf(place), shared: kindOf(place.store.kind).shared }
    return { strategy, transport, store, servers, lifetimes: lifetimesOf(strategy, asked), pairs, node, switches }
  }

  const internals = {
    origin,
    names,
    log,
    configuration,
    async configure(strategy: Configuration['strategy'], transport: Configuration['transport']) {
      const left = active
      // A store that others share, or that outlives us, still holds what was signed in.
      await left.endAll(userIds)
      active = await open(strategy, transport, left.switches + 1)
      await left.close()
    },
    setBalance(asked: typeof balance) {
      balance = asked
    },
    feed: feedLog.view,
    ends: notice.view,
  }
  const attacks = openAttacks({ origin, names, configuration, store: () => active.store }, place.found)

  /** Who opens a page, refreshed where that helps: a page can write cookies, so nobody needs to see it expire. */
  async function visitor(request: Request): Promise<AuthResult<User>> {
    const result = await active.auth.authenticate(request)
    if (result.ok || result.refreshable !== true || active.transport !== 'cookie') return result
    return active.auth.refresh(request)
  }

  function saw(request: Request, result: AuthResult<User>): void {
    log.saw(result)
    notice.saw(request, result)
  }

  async function showPage(request: Request, show: (result: AuthResult<User>) => Response): Promise<Response> {
    const result = await visitor(request)
    saw(request, result)
    // Opened from another site, a strict cookie stays behind; the page that reloads itself brings it along.
    if (!result.ok && result.crossSiteNavigation === true && active.transport === 'cookie')
      return active.auth.bounce(request)
    return active.auth.apply({ effects: pageEffects(result) }, show(result))
  }

  async function route(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url)
    const { auth, transport } = active
    if (pathname.startsWith('/api/'))
      return answerApi(request, { auth, notes, node, seen: (result) => saw(request, result) })
    if (pathname === '/' || pathname === '/plain') {
      if (request.method !== 'GET' && request.method !== 'HEAD')
        return problem(405, 'method_not_allowed', { allow: 'GET, HEAD' })
      return pathname === '/plain'
        ? showPage(request, (result) => plainPage(request, result, transport))
        : showPage(request, (result) =>
            frontPage({
              configuration: configuration(),
              attacks: attacks.cards,
              found: attacks.found(),
              ...known(result),
            }),
          )
    }
    if (asksWhoIsThere.test(pathname) && request.method !== 'OPTIONS') {
      // These routes keep their reason to themselves; for the list of requests it is asked for once more, without effects.
      const asked = log.aside(() => auth.authenticate(request, { readOnly: true }))
      await asked.then((result) => saw(request, result)).catch(() => {})
    }
    return (await auth.handler(request)) ?? problem(404, 'not_found')
  }

  /** Only cookies tell the server at once whether anybody is there; a token is in the page's hands. */
  function known(result: AuthResult<User>) {
    if (active.transport !== 'cookie') return {}
    return { session: result.ok ? result.session : null }
  }

  return {
    async fetch(request) {
      const { pathname } = new URL(request.url)
      try {
        if (pathname.startsWith('/playground/attacks/')) return await attacks.answer(request)
        if (pathname.startsWith('/playground/')) return await answerInternals(request, internals)
        if (pathname.startsWith('/assets/')) return (await assets.answer(pathname)) ?? problem(404, 'not_found')
        const probed = notice.probed(request)
        if (probed !== undefined) return await probed
        const response = await log.record(request, active, () => route(request).catch(failure))
        notice.answered(request, response)
        return request.method === 'HEAD' ? new Response(null, response) : response
      } catch (error) {
        return failure(error)
      }
    },
    receiveNote: notes.receive,
    receiveFound: attacks.receive,
    async close() {
      notice.close()
      await Promise.all([active.close(), attacks.close()])
    },
  }
}

const asksWhoIsThere = /^\/auth\/sessions?(?:\/|$)/

/** A page is shown to nobody as well: a challenge is for clients that can answer one. */
function pageEffects({ effects }: { readonly effects: readonly Effect[] }): readonly Effect[] {
  return effects.filter(({ type }) => type !== 'challenge')
}
