/**
 * `GET /auth/revocations?after=`: the feed in signed pages, for verifiers that have no connection to it.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import type { UserLike } from '@handstamp/core/schema'
import type { RevocationsClaims } from '@handstamp/core/wire'
import { feedStale } from './changes.ts'
import { deadlines, inTime } from './deadlines.ts'
import type { OpenFeed } from './feed-options.ts'
import type { ReadableFeed } from './feeds/feed.ts'
import { createKeptAnswers, type KeptAnswers } from './kept-answers.ts'
import type { Settings } from './options.ts'
import { problem } from './problem.ts'
import type { OpenStrategy } from './strategies/strategy.ts'

interface Page {
  readonly token: string
  readonly more: boolean
}

interface Pages {
  /** One, for all who come with no cursor or an unknown one. */
  readonly beginning: KeptAnswers<Page>
  readonly behind: KeptAnswers<Page | 'gap'>
}

interface Source {
  readonly log: ReadableFeed
  readonly clock: Clock
  readonly signed: NonNullable<OpenStrategy<unknown>['signRevocations']>
}

const limit = 1_000
const longestCursor = 256
const limits = deadlines(2_000)
/** Anybody may ask, so in a second the same page is read and signed once. */
const pagesOf = new WeakMap<OpenFeed, Pages>()

/** A page that is full can have no other content later, so caches may keep it; the last one is good for a second. */
export async function revocationsRoute<User extends UserLike>(
  request: Request,
  { feed, strategy, clock }: Settings<User>,
): Promise<Response> {
  if (feed === undefined || strategy.signRevocations === undefined) return problem(404, 'not_found')
  const after = new URL(request.url).searchParams.get('after')
  if (after !== null && (after === '' || after.length > longestCursor)) return problem(400, 'invalid_request')
  const pages = pagesOf.get(feed) ?? {
    beginning: createKeptAnswers<Page>(clock, 1),
    behind: createKeptAnswers<Page | 'gap'>(clock, 32),
  }
  pagesOf.set(feed, pages)
  const page = await findPage(pages, after, { log: feed.log, clock, signed: strategy.signRevocations })
  const caching = page.more ? 'public, max-age=300, immutable' : 'public, max-age=1'
  return new Response(page.token, { headers: { 'content-type': 'application/jwt', 'cache-control': caching } })
}

/** From the beginning where the cursor is unknown. */
async function findPage(
  { beginning, behind }: Pages,
  after: string | null,
  { log, clock, signed }: Source,
): Promise<Page> {
  async function sign(page: Omit<RevocationsClaims, 'iss' | 'iat'>, now: number): Promise<Page> {
    return { token: await signed({ iat: Math.floor(now / 1_000), ...page }, now), more: page.more }
  }

  async function readBehind(cursor: string): Promise<Page | 'gap'> {
    const now = clock()
    const read = await inTime(limits, log.read(cursor, { waitMs: 0, limit }), feedStale)
    if (read === 'gap') return read
    const { facts, cursor: to, more = facts.length >= limit } = read
    return sign({ from: cursor, to, more, facts }, now)
  }

  async function readBeginning(): Promise<Page> {
    const now = clock()
    const { facts, cursor } = await inTime(limits, log.snapshot(), feedStale)
    return sign({ from: null, to: cursor, more: false, facts }, now)
  }

  if (after !== null) {
    const page = await behind.get(after, () => readBehind(after))
    if (page !== 'gap') return page
    // Who asks for made-up cursors pushes out no page.
    behind.forget(after)
  }
  return beginning.get('', readBeginning)
}
