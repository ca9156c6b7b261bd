import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
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

/** Ends a process that has started a server, as nobody can prepare for, once the server was started `starts` times. */
async function killTheStarter(file: string, start: string, starts: number): Promise<{ pid: number; folder: string }> {
  const program = `
    const { ${start} } = await import(${JSON.stringify(new URL(`../src/${file}.ts`, import.meta.url).href)})
    const server = await ${start}()
    for (let left = ${starts}; left > 1; left -= 1) await server.restart()
    console.log(JSON.stringify({ pid: server.pid, folder: server.folder }))
    setInterval(() => {}, 1_000)`
  const starter = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(starter.stdout, 'data')) as [Buffer]
  starter.kill('SIGKILL')
  await once(starter, 'exit')
  return JSON.parse(line.toString())
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

describe.each([
  ['redis', redisIsInstalled, startRedis],
  ['memcached', memcachedIsInstalled, startMemcached],
  ['postgres', postgresIsInstalled, startPostgres],
  ['mariadb', mariadbIsInstalled, startMariadb],
] as const)('%s', (file, isInstalled, start) => {
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

  test.skipIf(!isInstalled()).each([1, 2])(
    'ends, and its folder goes, when its starter is killed: start %i',
    async (starts) => {
      const { pid, folder } = await killTheStarter(file, start.name, starts)
      for (let waited = 0; waited < 10_000 && (runs(pid) || existsSync(folder)); waited += 50) await pause(50)
      expect([runs(pid), existsSync(folder)]).toEqual([false, false])
    },
  )
})

test.skipIf(!redisIsInstalled())('a cluster of six agrees that it serves', async () => {
  const { nodes, stop } = await startRedisCluster()
  expect(nodes).toHaveLength(6)
  for (const { port } of nodes) expect(await command(port, 'CLUSTER', 'INFO')).toContain('cluster_state:ok')
  await stop()
})
