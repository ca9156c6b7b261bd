import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { Balance } from '../configuration.ts'
import { createBalancer } from '../nodes/balancer.ts'
import type { RunningNode } from '../nodes/nodes.ts'

type Handler = (req: IncomingMessage, res: ServerResponse) => void

const servers = new Set<Server>()
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  servers.clear()
})

async function serve(handler: Handler): Promise<number> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  servers.add(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A balancer over nodes that answer by these handlers. */
async function balanced(handlers: readonly Handler[], balance: Balance = 'round-robin') {
  const nodes = await Promise.all(
    handlers.map(async (handler, index) => {
      const node = { name: `node-${index + 1}`, pid: 0, port: await serve(handler), alive: true }
      return node satisfies RunningNode
    }),
  )
  const balancer = createBalancer({ nodes, balance, cookie: 'playground-node' })
  return { nodes, balancer, port: await serve(balancer.handle) }
}

const named =
  (name: string): Handler =>
  (_, res) =>
    res.end(name)

const text = async (port: number, path = '/', headers: Record<string, string> = {}) =>
  (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).text()

describe('who answers', () => {
  test('one after the other; files and the playground’s own questions take no turn', async () => {
    const { port } = await balanced([named('a'), named('b'), named('c')])
    const answers: string[] = []
    for (const path of ['/', '/assets/page.js', '/api/me', '/playground/requests', '/api/me', '/auth/session'])
      answers.push(await text(port, path))
    expect(answers).toEqual(['a', 'a', 'b', 'a', 'c', 'a'])
  })

  test('sticky: whoever a cookie names, and a cookie for who has none', async () => {
    const { port } = await balanced([named('a'), named('b')], 'sticky')
    const first = await fetch(`http://127.0.0.1:${port}/`)
    expect(first.headers.getSetCookie()).toEqual(['playground-node=node-1; Path=/; HttpOnly; SameSite=Strict'])
    expect(first.headers.get('cache-control')).toBe('private, no-store')
    for (const name of ['node-2', 'node-2', 'node-1']) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie: `x=1; playground-node=${name}` } })
      expect(await response.text()).toBe(name === 'node-1' ? 'a' : 'b')
      expect(response.headers.getSetCookie()).toEqual([])
    }
    expect(await text(port, '/', { cookie: 'playground-node=node-9' })).toBe('b')
  })

  test('nobody who has ended, and 502 where that leaves none', async () => {
    const { nodes, port } = await balanced([named('a'), named('b')])
    Object.assign(nodes[0] ?? {}, { alive: false })
    expect([await text(port), await text(port)]).toEqual(['b', 'b'])
    Object.assign(nodes[1] ?? {}, { alive: false })
    const response = await fetch(`http://127.0.0.1:${port}/`)
    expect([response.status, await response.json()]).toMatchObject([502, { code: 'no_node' }])
  })
})

describe('what is passed on', () => {
  test('method, path, headers and body there; status, headers and body back', async () => {
    let seen: Pick<IncomingMessage, 'method' | 'url' | 'headers' | 'rawHeaders'> | undefined
    const { port } = await balanced([
      async (req, res) => {
        seen = req
        const chunks: Buffer[] = []
        for await (const chunk of req) chunks.push(chunk as Buffer)
        res.writeHead(418, 'Teapot', [
          ...['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Once', 'yes', 'Connection', 'x-hop', 'X-Hop', 'no'],
        ])
        res.end(Buffer.concat(chunks).toString().toUpperCase())
      },
    ])
    const headers = ['Host', 'localhost:4600', 'X-Many', '1', 'X-Many', '2', 'Connection', 'X-Secret', 'X-Secret', 'no']
    const asked = request({
      host: '127.0.0.1',
      port,
      method: 'POST',
      path: '/api/notes?a=%20',
      headers,
      setHost: false,
    })
    asked.write('a body ')
    asked.end('in two parts')
    const [answer] = (await once(asked, 'response')) as [IncomingMessage]
    let body = ''
    for await (const chunk of answer) body += chunk
    expect([answer.statusCode, answer.statusMessage, body]).toEqual([418, 'Teapot', 'A BODY IN TWO PARTS'])
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect([answer.headers['x-once'], answer.headers['x-hop']]).toEqual(['yes', undefined])
    expect([seen?.method, seen?.url, seen?.headers.host]).toEqual(['POST', '/api/notes?a=%20', 'localhost:4600'])
    expect(seen?.headers['x-secret']).toBeUndefined()
    expect(seen?.rawHeaders.filter((name) => name === 'X-Many')).toHaveLength(2)
  })

  test('an answer streams: its beginning is there before its end', async () => {
    let finish = () => {}
    const { port } = await balanced([
      (_, res) => {
        res.write('first')
        finish = () => res.end(' last')
      },
    ])
    const { body } = await fetch(`http://127.0.0.1:${port}/`)
    const parts: string[] = []
    for await (const part of body ?? []) {
      parts.push(new TextDecoder().decode(part as Uint8Array))
      finish()
    }
    expect(parts).toEqual(['first', ' last'])
  })

  test('HEAD has no body, and a node that breaks off breaks the answer off', async () => {
    const { port } = await balanced([
      (req, res) => {
        if (req.method === 'HEAD') return void res.end()
        res.writeHead(200, { 'content-length': '10' }).write('half')
        setTimeout(() => res.destroy(), 20)
      },
    ])
    const head = await fetch(`http://127.0.0.1:${port}/`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    await expect(text(port)).rejects.toThrow()
  })
})
