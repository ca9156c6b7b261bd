/**
 * The commands of Redis over the client that the application brings: node-redis or ioredis, one server or a Cluster.
 * @module
 */

/** node-redis: `createClient()` or `createClientPool()`. */
export interface NodeRedisClient {
  sendCommand(words: string[], options?: NodeRedisOptions): Promise<unknown>
}

/** node-redis: `createCluster()`. */
export interface NodeRedisCluster {
  readonly slots: unknown
  sendCommand(
    firstKey: string | undefined,
    isReadonly: boolean | undefined,
    words: string[],
    options?: NodeRedisOptions,
  ): Promise<unknown>
}

interface NodeRedisOptions {
  /** Milliseconds that a command may wait to be sent. Where nothing is said node-redis sets a timer for each, for 0 none. */
  readonly timeout?: number
}

/** ioredis: `new Redis()`, or `new Cluster()` without `scaleReads`. */
export interface IoRedis {
  call(command: string, ...words: string[]): Promise<unknown>
}

export type RedisClient = NodeRedisClient | NodeRedisCluster | IoRedis

/** One command; the first key says which node of a Cluster it is for. */
export type Command = (firstKey: string, ...words: readonly [command: string, ...words: string[]]) => Promise<unknown>

/** @throws TypeError for what is none of the clients, and for one that reads from replicas. */
export function commandsOf(client: RedisClient, option: string): Command {
  if (isIoRedis(client)) {
    const { scaleReads = 'master' } = (client as { options?: { scaleReads?: unknown } }).options ?? {}
    if (scaleReads !== 'master')
      throw new TypeError(`${option} reads from replicas, which have not heard the latest: leave out scaleReads`)
    return (_, command, ...words) => client.call(command, ...words)
  }
  if (typeof (client as Partial<NodeRedisClient> | undefined)?.sendCommand !== 'function')
    throw new TypeError(
      `${option} must be a client of node-redis or ioredis: write createClient({ url }) and connect it`,
    )
  if ('slots' in client) {
    const cluster = client as NodeRedisCluster
    // Never a replica: what it has not heard yet would be taken for the truth.
    return (firstKey, ...words) => cluster.sendCommand(firstKey, false, words, waitsFor(words))
  }
  return (_, ...words) => (client as NodeRedisClient).sendCommand(words, waitsFor(words))
}

/** A read has a deadline already, and does no harm when it is sent late; a write must not lie in a queue until then. */
function waitsFor([command]: readonly [command: string, ...words: string[]]): NodeRedisOptions | undefined {
  return command === 'MGET' ? unhurried : undefined
}

const unhurried: NodeRedisOptions = { timeout: 0 }

/**
 * True where each command for a node goes over the same connection: not with createClientPool() of node-redis, which takes
 * any, nor with a Cluster of ioredis, which sends a command without a key to any node.
 */
export function hasOneConnection(client: RedisClient): boolean {
  return !('totalClients' in client) && (client as { isCluster?: unknown }).isCluster !== true
}

export function isIoRedis(client: RedisClient): client is IoRedis {
  return typeof (client as Partial<IoRedis> | undefined)?.call === 'function'
}

/** node-redis has the slots of a Cluster at hand, ioredis says so by a flag. */
export function isCluster(client: RedisClient): boolean {
  return 'slots' in client || (client as { readonly isCluster?: unknown }).isCluster === true
}

/** A script that the server keeps: sent as a whole when it does not know it (NOSCRIPT). */
export interface Script {
  readonly text: string
  run(command: Command, keys: readonly [string, ...string[]], args: readonly string[]): Promise<unknown>
}

export function createScript(text: string): Script {
  let digest: Promise<string> | undefined
  return {
    text,
    async run(command, keys, args) {
      const rest = [String(keys.length), ...keys, ...args]
      digest ??= sha1(text)
      try {
        return await command(keys[0], 'EVALSHA', await digest, ...rest)
      } catch (error) {
        if (!isCode(error, 'NOSCRIPT')) throw error
        return command(keys[0], 'EVAL', text, ...rest)
      }
    },
  }
}

/** True for an error that Redis itself answered under this code, the first word of its message. */
export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(`${code} `)
}

/** Names a script to the server, and protects nothing. */
async function sha1(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
