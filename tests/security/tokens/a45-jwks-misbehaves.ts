import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { allowInsecureLoopback } from '@handstamp/core/unsafe'
import { createVerifier } from '@handstamp/server'
import { expect, vi } from 'vitest'
import { schemaOf, servedOrigin, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'
import { type JwksStage, jwksOf, jwksStage, outcome } from '../stages/jwks-server.ts'
import { newHandKey, publicHalf } from '../stages/token-keys.ts'
import { openTrap } from '../stages/token-trap.ts'

const unavailable = 'ERR_JWKS_UNAVAILABLE'
const secret = newHandKey('HS256')
const others = Array.from({ length: 40 }, (_, at) => newHandKey('EdDSA', `other-${at}`))

/** Nobody is let in, nobody is refused for good, and it was asked once. */
async function expectUnavailable(stage: JwksStage): Promise<void> {
  const [verify, before] = [stage.newVerifier(), stage.asked]
  expect(await outcome(verify, stage.sign())).toBe(unavailable)
  expect(await outcome(verify, stage.sign())).toBe(unavailable)
  expect(stage.asked).toBe(before + 1)
  // It is a matter of the server alone: once it behaves, all is well.
  stage.answer()
  stage.clock.advance('31s')
  expect(await outcome(verify, stage.sign())).toBe('ok')
}

/** By the key that is published when all is well; a document as it must not be. */
const documents: Readonly<Record<string, (stage: JwksStage) => string | Uint8Array>> = {
  'a page of HTML': () => '<!doctype html><title>Sign in to the hotel</title>',
  nothing: () => '',
  null: () => 'null',
  'a list': ({ key }) => JSON.stringify([publicHalf(key)]),
  'an object without keys': () => '{}',
  'keys that are no list': ({ key }) => JSON.stringify({ keys: publicHalf(key) }),
  'no key': () => jwksOf(),
  'keys that are none': () => '{"keys":[null,1,"x",[],{}]}',
  'the members of keys twice': ({ key }) => `{"keys":[],${jwksOf(key).slice(1)}`,
  'a member of the key twice': ({ key }) => jwksOf(key).replace('"kty":', '"kty":"RSA","kty":'),
  'the key and a private one': ({ key }) => jwksOf(key, { ...newHandKey('ES256').jwk }),
  'the key, private': ({ key }) => jwksOf({ ...key.jwk }),
  'the key and a secret': ({ key }) => jwksOf(key, { ...secret.jwk }),
  'the key and an empty secret': ({ key }) => jwksOf(key, { kty: 'oct', kid: 'empty', k: '' }),
  'the key, and another under its id': ({ key }) => jwksOf(key, { ...publicHalf(newHandKey('EdDSA')), kid: key.jwk.kid }),
  'the key twice': ({ key }) => jwksOf(key, key),
  'the key among 33': ({ key }) => jwksOf(key, ...others.slice(0, 32)),
  'the key among 10,000': ({ key }) => JSON.stringify({ keys: [publicHalf(key), ...Array(9_999).fill({ kty: 'EC' })] }),
  'the key and something behind it': ({ key }) => `${jwksOf(key)}x`,
  'the key behind a byte order mark': ({ key }) => `\ufeff${jwksOf(key)}`,
  'the key in UTF-16': ({ key }) => Buffer.from(jwksOf(key), 'utf16le'),
  'the key and as much space as makes 64 KiB and a byte': ({ key }) => jwksOf(key).padEnd(65_537),
  'the key for encryption': ({ key }) => jwksOf({ ...publicHalf(key), use: 'enc' }),
  'the key without an id': ({ key }) => jwksOf({ ...publicHalf(key), kid: undefined }),
  'the key off its curve': ({ key }) => jwksOf({ ...publicHalf(key), y: key.jwk.x }),
  'the key nested 10,000 deep': ({ key }) => `{"deep":${'['.repeat(10_000)}${']'.repeat(10_000)},${jwksOf(key).slice(1)}`,
} // biome-ignore format: a table

const statuses = [201, 204, 206, 301, 302, 303, 307, 308, 400, 401, 403, 404, 429, 500, 502, 503] as const

export const jwksMisbehaves: Attack = attack({
  ids: ['A45'],
  title: 'a server of keys that fails, lies, never ends or sends elsewhere',
  cost: 'Whoever can disturb the way to the keys would choose the keys, fill the memory, or sign everybody out.',
  shows: ['ASVS 9.1.3', 'RFC 8725 §3.4'],
  stage: jwksStage,
  legal: {
    ...each(
      {
        'the key': ({ key }: JwksStage) => jwksOf(key),
        'the key among 32': ({ key }: JwksStage) => jwksOf(key, ...others.slice(0, 31)),
        'the key and as much space as makes 64 KiB': ({ key }: JwksStage) => jwksOf(key).padEnd(65_536),
        'the key beside keys of other kinds and uses': ({ key }: JwksStage) =>
          jwksOf(key, { kty: 'X' }, publicHalf(newHandKey('ES256K')), {
            ...publicHalf(newHandKey('RS256')),
            use: 'enc',
          }),
        'the key with members that nobody knows': ({ key }: JwksStage) =>
          jwksOf({ ...publicHalf(key), use: 'sig', key_ops: ['verify'], x5t: 'x', note: { a: [] } }),
      },
      async (stage: JwksStage, document) => {
        stage.answer(document(stage))
        expect(await outcome(stage.newVerifier(), stage.sign())).toBe('ok')
      },
    ),
    'the key, packed': async (stage) => {
      stage.answer(gzipSync(jwksOf(stage.key)), { 'content-encoding': 'gzip' })
      expect(await outcome(stage.newVerifier(), stage.sign())).toBe('ok')
    },
    'a failing server, to who has its keys: for a day': async (stage) => {
      stage.answer()
      const verify = stage.newVerifier()
      expect(await outcome(verify, stage.sign())).toBe('ok')
      stage.answer('oops', {}, 500)
      for (let hour = 1; hour < 24; hour += 1) {
        stage.clock.advance('1h')
        expect(await outcome(verify, stage.sign())).toBe('ok')
      }
    },
    'an answer that takes not quite five seconds': async (stage) => {
      const { response, verdict, late } = await asked(stage)
      vi.advanceTimersByTime(4_999)
      expect(late()).toBe(false)
      response.writeHead(200).end(jwksOf(stage.key))
      expect(await verdict).toBe('ok')
    },
  },
  hostile: {
    ...each(documents, (stage: JwksStage, document) => {
      stage.answer(document(stage))
      return expectUnavailable(stage)
    }),
    ...each(
      Object.fromEntries(statuses.map((status) => [`status ${status} with the right document`, status])),
      async (stage: JwksStage, status) => {
        const trap = await openTrap(stage.key)
        stage.answer(status === 204 ? '' : jwksOf(stage.key), { location: `${trap.origin}/jwks.json` }, status)
        await expectUnavailable(stage)
        expect(trap.connections).toBe(0)
        await trap.close()
      },
    ),
    'a connection that is cut': (stage) => {
      stage.answerBy((request) => request.socket.destroy())
      return expectUnavailable(stage)
    },
    'a connection that is cut within the document': (stage) => {
      stage.answerBy((request, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write(jwksOf(stage.key).slice(0, 20))
        setImmediate(() => request.socket.destroy())
      })
      return expectUnavailable(stage)
    },
    'nothing that speaks HTTP': (stage) => {
      stage.answerBy((request) => request.socket.end('SSH-2.0-OpenSSH_9.6\r\n'))
      return expectUnavailable(stage)
    },
    'no answer within five seconds': async (stage) => {
      const { response, verdict } = await asked(stage)
      const closed = once(response, 'close')
      vi.advanceTimersByTime(5_000)
      expect(await verdict).toBe(unavailable)
      await closed
    },
    'a document that trickles for longer than five seconds': async (stage) => {
      const { response, verdict } = await asked(stage)
      const closed = once(response, 'close')
      response.writeHead(200).write('{"keys":')
      for (let second = 0; second < 5; second += 1) {
        response.write(' ')
        vi.advanceTimersByTime(1_000)
      }
      expect(await verdict).toBe(unavailable)
      await closed
    },
    'a document that never ends': async (stage) => {
      let sent = 0
      const ended = new Promise<void>((resolve) => {
        stage.answerBy((_request, response) => {
          response.writeHead(200)
          const chunk = Buffer.alloc(16_384, 0x20)
          const pour = (): void => {
            while (!response.destroyed && response.write(chunk)) sent += chunk.length
          }
          response.on('drain', pour).on('close', resolve)
          pour()
        })
      })
      expect(await outcome(stage.newVerifier(), stage.sign())).toBe(unavailable)
      await ended
      // What was under way in the buffers of the connection, and far from the gigabytes that were to come.
      expect(sent).toBeLessThan(16_777_216)
    },
    '10 MB that are packed to 10 KB': (stage) => {
      stage.answer(gzipSync(Buffer.alloc(10_000_000, 0x20)), { 'content-encoding': 'gzip' })
      return expectUnavailable(stage)
    },
    'keys that are older than a day, of a server that fails': async (stage) => {
      stage.answer()
      const verify = stage.newVerifier()
      expect(await outcome(verify, stage.sign())).toBe('ok')
      stage.answer('oops', {}, 500)
      stage.clock.advance('24h')
      expect(await outcome(verify, stage.sign())).toBe(unavailable)
    },
    'a key that was taken back, and is asked for behind a failing server': async (stage) => {
      const gone = newHandKey('ES256')
      stage.answer(jwksOf(stage.key, gone), { 'cache-control': 'max-age=60' })
      const verify = stage.newVerifier()
      expect(await outcome(verify, stage.sign(gone))).toBe('ok')
      stage.answer()
      stage.clock.advance('61s')
      expect(await outcome(verify, stage.sign(gone))).toBe('unknown_key')
      stage.answer('oops', {}, 500)
      stage.clock.advance('31s')
      // Whether it is known by now cannot be said, and that is what is said.
      expect(await outcome(verify, stage.sign(gone))).toBe(unavailable)
      expect(await outcome(verify, stage.sign())).toBe('ok')
    },
    ...each(
      {
        'max-age of a century': 'max-age=3155760000',
        'max-age beyond all numbers': `max-age=${'9'.repeat(400)}`,
        immutable: 'immutable, max-age=31536000',
      },
      async (stage: JwksStage, control) => {
        const gone = newHandKey('ES256')
        stage.answer(jwksOf(stage.key, gone), { 'cache-control': control })
        const verify = stage.newVerifier()
        expect(await outcome(verify, stage.sign(gone))).toBe('ok')
        stage.answer()
        stage.clock.advance('1h')
        expect(await outcome(verify, stage.sign(gone))).toBe('unknown_key')
      },
    ),
    ...each(
      {
        http: 'http://app.example/jwks.json',
        'http on a loopback address': 'http://127.0.0.1/jwks.json',
        'a file': 'file:///etc/passwd',
        'the data itself': 'data:application/json,{}',
        'a password': 'https://user:password@app.example/jwks.json',
        'no address': '/jwks.json',
        ftp: 'ftp://app.example/jwks.json',
      },
      (_: JwksStage, jwks) => {
        const options = { issuer: servedOrigin, user: schemaOf<User>('id') }
        expect(() => createVerifier({ ...options, jwks })).toThrow(/jwks/)
        if (jwks !== 'http://127.0.0.1/jwks.json')
          expect(() => createVerifier({ ...options, jwks, [allowInsecureLoopback]: true })).toThrow(/jwks/)
      },
    ),
  },
})

/** A service that has asked and waits, on a clock of timers that the test moves. */
async function asked(
  stage: JwksStage,
): Promise<{ response: ServerResponse; verdict: Promise<string>; late: () => boolean }> {
  const arrived = new Promise<ServerResponse>((resolve) => stage.answerBy((_request, response) => resolve(response)))
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let settled = false
  const verdict = outcome(stage.newVerifier(), stage.sign()).finally(() => {
    settled = true
    vi.useRealTimers()
  })
  return { response: await arrived, verdict, late: () => settled }
}
