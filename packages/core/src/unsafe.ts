/**
 * Owns the switches that weaken a rule, each a symbol so that no configuration file can set it and a search finds it.
 * @module
 */

/**
 * Allows plain http on loopback addresses (`localhost`, `127.0.0.0/8`, `[::1]`), for development.
 *
 * The risk: what is sent over http can be read and changed by every process of the machine that can listen on the port,
 * and cookies go without Secure and without a `__Host-` name. Other hosts stay refused, whatever this says.
 *
 * @example
 * ```ts
 * createRemoteJwks('http://localhost:4600/auth/jwks.json', { allow: [allowInsecureLoopback] })
 * ```
 */
export const allowInsecureLoopback: unique symbol = Symbol.for('handstamp.unsafe.allowInsecureLoopback')

/**
 * Answers whether a host name, as `URL.hostname` writes it, can only be this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3).
 *
 * @example
 * ```ts
 * isLoopbackHost(new URL('http://127.1/').hostname) // true: URL writes it as 127.0.0.1
 * isLoopbackHost('localhost.example') // false
 * ```
 */
export function isLoopbackHost(hostname: string): boolean {
  return /^(?:(?:[a-z0-9-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}
