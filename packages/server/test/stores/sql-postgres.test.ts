import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { type PostgresClient, postgres } from '../../src/stores/sql/postgres.ts'

test('a connection that breaks in the moment it is lent out fails its transaction, and ends no process', async () => {
  const released: unknown[] = []
  const emitter = new EventEmitter()
  let heard = false
  const client: PostgresClient = {
    query: async () => {
      throw new Error('broken')
    },
    on: (event, listener) => emitter.on(event, listener),
    off: (event, listener) => emitter.off(event, listener),
    release: (destroy) => released.push(destroy),
  }
  const { transaction } = postgres({
    query: client.query,
    connect(onClient) {
      onClient(undefined, client)
      // The server's next word in the same breath, which nobody but a listener of the connection can hear.
      heard = emitter.listenerCount('error') > 0
    },
  })
  await expect(transaction(async (query) => query('SELECT 1', []))).rejects.toThrow('broken')
  expect([heard, released, emitter.listenerCount('error')]).toEqual([true, [true], 0])
})

test('no connection is no transaction', async () => {
  const { transaction } = postgres({
    query: async () => ({ rows: [], rowCount: 0 }),
    connect: (onClient) => onClient(new Error('ECONNREFUSED'), undefined),
  })
  await expect(transaction(async () => 'done')).rejects.toThrow('ECONNREFUSED')
})

test('a pool that answers a promise alone lends its connections too', async () => {
  const released: unknown[] = []
  const emitter = new EventEmitter()
  const client: PostgresClient = {
    query: async () => ({ rows: [], rowCount: 0 }),
    on: (event, listener) => emitter.on(event, listener),
    off: (event, listener) => emitter.off(event, listener),
    release: (destroy) => released.push(destroy),
  }
  const { query } = client
  const { transaction } = postgres({ query, connect: async () => client })
  expect(await transaction(async () => emitter.listenerCount('error'))).toBe(1)
  expect(released).toEqual([false])
  const broken = postgres({ query, connect: () => Promise.reject(new Error('ECONNREFUSED')) })
  await expect(broken.transaction(async () => 'done')).rejects.toThrow('ECONNREFUSED')
})
