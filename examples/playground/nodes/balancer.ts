/**
 * A small load balancer: it picks a node for each request to the application, and streams the request there and the
 * answer back.
 * @module
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { readCookie } from '@handstamp/core/cookie/parse'
import type { Balance } from '../configuration.ts'
import { createForwarding, passedOn } from './forward.ts'
import type { RunningNode } from './nodes.ts'

export interface Balancer {
  handle(req: IncomingMessage, res: ServerResponse): void
  balance: Balance
  close(): void
}

export interface BalancerOptions {
  readonly nodes: readonly RunningNode[]
  readonly balance: Balance
  /** By which a browser is brought to the same node again. */
  readonly cookie: string
}

export function createBalancer({ nodes, balance, cookie }: BalancerOptions): Balancer {
  const forwarding = createForwarding()
  let turn = 0

  /** What is not the application's takes no turn: all nodes have the same files, and each request counts on the page. */
  function pick(req: IncomingMessage): { readonly node: RunningNode | undefined; readonly stick: boolean } {
    const alive = nodes.filter((node) => node.alive)
    if (/^\/(?:assets|playground)\//.test(req.url ?? '')) return { node: alive[0], stick: false }
    if (self.balance === 'sticky') {
      const [name] = readCookie(req.headers.cookie ?? null, cookie)
      const known = alive.find((node) => node.name === name)
      if (known !== undefined) return { node: known, stick: false }
    }
    turn += 1
    return { node: alive[(turn - 1) % alive.length], stick: self.balance === 'sticky' }
  }

  const self: Balancer = {
    balance,
    handle(req, res) {
      const { node, stick } = pick(req)
      if (node === undefined) return refuse(res)
      const headers = passedOn(req)
      // A body without a length has to say where it ends.
      if (req.headers['transfer-encoding'] !== undefined) headers.push('Transfer-Encoding', 'chunked')
      const there = forwarding.send({ port: node.port, method: req.method ?? 'GET', path: req.url ?? '/', headers })
      there.once('response', (answer) => {
        const back = passedOn(answer)
        res.writeHead(answer.statusCode ?? 502, answer.statusMessage, stick ? sticking(back, node) : back)
        pipeline(answer, res, () => {})
      })
      there.once('error', () => (res.headersSent ? res.destroy() : refuse(res)))
      res.once('close', () => there.destroy())
      req.pipe(there)
    },
    close: forwarding.close,
  }

  /** What sets a cookie is for one browser, and no cache keeps it. */
  function sticking(headers: readonly string[], { name }: RunningNode): string[] {
    const others = headers.filter((_, at) => !/^cache-control$/i.test(headers[at - (at % 2)] ?? ''))
    const line = `${cookie}=${name}; Path=/; HttpOnly; SameSite=Strict`
    return [...others, 'Cache-Control', 'private, no-store', 'Vary', 'Cookie', 'Set-Cookie', line]
  }

  return self
}

function refuse(res: ServerResponse): void {
  const body = JSON.stringify({ type: 'about:blank', title: 'No node answers', status: 502, code: 'no_node' })
  res.writeHead(502, { 'content-type': 'application/problem+json', 'cache-control': 'no-store' }).end(body)
}
