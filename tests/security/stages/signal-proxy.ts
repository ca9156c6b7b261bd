/**
 * A server behind one proxy, which writes down the address that each request came from.
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toNodeHandler } from '@handstamp/server/adapters/node'
import type { Answer } from '../../wire/exchange.ts'
import { type Served, type Setting, serveAuth } from '../../wire/served-auth.ts'
import { ada, newVisitor, ownPage, type Visitor } from '../../wire/visitor.ts'
import { openWire, type Wire } from '../../wire/wire.ts'
import type { Closable } from '../attack.ts'

/** Where a request comes from, and what it says that it is. */
export interface Client {
  readonly address?: string
  readonly userAgent?: string
}

export interface ProxyStage extends Closable {
  readonly served: Served
  readonly wire: Wire
  signIn(client: Client, account?: { readonly email: string; readonly password: string }): Promise<Answer>
  signedIn(client: Client): Promise<Visitor>
  /** What the application answers to the same credentials from elsewhere. */
  me(visitor: Visitor, client: Client): Promise<number>
}

export async function proxyStage(setting: Partial<Setting> = {}): Promise<ProxyStage> {
  const served = await serveAuth({ strategy: 'session', transport: 'cookie', ...setting })
  const { auth } = served
  const handler = async (request: Request): Promise<Response> => {
    const ours = await auth.handler(request)
    if (ours !== undefined) return ours
    const result = await auth.authenticate(request)
    return result.ok ? auth.apply(result, Response.json({ user: result.session.user })) : auth.challenge(result)
  }
  const server = createServer(toNodeHandler({ origin: auth.origin, handler }, { trustedProxies: 1 }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const wire = openWire({ origin: auth.origin, port: (server.address() as AddressInfo).port })

  return {
    served,
    wire,
    signIn(client, account = ada) {
      const headers = [...ownPage, ...headersOf(client)]
      return newVisitor(wire, 'cookie').ask('POST', '/auth/sign-in', { headers, json: account })
    },
    async signedIn(client) {
      const visitor = newVisitor(wire, 'cookie')
      await visitor.ask('POST', '/auth/sign-in', { headers: [...ownPage, ...headersOf(client)], json: ada })
      return visitor
    },
    async me(visitor, client) {
      return (await visitor.ask('GET', '/api/me', { headers: [...ownPage, ...headersOf(client)] })).status
    },
    async close() {
      await new Promise((resolve) => server.close(resolve))
      await served.stop()
    },
  }
}

function headersOf({ address, userAgent }: Client): readonly (readonly [string, string])[] {
  return [
    ...(address === undefined ? [] : [['X-Forwarded-For', address] as const]),
    ...(userAgent === undefined ? [] : [['User-Agent', userAgent] as const]),
  ]
}
