/**
 * Housekeeping: one folder after the other, a batch at a time, going on where the last one ended.
 * @module
 */
import { join } from 'node:path'
import type { Clock } from '@handstamp/core/clock'
import { isAuthError } from '@handstamp/core/errors'
import type { SessionStore } from '../store.ts'
import { type Directory, folders } from './directory.ts'
import { isPast, sessionsIn, type User } from './value.ts'
import type { Change, Writes } from './writes.ts'

/** Users looked at in one batch, whatever its limit. */
const longestBatch = 1_000
/** How long an epoch is kept that no session stands under: for a sign-in that has read it, or its absence. */
const epochRests = 86_400_000

interface Swept {
  readonly removed: number
  readonly more: boolean
}

interface Place {
  readonly path: string
  readonly leftovers: readonly string[]
}

export function sweepOf(directory: Directory, writes: Writes, clock: Clock): SessionStore['sweep'] {
  let folder = 0
  let places: Place[] = []

  function decide(user: User | undefined, before: number, limit: number): Change<Swept> {
    if (user === undefined) return { answer: { removed: 0, more: false } }
    const now = clock()
    // Whose a session is does not matter here, so its id is not made up.
    const past = [...sessionsIn(user, '')].filter(([, found]) => isPast(found, before - 1)).map(([digest]) => digest)
    const gone = new Set(past.slice(0, limit))
    const answer = { removed: gone.size, more: gone.size < past.length }
    const sessions = new Map([...user.sessions].filter(([digest]) => !gone.has(digest)))
    if (sessions.size === 0 && user.writtenAt + epochRests <= Math.min(before, now)) return { answer, next: 'none' }
    if (gone.size === 0) return { answer }
    return { answer, next: { ...user, writtenAt: Math.max(user.writtenAt, now), sessions } }
  }

  async function sweepAt({ path, leftovers }: Place, before: number, limit: number): Promise<Swept> {
    try {
      return await writes.clean(path, leftovers, (user) => decide(user, before, limit))
    } catch (error) {
      // Somebody is writing to this user, or stands still: the next round comes by again.
      if (isAuthError(error)) return { removed: 0, more: false }
      throw error
    }
  }

  return async ({ before, limit }) => {
    let removed = 0
    for (let looked = 0; looked < longestBatch && removed < limit; looked += 1) {
      const place = places.pop()
      if (place !== undefined) {
        const swept = await sweepAt(place, before, limit - removed)
        removed += swept.removed
        if (swept.more) places.push({ ...place, leftovers: [] })
      } else if (folder < folders) {
        folder += 1
        places = places.concat(placesIn(await directory.list(folder - 1)))
      } else {
        folder = 0
        return { removed, more: false }
      }
    }
    return { removed, more: true }
  }
}

/** One place for each user that anything there belongs to; what nobody of ours wrote is left alone. */
function placesIn({ path, names }: { readonly path: string; readonly names: readonly string[] }): Place[] {
  const places = new Map<string, string[]>()
  for (const name of names) {
    const [, user, kind] = /^([0-9a-f]{24})(?:\.(lock|[0-9a-f]{16}-\d{1,16}\.(?:tmp|claim)))?$/.exec(name) ?? []
    if (user === undefined || !path.endsWith(user.slice(0, 2))) continue
    const leftovers = places.get(user) ?? []
    // A lock is no file to remove: it is taken over, if its holder has ended.
    if (kind !== undefined) leftovers.push(name)
    places.set(user, leftovers)
  }
  return Array.from(places, ([user, leftovers]) => ({
    path: join(path, user),
    leftovers: leftovers.map((name) => join(path, name)),
  }))
}
