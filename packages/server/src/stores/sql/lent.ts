/**
 * A connection of a pool of pg, heard from its first moment on.
 * @module
 */

/** pg: `new Pool()`. */
export interface LendingPool<Client> {
  connect(onClient: (error: Error | undefined, client: Client | undefined) => void): unknown
}

/**
 * The connection, given to `listen` before anybody else: it can break before a promise of it is heard, where its server says
 * that it is ready and that it shuts down in one breath, and an error that nobody listens to ends the process. A pool that is wrapped
 * so that it answers a promise alone is listened to once that is kept.
 */
export function lent<Client>(pool: LendingPool<Client>, listen: (client: Client) => void): Promise<Client> {
  return new Promise((resolve, reject) => {
    function take(client: Client): void {
      listen(client)
      resolve(client)
    }
    const promised = pool.connect((error, client) => (client === undefined ? reject(error) : take(client)))
    if (promised instanceof Promise) promised.then((client) => client && take(client), reject)
  })
}
