import { userHandle } from '@handstamp/core/secret'
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { createClient } from 'redis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Opened, sharedStores } from './fire-stores.ts'
import { type Downgraded, downgrade } from './rolling/downgrade.ts'
import { type Fleet, openFleet } from './rolling/fleet.ts'
import type { Place } from './rolling/job.ts'
import { roll } from './rolling/roll.ts'
import type { Version } from './rolling/versions.ts'

/** At length by HANDSTAMP_ROLLING: on every store, and with so many visitors of each strategy. */
const atLength = Number(process.env.HANDSTAMP_ROLLING ?? 0)
const names = atLength > 0 ? ['Redis', 'memcached', 'files', 'SQLite', 'PostgreSQL'] : ['Redis']
const stores = sharedStores.filter(({ name }) => names.includes(name))
const visitors = Math.max(1, atLength)

describe.skipIf(!redisIsInstalled()).each(stores)('two versions on $name', (shared) => {
  const { name } = shared
  let feed: Awaited<ReturnType<typeof startRedis>>
  let place: Omit<Place, 'prefix'>
  let opened: Opened
  let stop: () => Promise<void>

  beforeAll(async () => {
    if (!shared.isInstalled) return
    feed = await startRedis()
    const started = await shared.start()
    stop = started.stop
    opened = await shared.open(started.at)
    place = { store: name, at: started.at, feed: `redis://127.0.0.1:${feed.port}` }
  })
  afterAll(async () => {
    await opened?.close()
    await stop?.()
    await feed?.stop()
  })

  async function withFleet<T>(versions: readonly Version[], work: (fleet: Fleet) => Promise<T>): Promise<T> {
    const fleet = await openFleet(versions)
    try {
      const answer = await work(fleet)
      expect(fleet.troubles).toEqual([])
      return answer
    } finally {
      await fleet.close()
    }
  }

  async function rolled(older: Version, newer: Version, prefix: string) {
    const figures = await withFleet([older, newer], (fleet) =>
      roll(fleet, { older, newer, place: { ...place, prefix }, visitors, rounds: 2 }),
    )
    const { visitors: all, signed, asked, unavailable, ended, signedOut, revived, forked } = figures
    const counts = { signedOut: signedOut.length, revived: revived.length, forked: forked.length }
    console.log(
      JSON.stringify({
        ...{ requirement: 'R22', store: name, older, newer, visitors: all.length, asked, unavailable, ended },
        ...counts,
      }),
    )
    return { ...figures, signed: [...signed].sort() }
  }

  const possible = shared.isInstalled ? test : test.skip

  possible('a rolling deploy and the way back sign nobody out, and revive nobody (R22)', async () => {
    const figures = await rolled('N', 'N+1', 'roll:')
    expect(figures).toMatchObject({ signedOut: [], revived: [], forked: [] })
    // Both versions signed with both keys, and only the later one said more.
    expect(figures.signed).toEqual(['N first false', 'N second false', 'N+1 first true', 'N+1 second true'])
    // What only the later one writes has been there, and this one has kept it at every write.
    for (const visitor of figures.visitors.slice(0, 4 * visitors).filter(({ strategy }) => strategy !== 'token')) {
      const { sessions } = await opened.store.listByUser(userHandle(visitor.name))
      expect(sessions.map(({ record }) => record)).toEqual([expect.objectContaining({ v: 1, later: ['kept'] })])
    }
    const client = await createClient({ url: place.feed }).connect()
    const facts = await client.xRange('roll:feed', '-', '+')
    client.destroy()
    expect(facts?.some(({ message }) => message.fact?.includes('"kind":"later"'))).toBe(true)
  })

  const possibleAt = (...places: readonly string[]) => (places.includes(name) && atLength > 0 ? possible : undefined)

  possibleAt('Redis', 'files')?.(
    'a format that one release reads before the next one writes it signs nobody out (R22)',
    async () => {
      const figures = await rolled('N+1', 'N+2 anew', 'formats:')
      expect(figures).toMatchObject({ signedOut: [], revived: [], forked: [] })
    },
  )

  possibleAt('Redis')?.('a format that was written at once is seen to sign people out', async () => {
    const figures = await rolled('N', 'N+2', 'hasty:')
    expect(figures.signedOut).toContainEqual(expect.stringMatching(/^session .* at N: 401 invalid_token$/))
    expect(figures.signedOut).toContainEqual(expect.stringMatching(/^hybrid .*refresh at N: 400 invalid_grant$/))
    expect(figures.revived).toEqual([])
  })

  // Tables have no layout but their columns.
  possible.each(name.includes('SQL') ? (['N+2'] as const) : (['N+2', 'N+2 anew'] as const))(
    'what %s has written is refused without a trace, and can be ended (R22)',
    async (later) => {
      const prefix = later === 'N+2' ? 'later:' : 'anew:'
      const answers = await withFleet(['N', later], (fleet) => downgrade(fleet, later, { ...place, prefix }))
      // Decisions 11 and 13: what is one text for each user is written anew by a sign-in that cannot read it.
      const besides = later === 'N+2 anew' && ['files', 'memcached'].includes(name) ? '400 invalid_grant' : '200'
      expect(answers.session).toEqual({ ...unread, besides })
      expect(answers.stored).toEqual({ ...unread, ...genuine, besides })
      expect(answers.hybrid).toEqual({ ...unread, ...genuine, besides })
      expect(answers.token).toEqual(ownProof)
    },
  )
})

/** A session of which this version can read nothing. */
const unread: Downgraded = {
  asked: '401 invalid_token',
  refreshed: '400 invalid_grant',
  steppedUp: '401 invalid_token',
  untouched: '200',
  ownHere: '200',
  ownThere: '200',
  besides: '200',
  signedOut: '204',
  afterSignOut: '400 invalid_grant',
  afterEndAll: '400 invalid_grant',
  doubted: '200',
  afterDoubt: '200',
}

/** A token that this version can read, of a session that it cannot: it is good by itself, as long as the feed proves so. */
const genuine = { asked: '200', doubted: '503 temporarily_unavailable' }

/** Without a record there is nothing that could not be read, and nothing that could be ended. */
const ownProof: Downgraded = {
  ...unread,
  ...genuine,
  refreshed: '200',
  steppedUp: '200',
  signedOut: '200',
  afterSignOut: '200',
  afterEndAll: '200',
}
