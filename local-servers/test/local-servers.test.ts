import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { mariadbIsInstalled, startMariadb } from '../src/mariadb.ts'
import { memcachedIsInstalled, startMemcached } from '../src/memcached.ts'
import { postgresIsInstalled, startPostgres } from '../src/postgres.ts'
import { command, redisIsInstalled, startRedis, startRedisCluster } from '../src/redis.ts'

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('error', () => resolve(false))
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}

describe.each([
  ['redis', redisIsInstalled, startRedis],
  ['memcached', memcachedIsInstalled, startMemcached],
  ['postgres', postgresIsInstalled, startPostgres],
  ['mariadb', mariadbIsInstalled, startMariadb],
] as const)('%s', (_, isInstalled, start) => {
  test.skipIf(!isInstalled())('serves, crashes, serves again on the same port, and leaves nothing behind', async () => {
    const server = await start()
    expect(await accepts(server.port)).toBe(true)
    const { pid } = server
    server.signal('SIGKILL')
    await server.restart()
    expect(server.pid).not.toBe(pid)
    expect(await accepts(server.port)).toBe(true)
    await server.stop()
    expect(await accepts(server.port)).toBe(false)
    expect(existsSync(server.folder)).toBe(false)
  })
})

test.skipIf(!redisIsInstalled())('a cluster of six agrees that it serves', async () => {
  const { nodes, stop } = await startRedisCluster()
  expect(nodes).toHaveLength(6)
  for (const { port } of nodes) expect(await command(port, 'CLUSTER', 'INFO')).toContain('cluster_state:ok')
  await stop()
})
