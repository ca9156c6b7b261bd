/**
 * The facts that one process knows of, and what they say of a record or a token.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { handleOf } from '@handstamp/core/credential'
import type { Fact } from './feeds/feed.ts'

/** What is judged: a record read from a store, or what a token says of the record behind it. */
export interface Subject {
  /** Of the session. */
  readonly id: string
  readonly epoch: number
  /** Of the record when its user was read. */
  readonly version: number
}

export interface HeldFacts {
  hold(fact: Fact): void
  /** `revoked`: it has ended; `changed`: what it says of the user is out of date; undefined: nothing is known against it. */
  judge(subject: Subject): 'revoked' | 'changed' | undefined
  /**
   * Where all sessions of a user from this epoch have ended: the one that was spared, if any. A sign-out everywhere that
   * was told and never reached the store leaves the user at such an epoch.
   */
  endOf(handle: string, epoch: number): { readonly except?: string } | undefined
  /** False for a key that was revoked. */
  trusts(kid: string): boolean
  readonly size: number
}

interface Ended {
  readonly epoch: number
  readonly except: string | undefined
  readonly until: number
}

/** Below this nobody looks for what is past. */
const small = 1_000

/**
 * Answers facts held until each is past, and no longer believed from then on. What is past is looked for when the number
 * has doubled, so that holding one costs the same however many there are.
 */
export function createHeldFacts(clock: Clock): HeldFacts {
  const sessions = new Map<string, number>()
  const keys = new Map<string, number>()
  const changes = new Map<string, { readonly version: number; readonly until: number }>()
  const users = new Map<string, readonly Ended[]>()
  let enough = small

  const size = (): number => sessions.size + keys.size + changes.size + users.size

  function dropPast(): void {
    const now = clock()
    for (const untils of [sessions, keys]) for (const [name, until] of untils) if (until <= now) untils.delete(name)
    for (const [id, { until }] of changes) if (until <= now) changes.delete(id)
    for (const [handle, all] of users) {
      const kept = all.filter(({ until }) => until > now)
      if (kept.length === 0) users.delete(handle)
      else users.set(handle, kept)
    }
    enough = Math.max(small, 2 * size())
  }

  /** Of one user at most one for each session that was left. */
  function endUser({ handle, epoch, except, until }: Fact & { kind: 'user' }): void {
    const known = users.get(handle) ?? []
    const same = known.find((one) => one.except === except)
    const merged = {
      epoch: Math.max(epoch, same?.epoch ?? 0),
      except,
      until: Math.max(until, same?.until ?? 0),
    }
    users.set(handle, [...known.filter((one) => one !== same), merged])
  }

  const isPresent = (until: number | undefined): boolean => until !== undefined && until > clock()

  return {
    hold(fact) {
      switch (fact.kind) {
        case 'session':
          sessions.set(fact.id, Math.max(fact.until, sessions.get(fact.id) ?? 0))
          break
        case 'key':
          keys.set(fact.kid, Math.max(fact.until, keys.get(fact.kid) ?? 0))
          break
        case 'changed': {
          const { version = 0, until = 0 } = changes.get(fact.id) ?? {}
          changes.set(fact.id, { version: Math.max(fact.version, version), until: Math.max(fact.until, until) })
          break
        }
        case 'user':
          endUser(fact)
          break
      }
      if (size() > enough) dropPast()
    },

    judge({ id, epoch, version }) {
      if (sessions.size > 0 && isPresent(sessions.get(id))) return 'revoked'
      if (users.size > 0) {
        const ended = users.get(handleOf(id))
        if (ended?.some((one) => epoch < one.epoch && one.except !== id && isPresent(one.until))) return 'revoked'
      }
      const changed = changes.size > 0 ? changes.get(id) : undefined
      return changed !== undefined && version <= changed.version && isPresent(changed.until) ? 'changed' : undefined
    },

    endOf(handle, epoch) {
      const ended = users.get(handle)?.filter((one) => epoch < one.epoch && isPresent(one.until)) ?? []
      const [first] = ended
      if (first === undefined) return undefined
      // What one of them spared, another ended.
      return ended.length > 1 || first.except === undefined ? {} : { except: first.except }
    },

    trusts: (kid) => keys.size === 0 || !isPresent(keys.get(kid)),

    get size() {
      return size()
    },
  }
}
