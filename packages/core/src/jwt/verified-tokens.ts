/**
 * Owns the memory of tokens whose signature was found to fit, so that the same token is not verified at every request.
 * @module
 */

import { sha256Text } from '#crypto'
import type { AccessClaims } from './claims.ts'
import type { VerificationKey } from './signature.ts'

/** What was found when a token was verified. Its times, issuer and audience are judged anew at each use. */
export interface VerifiedToken {
  /** The key whose signature it has. It counts for as long as that very key is what the token's `kid` and `alg` resolve to. */
  readonly key: VerificationKey
  readonly typ: string | undefined
  /** Frozen through and through: all who present the token are given the same object. */
  readonly claims: AccessClaims
}

/** Verified tokens by their digests, bounded in bytes. */
export interface VerifiedTokens {
  readonly find: (digest: string) => VerifiedToken | undefined
  /** Keeps what was found, its claims frozen from here on. */
  readonly keep: (digest: string, token: string, found: VerifiedToken) => void
  /** Drops every token of a key that is gone. */
  readonly forget: (key: VerificationKey) => void
}

interface Entry extends VerifiedToken {
  readonly bytes: number
}

/** About 7,000 tokens of half a kilobyte. */
const defaultBytes = 8 * 1_048_576

/** An entry takes 740 bytes for a token of 730, and 3,200 for one of 2,020 with a long list in it: less than this line says. */
const entryBytes = (token: string): number => 300 + token.length * 1.5

/**
 * Answers an empty memory of `bytes` at most, estimated. It has two halves: what is found or kept goes to the recent one;
 * when that is full it becomes the earlier one, and what nobody asked for since is dropped. Thus a hit costs no more than a
 * look-up, and a flood of tokens, each with a genuine signature, costs the others at most a verification.
 *
 * @example
 * ```ts
 * const seen = createVerifiedTokens()
 * verifyAccessToken(token, { ...options, seen })
 * ```
 */
export function createVerifiedTokens(bytes: number = defaultBytes): VerifiedTokens {
  let recent = new Map<string, Entry>()
  let recentBytes = 0
  let earlier = new Map<string, Entry>()

  function add(digest: string, entry: Entry): void {
    if (recentBytes + entry.bytes > bytes / 2) {
      earlier = recent
      recent = new Map()
      recentBytes = 0
    }
    if (entry.bytes > bytes / 2) return
    recent.set(digest, entry)
    recentBytes += entry.bytes
  }

  return {
    find(digest) {
      const entry = recent.get(digest)
      if (entry !== undefined) return entry
      const older = earlier.get(digest)
      if (older === undefined) return undefined
      earlier.delete(digest)
      add(digest, older)
      return older
    },

    keep(digest, token, { key, typ, claims }) {
      // Two requests with one token that is new may both have verified it.
      if (recent.has(digest)) return
      add(digest, { key, typ, claims: freeze(claims), bytes: entryBytes(token) })
    },

    forget(key) {
      for (const [digest, entry] of earlier) if (entry.key === key) earlier.delete(digest)
      for (const [digest, entry] of recent) {
        if (entry.key !== key) continue
        recent.delete(digest)
        recentBytes -= entry.bytes
      }
    },
  }
}

/**
 * Answers the name under which a token is remembered: SHA-256 of all of it, and nothing less, so that no token answers
 * for another one (CVE-2026-35039). A token is ASCII, and no text but itself has its bytes in UTF-8.
 */
export function tokenDigest(token: string): string {
  return sha256Text(token)
}

/** Claims have been parsed from JSON of limited depth: there are no circles, and nothing else refers to them yet. */
function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}
