/**
 * One server on node:http for the rows over HTTP: `http.ts <contender> [<port of Redis>]`. It tells its port, the headers
 * that its clients send, and, when asked, the CPU time of the process.
 * @module
 */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createVerifier } from 'fast-jwt'
import { sealData, unsealData } from 'iron-session'
import { jwtVerify } from 'jose'
import { hybridApplication, sessionApplication, tokenApplication } from '../rows/applications.ts'
import { expressSessions } from '../rows/express.ts'
import { issuer, newKey, newToken, pemOf, user } from '../rows/subject.ts'
import { cryptoKeys } from '../rows/web-key.ts'
import { answer, type Contender, clients, express, greet, handstamp } from './contender.ts'
import { redisContenders } from './redis-contenders.ts'

const contenders: { readonly [name: string]: (port: number) => Promise<Contender> } = {
  ...redisContenders,
  bare: async () => ({ headers: [''], listener: (_req, res) => greet(res, user.id) }),
  session: () => handstamp(sessionApplication()),
  token: () => handstamp(tokenApplication()),
  hybrid: () => handstamp(hybridApplication()),

  express: async () => express(expressSessions(clients)),

  async iron() {
    const password = 'a password of the bench of more than 32 bytes'
    const seals = await Promise.all(
      Array.from({ length: clients }, (_, at) => sealData({ user: { ...user, id: `u_${at}` } }, { password })),
    )
    return {
      headers: seals.map((seal) => `cookie: iron-session=${seal}\r\n`),
      listener: (req, res) => {
        unsealData<{ user?: typeof user }>(req.headers.cookie?.slice('iron-session='.length) ?? '', { password }).then(
          (data) => answer(res, data.user?.id),
          () => answer(res, undefined),
        )
      },
    }
  },

  async fastJwt() {
    const { headers, key } = bearers()
    const options = { algorithms: ['ES256' as const], allowedIss: issuer, allowedAud: issuer }
    const verify = createVerifier({ key: pemOf(key.publicKey), ...options, cache: true })
    return { headers, listener: (req, res) => answer(res, (verify(bearer(req)) as { sub: string }).sub) }
  },

  async jose() {
    const { headers, key } = bearers()
    const { verify } = await cryptoKeys(key)
    const options = { algorithms: ['ES256'], issuer, audience: issuer, typ: 'at+jwt' }
    return {
      headers,
      listener: (req, res) => {
        jwtVerify(bearer(req), verify, options).then(
          ({ payload }) => answer(res, payload.sub),
          () => answer(res, undefined),
        )
      },
    }
  },
}

function bearers(): {
  readonly headers: readonly string[]
  readonly key: Exclude<ReturnType<typeof newKey>, { secret: Buffer }>
} {
  const key = newKey('ES256')
  if ('secret' in key) throw new TypeError('ES256 has a key pair')
  const headers = Array.from({ length: clients }, () => `authorization: Bearer ${newToken(key).text}\r\n`)
  return { headers, key }
}

function bearer(req: IncomingMessage): string {
  return req.headers.authorization?.slice('Bearer '.length) ?? ''
}

const [kind = '', port = '0'] = process.argv.slice(2)
const make = contenders[kind]
if (make === undefined) throw new TypeError(`there is no contender called ${kind}`)
const { headers, listener } = await make(Number(port))
const server = createServer(listener)
// Between its turns a contender waits longer than a client usually does.
server.keepAliveTimeout = 0
server.headersTimeout = 0
server.requestTimeout = 0
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, headers })
})
process.on('message', () => {
  globalThis.gc?.({ type: 'minor' })
  const { user: own, system } = process.cpuUsage()
  process.send?.({ cpu: own + system })
})
process.on('disconnect', () => process.exit())
