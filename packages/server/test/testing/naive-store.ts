/**
 * A second, simplest implementation of the store contract, which can be broken in one place at a time.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { handleOf, isSessionId } from '@handstamp/core/credential'
import { isExpired, type SessionRecord } from '@handstamp/core/session'
import { frozenJson } from '../../src/json-value.ts'
import { replacementOf } from '../../src/replacement.ts'
import { epochAt, type Found, type SessionStore } from '../../src/stores/store.ts'

/** The ways in which stores have been wrong. */
export const defects = [
  'find ignores the idle expiry',
  'find ignores the absolute expiry',
  'an epoch that ended lives on',
  'epochs are microseconds for ever',
  'ids match without case',
  'the handle is not looked at',
  'records are shared',
  'values are not checked',
  'values go through JSON unseen',
  'save overwrites',
  'save ignores the epoch',
  'save takes an absent epoch for any',
  'save pauses between compare and set',
  'save ignores the cap',
  'save drops the newest over the cap',
  'the cap counts the expired',
  'the cap drops the first made',
  'save never refuses',
  'save always refuses',
  'save refuses one too early',
  'save refuses and evicts',
  'save refuses and saves',
  'the expired are refused for',
  'full comes before epoch',
  'full comes before exists',
  'save pauses between count and set',
  'the epoch goes with the last session',
  'replace creates',
  'replace ignores the version',
  'replace pauses between compare and set',
  'replace keeps the version',
  'replace merges fields',
  'the absolute expiry can move',
  'the idle expiry can go back',
  'as leaves the old id',
  'as takes over a session',
  'delete is always true',
  'listByUser lists the expired',
  'deleteByUser keeps the epoch',
  'deleteByUser takes the time alone',
  'deleteByUser knows no new users',
  'except is not rewritten',
  'except keeps its version',
  'sweep takes the living',
  'sweep takes no limit',
  'sweep never ends',
  'odd ids are saved',
  'large values are cut',
] as const

export type Defect = (typeof defects)[number]

interface User {
  epoch: number
  readonly records: Map<string, SessionRecord>
}

export function naiveStore({ clock, defect }: { readonly clock: Clock; readonly defect?: Defect }): SessionStore {
  const users = new Map<string, User>()
  let versions = 0
  const is = (one: Defect): boolean => defect === one
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
  const key = (id: string): string => (is('ids match without case') ? id.toLowerCase() : id)

  function userOf(id: string): User | undefined {
    if (!is('the handle is not looked at')) return users.get(handleOf(id))
    return [...users.values()].find(({ records }) => [...records.keys()].some((own) => own.slice(17) === id.slice(17)))
  }

  function copy(record: SessionRecord, version: number): SessionRecord {
    if (is('records are shared')) return Object.assign(record, { version })
    if (is('values are not checked')) return structuredClone({ ...record, version })
    if (is('values go through JSON unseen')) return JSON.parse(JSON.stringify({ ...record, version })) as SessionRecord
    const checked = structuredClone(frozenJson({ ...record, version }, 'record'))
    if (!is('large values are cut')) return checked
    return JSON.parse(JSON.stringify(checked).replace(/"([^"]{65535})[^"]*"/, '"$1"')) as SessionRecord
  }

  function lives(user: User, record: SessionRecord): boolean {
    if (record.epoch !== user.epoch && !is('an epoch that ended lives on')) return false
    const { expiresAt, idleUntil } = record
    if (is('find ignores the idle expiry')) return !isExpired({ expiresAt, idleUntil: expiresAt }, clock())
    if (is('find ignores the absolute expiry')) return !isExpired({ expiresAt: idleUntil, idleUntil }, clock())
    return !isExpired(record, clock())
  }

  function isFull(user: User | undefined, cap: number): boolean {
    const records = [...(user?.records.values() ?? [])]
    const counted = records.filter((one) => is('the expired are refused for') || (user && lives(user, one)))
    if (is('save always refuses')) return true
    return counted.length >= (is('save refuses one too early') ? cap - 1 : cap)
  }

  function found(record: SessionRecord): Found {
    const given = is('records are shared') ? record : structuredClone(record)
    return { record: given, version: record.version }
  }

  function recordIn(user: User | undefined, id: string): SessionRecord | undefined {
    if (user === undefined) return undefined
    for (const [own, record] of user.records)
      if (key(own) === key(id) || (is('the handle is not looked at') && own.slice(17) === id.slice(17))) return record
    return undefined
  }

  return {
    async find(id) {
      const user = userOf(id)
      const record = recordIn(user, id)
      return user && record && lives(user, record) ? found(record) : undefined
    },

    async save(id, record, { epoch, cap, full }) {
      if (!isSessionId(id) && !is('odd ids are saved')) throw new TypeError('no session id')
      const user = users.get(handleOf(id))
      const free = is('save takes an absent epoch for any') && epoch === undefined
      const refused = full === 'refuse' && !is('save never refuses') && isFull(user, cap)
      if (refused && is('full comes before epoch')) return 'full'
      if (user?.epoch !== epoch && !is('save ignores the epoch') && !free) return 'epoch'
      if (refused && is('full comes before exists')) return 'full'
      if (user?.records.has(id) && !is('save overwrites')) return 'exists'
      if (refused && is('save refuses and evicts')) user?.records.delete([...user.records.keys()][0] ?? '')
      if (refused && is('save refuses and saves')) user?.records.set(id, copy(record, 1))
      if (refused) return 'full'
      if (is('save pauses between compare and set')) await pause()
      if (is('save pauses between count and set') && full === 'refuse') await pause()
      versions += 1
      const kept = copy(record, versions)
      const into = user ?? { epoch: record.epoch, records: new Map<string, SessionRecord>() }
      users.set(handleOf(id), into)
      const counted = [...into.records.values()].filter((one) => is('the cap counts the expired') || lives(into, one))
      const by = is('the cap drops the first made') ? 'createdAt' : 'lastSeenAt'
      counted.sort((a, b) => a[by] - b[by])
      if (is('save drops the newest over the cap')) counted.reverse()
      const over = is('save ignores the cap') ? 0 : Math.max(0, counted.length - cap + 1)
      for (const one of counted.slice(0, over)) into.records.delete(one.id)
      into.records.set(id, kept)
      return 'saved'
    },

    async replace(id, expectedVersion, record, { as = id } = {}) {
      const user = userOf(id)
      const old = recordIn(user, id)
      if (user && !old && is('replace creates')) {
        versions += 1
        user.records.set(id, copy(record, versions))
        return true
      }
      if (!user || !old || !lives(user, old) || (old.version !== expectedVersion && !is('replace ignores the version')))
        return false
      const taken = as !== id && (user.records.has(as) || handleOf(as) !== handleOf(id))
      if (taken && !is('as takes over a session')) return false
      if (is('replace pauses between compare and set')) await pause()
      versions += 1
      const next: Partial<SessionRecord> = replacementOf(old, record)
      if (is('the absolute expiry can move')) Object.assign(next, { expiresAt: record.expiresAt })
      if (is('the idle expiry can go back')) Object.assign(next, { idleUntil: record.idleUntil })
      const merged = is('replace merges fields') ? { ...old, ...next } : next
      const version = is('replace keeps the version') ? old.version : versions
      const kept = copy({ ...merged, id: as } as SessionRecord, version)
      if (!is('as leaves the old id')) user.records.delete(id)
      user.records.set(as, kept)
      return true
    },

    async delete(id) {
      const user = userOf(id)
      const ended = user?.records.delete(id) === true
      if (user?.records.size === 0 && is('the epoch goes with the last session')) users.delete(handleOf(id))
      return ended || is('delete is always true')
    },

    async listByUser(handle) {
      const user = users.get(handle)
      const live = [...(user?.records.values() ?? [])].filter(
        (one) => is('listByUser lists the expired') || (user && lives(user, one)),
      )
      return { epoch: user?.epoch, sessions: live.map((one) => ({ ...found(one), id: one.id })) }
    },

    async deleteByUser(handle, { except } = {}) {
      const known = users.get(handle)
      const user = known ?? { epoch: 0, records: new Map<string, SessionRecord>() }
      if (!is('deleteByUser knows no new users')) users.set(handle, user)
      const now = is('epochs are microseconds for ever') ? clock() * 1000 : epochAt(clock())
      if (is('deleteByUser takes the time alone')) user.epoch = now
      else if (!is('deleteByUser keeps the epoch') || !known) user.epoch = Math.max(now, user.epoch + 1)
      for (const [id, record] of user.records) {
        const keep = id === except && !isExpired(record, clock())
        if (!keep && !is('an epoch that ended lives on')) user.records.delete(id)
        if (!keep || is('except is not rewritten')) continue
        versions += 1
        user.records.set(
          id,
          copy({ ...record, epoch: user.epoch }, is('except keeps its version') ? record.version : versions),
        )
      }
      return { epoch: user.epoch }
    },

    async sweep({ before, limit }) {
      let removed = 0
      for (const { records } of users.values()) {
        for (const [id, record] of records) {
          const due = Math.min(record.expiresAt, record.idleUntil) < before || is('sweep takes the living')
          if (!due || (removed === limit && !is('sweep takes no limit'))) continue
          records.delete(id)
          removed += 1
        }
      }
      return { removed, more: removed === limit || is('sweep never ends') }
    },
  }
}
