/**
 * A memcached server.
 * @module
 */
import { fileOf, type LocalServer, startServer } from './server.ts'

const files = ['memcached']

export const memcachedIsInstalled = (): boolean => fileOf({ files }) !== undefined

/** `megabytes` of memory, 64 unless set. */
export function startMemcached({ megabytes = 64 }: { readonly megabytes?: number } = {}): Promise<LocalServer> {
  return startServer({
    name: 'memcached',
    files,
    user: 'nobody',
    args: ({ port }) => ['-l', '127.0.0.1', '-p', String(port), '-U', '0', '-m', String(megabytes)],
  })
}
