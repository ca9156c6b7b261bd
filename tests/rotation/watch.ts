/**
 * Holds a run to the invariants of the protocol, I1–I7, by what the store was asked, what it holds and what was handed out.
 * @module
 */
import { userHandle } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import { times } from './config.ts'
import { hashOf, idOf, readToken, type Token } from './reference.ts'
import { claimsOf, type Operation, type World } from './world.ts'

/** `rule` is the name of what was broken; a shrunk schedule must still break the same. */
export class Violation extends Error {
  readonly rule: string

  constructor(rule: string, message: string) {
    super(`${rule}: ${message}`)
    this.rule = rule
  }
}

/** What is known of one session since it began. */
export interface Family {
  readonly id: string
  readonly userId: string
  readonly first: Pick<SessionRecord, 'createdAt' | 'expiresAt' | 'authTime'>
  record: SessionRecord
  /** Hash of the live token and time of rotation, by generation, as first written. */
  readonly line: Map<number, { readonly cur: string; readonly rotatedAt: number }>
  /** Hashes of live tokens that the store lost in a failover. */
  readonly lost: Set<string>
  /** What each presented token was answered with. */
  readonly answers: Map<string, string>
  ended: { readonly by: string; readonly step: number } | undefined
  reuses: number
}

export interface Watch {
  readonly families: ReadonlyMap<string, Family>
  /** Refresh tokens handed out, oldest first, and access tokens. */
  readonly refreshTokens: readonly string[]
  readonly accessTokens: readonly string[]
  begin(step: number): void
  /** A call was applied to the store. */
  applied(operation: Operation, method: string, args: readonly unknown[], value: unknown): void
  finished(operation: Operation): Promise<void>
  /** The store lost its last writes (a failover): this record is the newest again. */
  rolledBack(record: SessionRecord): void
  /** What the store holds now. */
  look(): Promise<void>
}

const refreshing: ReadonlySet<string> = new Set(['refresh', 'replay', 'tamper', 'future'])

export function isRefresh({ kind }: Operation): boolean {
  return refreshing.has(kind)
}

export function createWatch(world: World): Watch {
  const { config, raw, users, events, forgiven } = world
  const families = new Map<string, Family>()
  const refreshTokens: string[] = []
  const accessTokens: string[] = []
  /** The step of the latest end of everything, by user. */
  const bumpedAt = new Map<string, number>()
  let step = 0
  let seenEvents = 0

  function familyOf(id: string): Family {
    const family = families.get(id)
    if (!family) throw new Violation('I6', `session ${id.slice(17, 23)} was never begun`)
    return family
  }

  function keep(record: SessionRecord, first: Family['first']): void {
    families.set(record.id, {
      id: record.id,
      userId: record.userId,
      first,
      record,
      line: new Map(record.rotation ? [[record.rotation.g, record.rotation]] : []),
      lost: new Set(),
      answers: new Map(),
      ended: undefined,
      reuses: 0,
    })
  }

  function end(family: Family, by: string): void {
    family.ended ??= { by, step }
  }

  /** The proof that a spent token was presented, without which no refresh may end anything. */
  function isTheft(operation: Operation, record: SessionRecord): boolean {
    const { presented, found } = operation
    const live = found?.value?.record.rotation
    if (presented === undefined || live === undefined || found === undefined || !presented.startsWith('hsr1.'))
      return false
    const token = readToken(presented)
    const { expiresAt, idleUntil } = found.value?.record ?? record
    if (idOf(token) !== record.id || found.now >= Math.min(expiresAt, idleUntil)) return false
    if (token.g < live.g - 1) return true
    // As it was first written, unless a failover took that rotation back since.
    const first = families.get(record.id)?.line.get(live.g)
    const since = first?.cur === live.cur ? first.rotatedAt : live.rotatedAt
    return token.g === live.g - 1 && hashOf(token) === live.prev && found.now - since > forgiven
  }

  function rotated(family: Family, to: SessionRecord): void {
    const before = family.record.rotation
    const after = to.rotation
    if (!before || !after || (before.g === after.g && before.cur === after.cur)) return
    if (family.line.has(after.g)) throw new Violation('I1', `generation ${after.g} was made twice: the family forked`)
    if (after.g !== before.g + 1) throw new Violation('I1', `from generation ${before.g} to ${after.g}`)
    if (before.g > 0 && after.rotatedAt - before.rotatedAt <= forgiven)
      throw new Violation('I4', `rotated ${after.rotatedAt - before.rotatedAt} ms after the rotation before`)
    family.line.set(after.g, after)
  }

  function replaced(operation: Operation, id: string, to: SessionRecord, as: string | undefined): void {
    const family = familyOf(id)
    if (family.ended) throw new Violation('I6', `a write to a session that ${family.ended.by} had ended`)
    if (as === undefined || as === id) {
      rotated(family, to)
      family.record = { ...to, id }
      return
    }
    if (operation.kind !== 'renew') throw new Violation('I6', `${operation.kind} moved a session`)
    end(family, 'renew')
    keep({ ...to, id: as }, { ...family.first, authTime: to.authTime })
  }

  function granted(operation: Operation, grant: { id: string; access?: string; refresh?: string }): void {
    const family = familyOf(grant.id)
    const readOnly = operation.kind === 'authenticate'
    if (family.ended && family.ended.step < operation.appliedAt)
      throw new Violation('I6', `${operation.kind} was answered after ${family.ended.by} had ended the session`)
    if (grant.access !== undefined) {
      accessTokens.push(grant.access)
      if (grant.access.startsWith('ey')) {
        const { exp, auth_time } = claimsOf(grant.access)
        if (exp * 1000 > family.first.expiresAt) throw new Violation('I7', 'an access token outlives its session')
        if (auth_time * 1000 !== family.first.authTime) throw new Violation('I7', 'auth_time moved')
      }
    }
    if (grant.refresh === undefined || readOnly) return
    const token = readToken(grant.refresh)
    if (idOf(token) !== family.id) throw new Violation('I1', 'a token of another family was handed out')
    if (family.lost.has(hashOf(token))) return void refreshTokens.push(grant.refresh)
    if (family.line.get(token.g)?.cur !== hashOf(token))
      throw new Violation('I1', `a token was handed out that is not generation ${token.g} of the line`)
    refreshTokens.push(grant.refresh)
    if (isRefresh(operation)) answered(operation, family, token, grant.refresh)
  }

  function answered({ presented = '', found }: Operation, family: Family, token: Token, text: string): void {
    const from = readToken(presented)
    if (from.g === token.g) return
    const before = family.answers.get(presented)
    if (before !== undefined && before !== text) throw new Violation('I2', 'one token, two different successors')
    family.answers.set(presented, text)
    // It was spent when it was looked at: so this is a replay, and the grace since the rotation counts.
    const spent = found?.value?.record.rotation?.g === token.g
    const age = (found?.now ?? 0) - (family.line.get(token.g)?.rotatedAt ?? 0)
    if (spent && age > forgiven) throw new Violation('I3', `a replay was answered ${age} ms after the rotation`)
  }

  function checkExpiry(operation: Operation): void {
    const { kind, presented, server } = operation
    if (kind !== 'authenticate' || !presented?.startsWith('ey')) return
    const { exp } = claimsOf(presented)
    if (server.now() - times.tolerance >= exp * 1000) throw new Violation('I6', 'an access token outlived its exp')
  }

  /** An end that was acknowledged is one. */
  async function checkEnds({ kind, ends }: Operation): Promise<void> {
    for (const id of ends) {
      if (await raw.find(id)) throw new Violation('I6', `${kind} was acknowledged, and the session lives on`)
    }
  }

  function checkEvents(): void {
    for (const event of events.slice(seenEvents)) {
      if (event.type !== 'refresh.reuse') continue
      const family = familyOf(event.sessionId)
      family.reuses += 1
      if (family.reuses > 1) throw new Violation('I5', 'one theft was told twice')
      if (!family.ended) throw new Violation('I5', 'a theft was told, and the family lives on')
    }
    seenEvents = events.length
  }

  return {
    families,
    refreshTokens,
    accessTokens,
    begin(at) {
      step = at
    },

    applied(operation, method, args, value) {
      operation.appliedAt = step
      const [id] = args as readonly [string]
      if (method === 'find') {
        if (value !== undefined && families.get(id)?.ended) throw new Violation('I6', 'an ended session was found')
      } else if (method === 'save' && value === 'saved') {
        const record = args[1] as SessionRecord
        if (operation.provenAt <= (bumpedAt.get(record.userId) ?? -1))
          throw new Violation('I6', 'a sign-in that was proven before everything ended came through')
        keep(record, record)
      } else if (method === 'replace' && value === true) {
        replaced(operation, id, args[2] as SessionRecord, (args[3] as { as?: string } | undefined)?.as)
      } else if (method === 'delete' && value === true) {
        const family = familyOf(id)
        if (isRefresh(operation) && !isTheft(operation, family.record))
          throw new Violation('I5', `${operation.kind} ended a session without proof of theft`)
        end(family, operation.kind)
      } else if (method === 'deleteByUser') {
        const except = (args[1] as { except?: string } | undefined)?.except
        for (const family of families.values())
          if (family.id.startsWith(id) && family.id !== except) end(family, 'revokeAll')
        for (const user of users) if (userHandle(user.id) === id) bumpedAt.set(user.id, step)
      }
    },

    async finished(operation) {
      const { outcome } = operation
      checkEvents()
      if (outcome?.is === 'granted') {
        granted(operation, outcome.grant)
        checkExpiry(operation)
      } else if (outcome?.is === 'done') await checkEnds(operation)
      const record = operation.found?.value?.record
      if (outcome?.is === 'refused' && record && isRefresh(operation) && isTheft(operation, record)) {
        if (await raw.find(record.id)) throw new Violation('I5', 'a spent token was presented, and the family lives on')
      }
    },

    rolledBack(record) {
      const family = familyOf(record.id)
      family.record = record
      for (const [g, { cur }] of family.line) {
        if (g <= (record.rotation?.g ?? 0)) continue
        family.lost.add(cur)
        family.line.delete(g)
      }
      family.answers.clear()
    },

    async look() {
      const held = new Map<string, SessionRecord>()
      for (const handle of new Set([...families.keys()].map((id) => id.slice(0, 16)))) {
        for (const { id, record } of (await raw.listByUser(handle)).sessions) held.set(id, record)
      }
      for (const record of held.values()) checkRecord(familyOf(record.id), record)
      for (const family of families.values()) {
        if (family.ended || held.has(family.id)) continue
        if (world.storeNow() < Math.min(family.record.expiresAt, family.record.idleUntil))
          throw new Violation('I5', `session ${family.id.slice(17, 23)} is gone without a cause`)
        end(family, 'time')
      }
    },
  }

  function checkRecord(family: Family, record: SessionRecord): void {
    if (family.ended) throw new Violation('I6', `a session lives on that ${family.ended.by} had ended`)
    for (const name of ['createdAt', 'expiresAt', 'authTime'] as const)
      if (record[name] !== family.first[name]) throw new Violation('I7', `${name} moved`)
    if (record.idleUntil > record.expiresAt) throw new Violation('I7', 'the idle expiry is past the absolute one')
    family.record = record
    const { rotation } = record
    if (config.strategy !== 'hybrid' || !rotation) return
    const known = family.line.get(rotation.g)
    if (known?.cur !== rotation.cur) throw new Violation('I1', `generation ${rotation.g} has a second live leaf`)
    if (known.rotatedAt !== rotation.rotatedAt) throw new Violation('I3', 'the time of the rotation moved')
    if (rotation.prev !== (family.line.get(rotation.g - 1)?.cur ?? null))
      throw new Violation('I1', 'the token before the live one is another')
  }
}
