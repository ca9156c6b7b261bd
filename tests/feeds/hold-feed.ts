/**
 * What every feed must do, as cases without a runner.
 * @module
 */
import { encodeBase64url } from '@handstamp/core/base64url'
import type { ChangeFeed, Fact, Facts } from '@handstamp/server/feeds/feed'
import { describe, expect, test } from 'vitest'

export interface FeedSubject {
  /** A new log, and as many feeds of it as are asked for, each over connections of its own. */
  open(count: number): Promise<{ readonly feeds: readonly ChangeFeed[]; close(): Promise<void> }>
}

type Case = (feeds: readonly [ChangeFeed, ChangeFeed]) => Promise<void>

const soon = () => Date.now() + 60_000
const key = (kid: string, until = soon()): Fact => ({ kind: 'key', kid, until })
const now = { waitMs: 0, limit: 100 }

/** What a read answers where there is no gap. */
function facts(answer: Facts | 'gap'): Facts {
  if (answer === 'gap') throw new Error('a gap')
  return answer
}

const id = `${'A'.repeat(16)}.${'A'.repeat(43)}`

const cases: Readonly<Record<string, Case>> = {
  'what one appends, another reads, in order and unchanged': async ([one, other]) => {
    const { cursor } = await other.snapshot()
    const all: Fact[] = [
      { kind: 'session', id, until: soon() },
      { kind: 'user', handle: 'A'.repeat(16), epoch: 1_767_225_600_000_000, except: id, until: soon() },
      { kind: 'changed', id, version: 7, until: soon() },
      key('k\'"\\ü\u2028'),
    ]
    for (const fact of all) await one.append(fact)
    const seen = await readAll(other, cursor)
    expect(seen).toEqual(all)
  },

  'a read gives no more than its limit, and goes on after them': async ([one, other]) => {
    const { cursor } = await readySnapshot(one, other)
    for (let at = 0; at < 5; at += 1) await one.append(key(`k${at}`))
    const first = facts(await other.read(cursor, { waitMs: 0, limit: 3 }))
    expect(first.facts).toHaveLength(3)
    expect(facts(await other.read(first.cursor, { waitMs: 0, limit: 3 })).facts).toHaveLength(2)
  },

  'a read waits for a fact, and answers without one when its time is up': async ([one, other]) => {
    const { cursor } = await readySnapshot(one, other)
    expect(facts(await other.read(cursor, { waitMs: 20, limit: 1 }))).toMatchObject({ facts: [] })
    const waiting = other.read(cursor, { waitMs: 1_000, limit: 1 })
    await one.append(key('late'))
    expect(facts(await waiting).facts).toMatchObject([{ kid: 'late' }])
  },

  'a snapshot has what is not past, and its cursor is the end': async ([one, other]) => {
    await one.append(key('past', Date.now() - 1))
    await one.append(key('matters'))
    const { facts: all, cursor } = await other.snapshot()
    expect(all).toMatchObject([{ kid: 'matters' }])
    expect(facts(await other.read(cursor, now)).facts).toEqual([])
  },

  'an acknowledged fact is in every read that is asked for after it': async ([one, other]) => {
    const { cursor } = await readySnapshot(one, other)
    await Promise.all(
      Array.from({ length: 50 }, async (_, at) => {
        const kid = `many ${at}`
        await [one, other][at % 2]?.append(key(kid))
        const seen = await readAll(other, cursor)
        expect(seen.map((fact) => (fact.kind === 'key' ? fact.kid : ''))).toContain(kid)
      }),
    )
  },

  'a cursor that never was in this log is a gap': async ([one]) => {
    await one.append(key('first'))
    for (const cursor of ['', 'nonsense', '99999999999999-0', '1-1', encodeBase64url(new Uint8Array(20))])
      expect(await one.read(cursor, now)).toBe('gap')
  },
}

/** A log with something in it, so that its cursor is a place. */
async function readySnapshot(one: ChangeFeed, other: ChangeFeed): Promise<Facts> {
  await one.append(key('begin'))
  return other.snapshot()
}

async function readAll(feed: ChangeFeed, from: string): Promise<readonly Fact[]> {
  const answer = await feed.read(from, { waitMs: 0, limit: 1_000 })
  return answer === 'gap' ? (await feed.snapshot()).facts : answer.facts
}

/** Registers every case. `isInstalled` false: they are counted as skipped. */
export function holdFeed(name: string, isInstalled: boolean, subject: FeedSubject): void {
  describe.skipIf(!isInstalled)(`the feed of ${name}`, () => {
    for (const [promise, run] of Object.entries(cases)) {
      test(promise, async () => {
        const { feeds, close } = await subject.open(2)
        const [one, other] = feeds
        try {
          if (one && other) await run([one, other])
        } finally {
          await close()
        }
      })
    }
  })
}
