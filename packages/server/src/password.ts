/**
 * Hashes passwords by scrypt and verifies them; the cost is part of the stored text, so that it can grow.
 * @module
 */

import { decodeBase64url, encodeBase64url } from '@handstamp/core/base64url'
import { equalBytes, randomBytes, utf8 } from '@handstamp/core/secret'
import { scrypt } from '#scrypt'
import type { ScryptCost } from './scrypt/cost.ts'

export type { ScryptCost }

export interface PasswordOptions {
  /** What a new hash costs, `{ ln: 15, r: 8, p: 3 }` by default: 32 MiB, and about a tenth of a second in Node. */
  readonly cost?: ScryptCost
}

/** The verdict on a password. */
export interface PasswordVerdict {
  readonly ok: boolean
  /** True with a right password whose stored hash is weaker than today's: hash it again and store that. */
  readonly needsRehash: boolean
}

/** One of the settings that OWASP's Password Storage Cheat Sheet calls the minimum; they differ in memory for time. */
const usual: ScryptCost = { ln: 15, r: 8, p: 3 }
const leastWork = 2 ** 13 * 8 * 10
const leastLn = 13

// A stored text is input as well: one that asks for a gigabyte would be a way to stop the server.
const mostMemory = 2 ** 28
const mostWork = 2 ** 22

const saltBytes = 16
const hashBytes = 32
const longest = 1024

/**
 * Answers the text to store: `$scrypt$ln=15,r=8,p=3$<salt>$<hash>` (the PHC string format). The salt is random, so two
 * hashes of one password differ. The password counts as Unicode in NFKC, so that two keyboards write the same one.
 *
 * @throws TypeError where the password is no well-formed string of 1 to 1,024 bytes; RangeError where the cost is below
 * OWASP's minimum or above what {@link verifyPassword} accepts.
 *
 * @example
 * ```ts
 * await users.update(id, { password: await hashPassword(password) })
 * ```
 */
export async function hashPassword(password: string, options: PasswordOptions = {}): Promise<string> {
  const cost = readCost(options)
  const bytes = passwordBytes(password)
  if (bytes === undefined || bytes.length === 0) {
    throw new TypeError(`a password is a well-formed string of 1 to ${longest} bytes in UTF-8`)
  }
  const salt = randomBytes(saltBytes)
  const hash = await scrypt(bytes, salt, cost, hashBytes)
  return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${encodeBase64(salt)}$${encodeBase64(hash)}`
}

/**
 * Answers whether the password is the one that was hashed. Without a stored text, for a user who does not exist, it
 * takes as long and answers no, so that time does not tell who exists; that holds once all stored hashes have the same
 * cost. A password that {@link hashPassword} would refuse is wrong, and no error.
 *
 * @throws TypeError where the stored text is not one of {@link hashPassword}'s form; RangeError where it asks for more
 * than 256 MiB or 2^22 blocks. Both at once, without hashing, and without the text in the message.
 *
 * @example
 * ```ts
 * const user = await users.find(email)
 * const { ok, needsRehash } = await verifyPassword(password, user?.password)
 * if (user && needsRehash) await users.update(user.id, { password: await hashPassword(password) })
 * const signedIn = ok ? user : null
 * ```
 */
export async function verifyPassword(
  password: string,
  encoded: string | null | undefined,
  options: PasswordOptions = {},
): Promise<PasswordVerdict> {
  const wanted = readCost(options)
  const stored = encoded === undefined || encoded === null ? undefined : parseHash(encoded)
  const bytes = passwordBytes(password)
  if (bytes === undefined) return { ok: false, needsRehash: false }
  if (stored === undefined) {
    await scrypt(bytes, new Uint8Array(saltBytes), wanted, hashBytes)
    return { ok: false, needsRehash: false }
  }
  const hash = await scrypt(bytes, stored.salt, stored.cost, stored.hash.length)
  const ok = equalBytes(hash, stored.hash)
  return { ok, needsRehash: ok && isWeaker(stored, wanted) }
}

interface StoredHash {
  readonly cost: ScryptCost
  readonly salt: Uint8Array
  readonly hash: Uint8Array
}

function parseHash(encoded: string): StoredHash {
  const form =
    /^\$scrypt\$ln=([1-9]\d?),r=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{43}|[A-Za-z0-9+/]{86})$/
  const [, ln, r, p, salt, hash] = (typeof encoded === 'string' && form.exec(encoded)) || []
  const [saltOf, hashOf] = [decodeBase64(salt), decodeBase64(hash)]
  if (saltOf === undefined || hashOf === undefined) {
    throw new TypeError('the stored password hash is not of the form $scrypt$ln=15,r=8,p=3$<salt>$<hash>')
  }
  const cost = { ln: Number(ln), r: Number(r), p: Number(p) }
  if (isTooMuch(cost)) {
    throw new RangeError('the stored password hash asks for more than 256 MiB or 2^22 blocks: it is not computed')
  }
  return { cost, salt: saltOf, hash: hashOf }
}

function readCost({ cost = usual }: PasswordOptions): ScryptCost {
  const whole = [cost.ln, cost.r, cost.p].every((value) => Number.isInteger(value) && value > 0 && value < 100)
  if (!whole || cost.ln < leastLn || workOf(cost) < leastWork || isTooMuch(cost)) {
    throw new RangeError(
      'cost must be at least ln=13,r=8,p=10, ln=14,r=8,p=5, ln=15,r=8,p=3, ln=16,r=8,p=2 or ln=17,r=8,p=1, and at most 256 MiB and 2^22 blocks',
    )
  }
  return cost
}

function workOf({ ln, r, p }: ScryptCost): number {
  return 2 ** ln * r * p
}

function isTooMuch(cost: ScryptCost): boolean {
  return 128 * 2 ** cost.ln * cost.r > mostMemory || workOf(cost) > mostWork
}

function isWeaker({ cost, salt, hash }: StoredHash, wanted: ScryptCost): boolean {
  return workOf(cost) < workOf(wanted) || salt.length < saltBytes || hash.length < hashBytes
}

function passwordBytes(password: unknown): Uint8Array | undefined {
  // Measured before as well: normalising is work, and makes some texts longer.
  if (typeof password !== 'string' || password.length > longest || /\p{Surrogate}/u.test(password)) return undefined
  const bytes = utf8(password.normalize('NFKC'))
  return bytes.length > longest ? undefined : bytes
}

// The PHC format has the other alphabet (RFC 4648 §4), also without padding.
function encodeBase64(bytes: Uint8Array): string {
  return encodeBase64url(bytes).replaceAll('-', '+').replaceAll('_', '/')
}

function decodeBase64(text: string | undefined): Uint8Array | undefined {
  return text === undefined ? undefined : decodeBase64url(text.replaceAll('+', '-').replaceAll('/', '_'))
}
