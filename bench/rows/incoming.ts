/**
 * Requests as node:http hands them over, without a socket behind: what peers and adapters read of them.
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { browser } from './browser.ts'
import { anew } from './subject.ts'

export interface FakeRequest {
  readonly method: string
  readonly url: string
  readonly originalUrl: string
  readonly rawHeaders: readonly string[]
  readonly headers: { readonly [name: string]: string }
  readonly socket: { readonly remoteAddress: string }
  readonly connection: object
}

/** A request of a browser with one credential, in strings of its own. */
export function incoming(name: string, value: string): FakeRequest & IncomingMessage {
  const headers = { host: 'app.example', 'user-agent': browser, accept: '*/*', [name]: anew(value) }
  const request: FakeRequest = {
    method: 'GET',
    url: '/',
    originalUrl: '/',
    rawHeaders: Object.entries(headers).flat(),
    headers,
    socket: { remoteAddress: '192.0.2.1' },
    connection: {},
  }
  return request as FakeRequest & IncomingMessage
}
