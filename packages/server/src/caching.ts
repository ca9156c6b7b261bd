/**
 * What answers tell the caches between server and client, made once: effects are data, and these are always the same.
 * @module
 */
import type { Effect, HeaderEffect } from '@handstamp/core/effect'

export interface Caching {
  /** Names the headers that were read, and on which the answer depends. */
  readonly varies: readonly Effect[]
  /** What every answer to somebody known carries, so that no cache between hands it to another (RFC 9111 §5.2.2.5). */
  readonly answered: readonly Effect[]
}

export function cachingOf(headers: readonly ('Cookie' | 'Authorization')[]): Caching {
  const vary = header('Vary', headers.join(', '))
  const varies = Object.freeze([vary])
  return { varies, answered: Object.freeze([header('Cache-Control', 'private, no-store'), vary]) }
}

function header(name: HeaderEffect['name'], value: string): HeaderEffect {
  return Object.freeze({ type: 'header', name, value })
}
