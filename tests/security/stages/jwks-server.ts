/**
 * A server that publishes keys and can be made to misbehave, and services that fetch them from it over a real connection.
 * @module
 */
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isAuthError } from '@handstamp/core/errors'
import { allowInsecureLoopback } from '@handstamp/core/unsafe'
import { createVerifier, type Verify } from '@handstamp/server'
import { type FakeClock, fakeClock } from '@handstamp/server/testing'
import { schemaOf, servedOrigin, type User } from '../../wire/served-auth.ts'
import type { Closable } from '../attack.ts'
import { claimsAt, compact, type Fields, type HandKey, newHandKey, publicHalf, signerOf } from './token-keys.ts'

export interface JwksStage extends Closable {
  readonly clock: FakeClock
  /** The one that it publishes as long as it behaves. */
  readonly key: HandKey
  readonly origin: string
  /** Requests so far. */
  readonly asked: number
  /** What it answers from now on. */
  answerBy(listener: RequestListener): void
  /** Answers with a document; by default the right one, which may be kept for ten minutes. */
  answer(body?: string | Uint8Array, headers?: Readonly<Record<string, string>>, status?: number): void
  /** A service that has fetched nothing yet. */
  newVerifier(): Verify<User>
  /** Signed for ada now, by the published key unless another is named. */
  sign(key?: HandKey, header?: Fields): string
}

/** The document of some keys. */
export function jwksOf(...keys: readonly (HandKey | Fields)[]): string {
  return JSON.stringify({ keys: keys.map((key) => ('jwk' in key ? publicHalf(key as HandKey) : key)) })
}

export async function jwksStage(): Promise<JwksStage> {
  const clock = fakeClock()
  const key = newHandKey('ES256')
  let asked = 0
  let listener: RequestListener
  const server = createServer((request, response) => {
    asked += 1
    listener(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const stage: JwksStage = {
    clock,
    key,
    origin,
    get asked() {
      return asked
    },
    answerBy(next) {
      listener = next
    },
    answer(body = jwksOf(key), headers = { 'cache-control': 'max-age=600' }, status = 200) {
      listener = (_request, response) => response.writeHead(status, { connection: 'close', ...headers }).end(body)
    },
    newVerifier: () =>
      createVerifier({
        issuer: servedOrigin,
        jwks: `${origin}/jwks.json`,
        user: schemaOf<User>('id', 'role'),
        clock,
        [allowInsecureLoopback]: true,
      }),
    sign: (by = key, header = {}) =>
      compact(
        { typ: 'at+jwt', alg: by.jwk.alg, kid: by.jwk.kid, ...header },
        claimsAt(clock(), servedOrigin),
        signerOf(by.jwk.alg, by.key),
      ),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  stage.answer()
  return stage
}

/** What a service says of a token: `ok`, the reason, or the code of what it throws. */
export async function outcome(verify: Verify<User>, token: string): Promise<string> {
  try {
    const result = await verify(token)
    return result.ok ? 'ok' : result.reason
  } catch (error) {
    return isAuthError(error) ? error.code : String(error)
  }
}
