/**
 * Where a credential may go: to exact origins, over https or to this very machine.
 * @module
 */

/** A pattern is a legal host to URL, and never what was meant. What is loopback, core's `isLoopbackHost` says too, in more bytes. */
const safe = /^https:\/\/[^*/]+$|^http:\/\/((.+\.)?localhost|127(\.\d+){3}|\[::1])(:\d+)?$/

/**
 * True for an origin as a browser serialises it: `https://api.example` or, on this very machine, `http://localhost:3000`.
 *
 * @example
 * ```ts
 * isSafeOrigin('https://api.example') // true
 * isSafeOrigin('https://API.example/') // false: its serialisation is another text
 * isSafeOrigin('http://api.example') // false
 * ```
 */
export function isSafeOrigin(text: string): boolean {
  return safe.test(text) && URL.canParse(text) && new URL(text).origin === text
}
