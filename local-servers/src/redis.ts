/**
 * A Redis server, and a Redis Cluster of six.
 * @module
 */
import { connect } from 'node:net'
import { fileOf, type LocalServer, type Program, startServer } from './server.ts'

export interface RedisOptions {
  /** Further lines of its configuration: `['maxmemory', '12mb']`. */
  readonly config?: readonly (readonly [name: string, value: string])[]
}

const files = ['redis-server', 'valkey-server']

function redisProgram({ config = [] }: RedisOptions = {}): Program {
  return {
    name: 'redis-server',
    files,
    args: ({ port, folder }) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'],
      ...config.flatMap(([name, value]) => [`--${name}`, value]),
    ],
    ready: /Ready to accept connections/,
  }
}

export const redisIsInstalled = (): boolean => fileOf({ files }) !== undefined

/** Without persistence unless `config` asks for it. */
export function startRedis(options?: RedisOptions): Promise<LocalServer> {
  return startServer(redisProgram(options))
}

export interface RedisCluster {
  readonly nodes: readonly LocalServer[]
  stop(): Promise<void>
}

/** Three primaries with a replica each, ready to serve. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const config = [
    ['cluster-enabled', 'yes'],
    ['cluster-node-timeout', '2000'],
    ['cluster-config-file', 'nodes.conf'],
  ] as const
  const nodes = await Promise.all(Array.from({ length: 6 }, () => startRedis({ config })))
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
  }
  try {
    await join(nodes)
  } catch (error) {
    await stop()
    throw error
  }
  return { nodes, stop }
}

const slots = 16_384

/** By the commands that redis-cli sends, since it asks questions. */
async function join(nodes: readonly LocalServer[]): Promise<void> {
  const [first, ...others] = nodes
  if (first === undefined) return
  const primaries = nodes.slice(0, 3)
  for (const [index, { port }] of primaries.entries()) {
    const [from, to] = [Math.ceil((slots * index) / 3), Math.ceil((slots * (index + 1)) / 3) - 1]
    await command(port, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
  }
  for (const [index, { port }] of nodes.entries()) await command(port, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
  for (const { port } of others) await command(first.port, 'CLUSTER', 'MEET', '127.0.0.1', String(port))
  await until(async () => (await Promise.all(nodes.map(({ port }) => known(port)))).every((count) => count === 6))
  for (const [index, { port }] of nodes.slice(3).entries()) {
    const primary = await command(primaries[index]?.port ?? 0, 'CLUSTER', 'MYID')
    await command(port, 'CLUSTER', 'REPLICATE', primary.split('\r\n')[1] ?? '')
  }
  await until(async () => {
    const infos = await Promise.all(nodes.map(({ port }) => command(port, 'CLUSTER', 'INFO')))
    return infos.every((info) => info.includes('cluster_state:ok'))
  })
}

async function known(port: number): Promise<number> {
  return Number(/cluster_known_nodes:(\d+)/.exec(await command(port, 'CLUSTER', 'INFO'))?.[1])
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 100) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('the cluster does not come together')
}

/** One command over a connection of its own; what it answers, unparsed. */
export function command(port: number, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${encode(words)}${encode(['QUIT'])}`))
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    socket.on('error', reject)
    socket.on('end', () => {
      if (answer.startsWith('-')) reject(new Error(`${words[0]}: ${answer.trim()}`))
      else resolve(answer.replace(/\+OK\r\n$/, ''))
    })
  })
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}
