/**
 * `GET /auth/revocations?after=`: the feed in signed pages, for verifiers that have no connection to it.
 * @module
 */
import type { UserLike } from '@handstamp/core/schema'
import type { RevocationsClaims } from '@handstamp/core/wire'
import { feedStale } from './changes.ts'
import { deadlines, inTime } from './deadlines.ts'
import type { ReadableFeed } from './feeds/feed.ts'
import type { Settings } from './options.ts'
import { problem } from './problem.ts'

const limit = 1_000
const longestCursor = 256
const limits = deadlines(2_000)

/** A page that is full can have no other content later, so caches may keep it; the last one is good for a second. */
export async function revocationsRoute<User extends UserLike>(
  request: Request,
  { feed, strategy, clock }: Settings<User>,
): Promise<Response> {
  if (feed === undefined || strategy.signRevocations === undefined) return problem(404, 'not_found')
  const after = new URL(request.url).searchParams.get('after')
  if (after !== null && (after === '' || after.length > longestCursor)) return problem(400, 'invalid_request')
  const now = clock()
  const page = await inTime(limits, readPage(feed.log, after), feedStale)
  const token = await strategy.signRevocations({ iat: Math.floor(now / 1_000), ...page }, now)
  const caching = page.more ? 'public, max-age=300, immutable' : 'public, max-age=1'
  return new Response(token, { headers: { 'content-type': 'application/jwt', 'cache-control': caching } })
}

/** From the beginning where the cursor is unknown. */
async function readPage(
  log: ReadableFeed,
  after: string | null,
): Promise<Pick<RevocationsClaims, 'from' | 'to' | 'more' | 'facts'>> {
  const read = after === null ? 'gap' : await log.read(after, { waitMs: 0, limit })
  if (read !== 'gap')
    return { from: after, to: read.cursor, more: read.more ?? read.facts.length >= limit, facts: read.facts }
  const { facts, cursor } = await log.snapshot()
  return { from: null, to: cursor, more: false, facts }
}
