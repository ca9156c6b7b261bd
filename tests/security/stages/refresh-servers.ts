/**
 * Several servers of one application over one store, each with a clock of its own.
 * @module
 */
import type { Transport } from '@handstamp/core/session'
import { memoryStore } from '@handstamp/server'
import { type FaultStore, fakeClock, faultStore } from '@handstamp/server/testing'
import { newKeyPair } from '../../wire/key-pair.ts'
import { type Served, type StrategyName, serveAuth, strategyOf } from '../../wire/served-auth.ts'
import { newVisitor, type Visitor } from '../../wire/visitor.ts'
import type { Closable } from '../attack.ts'

export interface ServersStage extends Closable {
  readonly servers: readonly Served[]
  /** One of them; they are counted round. */
  server(at: number): Served
  readonly store: FaultStore
  /** Time passes for all of them. */
  pass(milliseconds: number): void
}

export interface Cluster {
  readonly strategy?: StrategyName
  readonly transport?: Transport
  /** By how much each server's clock is ahead, in milliseconds. */
  readonly skews: readonly number[]
}

export async function serversStage({
  strategy = 'hybrid',
  transport = 'bearer',
  skews,
}: Cluster): Promise<ServersStage> {
  const clock = fakeClock()
  // A store of other processes too: their clocks are forgiven a difference.
  const store = faultStore({ ...memoryStore({ clock }), singleProcess: false })
  const keys = newKeyPair()
  const servers = await Promise.all(
    skews.map(() => serveAuth({ strategy: strategyOf(strategy, store, keys), transport })),
  )
  for (const [at, skew] of skews.entries()) servers[at]?.clock.advance(skew)
  return {
    servers,
    server(at) {
      const served = servers[at % servers.length]
      if (served === undefined) throw new Error('a cluster has a server')
      return served
    },
    store,
    pass(milliseconds) {
      clock.advance(milliseconds)
      for (const served of servers) served.clock.advance(milliseconds)
    },
    close: () => Promise.all(servers.map((served) => served.stop())),
  }
}

/** Somebody with the same credentials, who talks to another server. */
export function at({ wire }: Served, visitor: Visitor): Visitor {
  return newVisitor(wire, visitor.transport, visitor)
}
