/**
 * The commands of memcached over the client that the application brings.
 * @module
 */
import { AuthError } from '@handstamp/core/errors'

/** A value, and the token that a later `cas` must name. */
export interface Versioned {
  readonly value: string
  readonly token: string
}

/**
 * What the store asks of memcached. A rejection means that the server could not answer; undefined and false are its own
 * words. `expiresAt` is what goes over the wire as exptime: seconds since 1970, or 0.
 */
export interface MemcachedCommands {
  get(key: string): Promise<string | undefined>
  gets(key: string): Promise<Versioned | undefined>
  /** False where the key is there. */
  add(key: string, value: string, expiresAt: number): Promise<boolean>
  /** False where the value was changed since the token was read, or is gone. */
  cas(key: string, value: string, expiresAt: number, token: string): Promise<boolean>
}

/** One server, as the package `memcache` sees it. */
export interface MemcacheNode {
  isConnected(): boolean
  reconnect(): Promise<void>
  command(line: string, options?: { isMultiline?: boolean; requestedKeys?: string[] }): Promise<unknown>
}

/** `new Memcache({ nodes })` of the package `memcache`. */
export interface MemcacheClient {
  readonly hash: { getNodesByKey(key: string): MemcacheNode[] }
}

export type MemcachedClient = MemcacheClient | MemcachedCommands

/** @throws TypeError for what is neither. */
export function commandsOf(client: MemcachedClient, option: string): MemcachedCommands {
  if (typeof (client as Partial<MemcacheClient> | undefined)?.hash?.getNodesByKey === 'function') {
    return commandsOfMemcache(client as MemcacheClient)
  }
  const commands = client as Partial<MemcachedCommands> | undefined
  if (['get', 'gets', 'add', 'cas'].every((name) => typeof commands?.[name as keyof MemcachedCommands] === 'function'))
    return client as MemcachedCommands
  throw new TypeError(`${option} must be a client of memcache: write new Memcache({ nodes: ['127.0.0.1:11211'] })`)
}

/**
 * Speaks to the nodes themselves: the client's own `get` answers undefined for a server that is down, its `gets` leaves
 * the token out, and its `cas` takes every failure for a lost race.
 */
function commandsOfMemcache({ hash }: MemcacheClient): MemcachedCommands {
  const connecting = new WeakMap<MemcacheNode, Promise<void>>()

  function nodeOf(key: string): MemcacheNode | Promise<MemcacheNode> {
    const [node] = hash.getNodesByKey(key)
    if (node === undefined) throw unavailable('the client has no node')
    return node.isConnected() ? node : connected(node)
  }

  /**
   * One connection for all who wait, and by `reconnect`, which drops what an answer that broke off has left: it would be
   * read as the beginning of the next one.
   */
  async function connected(node: MemcacheNode): Promise<MemcacheNode> {
    const attempt = connecting.get(node) ?? node.reconnect().finally(() => connecting.delete(node))
    connecting.set(node, attempt)
    await attempt
    return node
  }

  async function valueIn(key: string, asked: Promise<unknown>): Promise<string | undefined> {
    const { values, foundKeys } = ((await asked) ?? {}) as { values?: string[]; foundKeys?: string[] }
    if (values === undefined) return undefined
    if (values.length !== 1 || foundKeys?.[0] !== key) throw unavailable('an answer to another question')
    return values[0]
  }

  const ask = (node: MemcacheNode, key: string): Promise<unknown> =>
    node.command(`get ${key}`, { isMultiline: true, requestedKeys: [key] })

  async function store(key: string, words: string, value: string, end: string): Promise<boolean> {
    const node = await nodeOf(key)
    const bytes = new TextEncoder().encode(value).length
    const answer = await node.command(`${words} ${bytes}${end}\r\n${value}`).catch((error: unknown) => {
      throw isTooLarge(error) ? tooLarge(bytes) : error
    })
    if (answer === 'STORED') return true
    if (answer === false || answer === 'EXISTS' || answer === 'NOT_FOUND') return false
    throw unavailable('an answer that memcached does not give')
  }

  return {
    async get(key) {
      return valueIn(key, ask(await nodeOf(key), key))
    },

    /** The token goes first: a value that is newer than its token loses the race, and never wins it unseen. */
    async gets(key) {
      const node = await nodeOf(key)
      const [head, value] = await Promise.all([node.command(`mg ${key} c`), valueIn(key, ask(node, key))])
      if (head === 'EN') return undefined
      const token = typeof head === 'string' ? /^HD c(\d+)$/.exec(head)?.[1] : undefined
      if (token === undefined) throw unavailable('no version of the value: memcached is 1.6 or newer')
      return value === undefined ? undefined : { value, token }
    },

    add: (key, value, expiresAt) => store(key, `add ${key} 0 ${expiresAt}`, value, ''),
    cas: (key, value, expiresAt, token) => store(key, `cas ${key} 0 ${expiresAt}`, value, ` ${token}`),
  }
}

function isTooLarge(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('SERVER_ERROR object too large')
}

function tooLarge(bytes: number): AuthError {
  return new AuthError(
    'ERR_STORE_LIMIT',
    `the session store: memcached takes no value of ${bytes} bytes: start it with a larger -I`,
  )
}

function unavailable(what: string): AuthError {
  return new AuthError('ERR_STORE_UNAVAILABLE', `the session store: ${what}`)
}
