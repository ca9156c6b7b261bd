/**
 * One server on node:http for the rows over HTTP: `http.ts <contender>`. It tells its port, the headers that its clients
 * send, and, when asked, the CPU time of the process.
 * @module
 */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { createVerifier } from 'fast-jwt'
import { jwtVerify } from 'jose'
import {
  type Application,
  hybridApplication,
  sessionApplication,
  signedIn,
  tokenApplication,
} from '../rows/applications.ts'
import { expressSessions } from '../rows/express.ts'
import { issuer, newKey, newToken, pemOf, user } from '../rows/subject.ts'
import { cryptoKeys } from '../rows/web-key.ts'

const clients = 256

interface Contender {
  readonly headers: readonly string[]
  readonly listener: RequestListener
}

const contenders: { readonly [name: string]: () => Promise<Contender> } = {
  bare: async () => ({ headers: [''], listener: (_req, res) => greet(res, user.id) }),
  session: () => handstamp(sessionApplication()),
  token: () => handstamp(tokenApplication()),
  hybrid: () => handstamp(hybridApplication()),

  async express() {
    const { middleware, cookies } = expressSessions(clients)
    return {
      headers: cookies.map((value) => `cookie: ${value}\r\n`),
      listener: (req, res) => {
        middleware(req, res, () => {
          const { session } = req as IncomingMessage & { readonly session?: { readonly user?: typeof user } }
          answer(res, session?.user?.id)
        })
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

async function handstamp(auth: Application): Promise<Contender> {
  const headers: string[] = []
  for (let made = 0; made < clients; made += 1) {
    const [name, value] = await signedIn(auth, { ...user, id: `u_${made}` })
    headers.push(`${name}: ${value}\r\n`)
  }
  async function listen(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const result = await auth.authenticate(nodeRequest(req, auth.origin))
    answer(res, result.ok ? result.session.user.id : undefined)
  }
  return {
    headers,
    listener: (req, res) => {
      void listen(req, res)
    },
  }
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

function answer(res: ServerResponse, id: string | undefined): void {
  if (id === undefined) res.statusCode = 401
  greet(res, id ?? 'nobody')
}

/** All answers are of one length, so that whoever counts bytes knows where one ends. */
function greet(res: ServerResponse, name: string): void {
  const body = `hello ${name}`.padEnd(24)
  res.setHeader('content-type', 'text/plain')
  res.setHeader('content-length', body.length)
  res.end(body)
}

const make = contenders[process.argv[2] ?? '']
if (make === undefined) throw new TypeError(`there is no contender called ${process.argv[2]}`)
const { headers, listener } = await make()
const server = createServer(listener)
// Between its turns a contender waits longer than a client usually does.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, headers })
})
process.on('message', () => {
  globalThis.gc?.({ type: 'minor' })
  const { user: own, system } = process.cpuUsage()
  process.send?.({ cpu: own + system })
})
process.on('disconnect', () => process.exit())
