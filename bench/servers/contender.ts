/**
 * What servers of the bench have in common: who their clients are, and an answer of one length.
 * @module
 */
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { nodeRequest } from '@handstamp/server/adapters/node'
import { type Application, signedIn } from '../rows/applications.ts'
import type { ExpressSessions } from '../rows/express.ts'
import { user } from '../rows/subject.ts'

export const clients = 256

export interface Contender {
  /** Lines that its clients send, one for each. */
  readonly headers: readonly string[]
  readonly listener: RequestListener
}

export async function handstamp(auth: Application): Promise<Contender> {
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

export function express({ middleware, cookies }: ExpressSessions): Contender {
  return {
    headers: cookies.map((value) => `cookie: ${value}\r\n`),
    listener: (req, res) => {
      middleware(req, res, () => {
        const { session } = req as IncomingMessage & { readonly session?: { readonly user?: typeof user } }
        answer(res, session?.user?.id)
      })
    },
  }
}

export function answer(res: ServerResponse, id: string | undefined): void {
  if (id === undefined) res.statusCode = 401
  greet(res, id ?? 'nobody')
}

/** All answers are of one length, so that whoever counts bytes knows where one ends. */
export function greet(res: ServerResponse, name: string): void {
  const body = `hello ${name}`.padEnd(24)
  res.setHeader('content-type', 'text/plain')
  res.setHeader('content-length', body.length)
  res.end(body)
}
