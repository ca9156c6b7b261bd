/**
 * Where the page asks about the playground: every node is asked, and their answers are put together.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { type Balance, balances } from '../configuration.ts'
import type { News, SeenCookie } from '../internals.ts'
import type { SeenRequest } from '../seen.ts'
import { createForwarding, passedOn } from './forward.ts'
import type { Nodes, RunningNode } from './nodes.ts'

export interface Desk {
  /** Answers a path under `/playground` that concerns all nodes. False: it is none of those. */
  handle(req: IncomingMessage, res: ServerResponse): boolean
  close(): void
}

interface Answer {
  readonly status: number
  readonly headers: readonly string[]
  readonly body: Buffer
}

type Merge = (bodies: readonly never[]) => unknown

const shown = 20

const mergesOf = ({ ends }: Nodes): { readonly [path: string]: Merge } => ({
  '/playground/requests': (bodies: readonly { requests: readonly SeenRequest[]; switches: number }[]) => ({
    ...bodies[0],
    requests: bodies
      .flatMap(({ requests }) => requests)
      .sort((a, b) => b.at - a.at)
      .slice(0, shown),
  }),
  '/playground/cookies': (bodies: readonly { cookies: readonly SeenCookie[] }[]) => ({
    cookies: bodies[0]?.cookies.map((cookie) => {
      const all = bodies.flatMap(({ cookies }) => cookies).filter(({ name }) => name === cookie.name)
      return all.find(({ attributes }) => attributes !== undefined) ?? cookie
    }),
  }),
  '/playground/feed': (bodies: readonly News[]): News => ({
    nodes: bodies.flatMap(({ nodes }) => nodes),
    ends: ends(),
  }),
})

const forAll = ['/playground/configuration', '/playground/balance']
const longestBody = 16_384

export function createDesk(nodes: Nodes, setBalance: (balance: Balance) => void): Desk {
  const forwarding = createForwarding()
  const merges = mergesOf(nodes)
  let last: Promise<unknown> = Promise.resolve()

  function ask({ port }: RunningNode, req: IncomingMessage, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const method = req.method ?? 'GET'
      const there = forwarding.send({ port, method, path: req.url ?? '/', headers: passedOn(req) })
      there.once('error', reject)
      there.once('response', (answer) => {
        buffer(answer).then(
          (bytes) => resolve({ status: answer.statusCode ?? 502, headers: passedOn(answer), body: bytes }),
          reject,
        )
      })
      there.end(body)
    })
  }

  async function askAll(req: IncomingMessage, body: Buffer): Promise<readonly Answer[]> {
    return Promise.all(nodes.all.filter(({ alive }) => alive).map((node) => ask(node, req, body)))
  }

  async function gather(req: IncomingMessage, res: ServerResponse, merge: Merge): Promise<void> {
    const answers = await askAll(req, Buffer.alloc(0))
    const refused = answers.find(({ status }) => status !== 200)
    if (refused !== undefined) return send(res, refused)
    const merged = merge(answers.map(({ body }) => JSON.parse(body.toString()) as never))
    const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
    res.writeHead(200, { ...headers, 'x-content-type-options': 'nosniff' }).end(JSON.stringify(merged))
  }

  /** One change after the other, so that all nodes see them in one order. */
  async function change(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of req as AsyncIterable<Buffer>) {
      size += chunk.length
      if (size <= longestBody + 1) chunks.push(chunk)
    }
    const body = Buffer.concat(chunks)
    const turn = last.then(() => askAll(req, body))
    last = turn.catch(() => {})
    const answers = await turn
    const answer = answers.find(({ status }) => status !== 200) ?? answers[0]
    if (answer === undefined) throw new Error('no node answers')
    if (answer.status === 200) {
      const { servers } = JSON.parse(answer.body.toString()) as { servers: { balance: Balance } }
      setBalance(balances.find((name) => name === servers.balance) ?? 'round-robin')
    }
    send(res, answer)
  }

  return {
    handle(req, res) {
      const path = (req.url ?? '').split('?', 1)[0] ?? ''
      const merge = Object.hasOwn(merges, path) && req.method === 'GET' ? merges[path] : undefined
      const isChange = forAll.includes(path) && req.method === 'POST'
      if (merge === undefined && !isChange) return false
      const answered = merge === undefined ? change(req, res) : gather(req, res, merge)
      answered.catch(() => (res.headersSent ? res.destroy() : res.writeHead(502).end()))
      return true
    },
    close: forwarding.close,
  }
}

function send(res: ServerResponse, { status, headers, body }: Answer): void {
  res.writeHead(status, [...headers]).end(body)
}
