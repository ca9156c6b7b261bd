/** A server of one version: an application with every strategy, over one store and one feed that others share. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { StandardSchema } from '@handstamp/core/schema'
import { type AuthCore, type AuthShape, createAuth, hybrid, type Sessions, session, token } from '@handstamp/server'
import { toNodeHandler } from '@handstamp/server/adapters/node'
import { redisFeed } from '@handstamp/server/feeds/redis'
import { cached } from '@handstamp/server/stores/cached'
import { createClient } from 'redis'
import { sharedStores } from '../fire-stores.ts'
import { type Job, origin, type StrategyName } from './job.ts'

interface User {
  readonly id: string
  readonly role: string
}

interface Application extends AuthCore<AuthShape & { user: User }> {
  readonly sessions?: Sessions<User>
}

process.once('message', async (job: Job) => {
  const shared = sharedStores.find(({ name }) => name === job.store)
  if (shared === undefined) throw new Error('no such store')
  const { store } = await shared.open(job.at)
  const client = await createClient({ url: job.feed }).connect()
  const reader = await client.duplicate().connect()
  let { passed } = job
  const clock = (): number => Date.now() + passed
  const feed = redisFeed({ client, reader, prefix: job.prefix, clock })
  const { keys, secrets, onStale, maxStaleness } = job

  const common = (name: StrategyName) => ({
    origin,
    basePath: `/${name}`,
    transport: ['bearer', 'cookie'] as const,
    user: anything as StandardSchema<User>,
    credentials: anything as StandardSchema<{ readonly name: string }>,
    verifyCredentials: async ({ name: id }: { readonly name: string }): Promise<User> => ({ id, role: 'user' }),
    limits: { signIn: false } as const,
    feed,
    maxStaleness,
    onStale,
    clock,
  })
  const near = cached(store, { feed, maxStaleness, clock })
  const applications = {
    session: createAuth({ ...common('session'), strategy: session({ store: near }) }),
    token: createAuth({ ...common('token'), strategy: token({ keys }) }),
    stored: createAuth({ ...common('stored'), strategy: token({ keys, store }) }),
    hybrid: createAuth({ ...common('hybrid'), strategy: hybrid({ keys, secrets, store }) }),
  } as unknown as Readonly<Record<StrategyName, Application>>

  async function handler(request: Request): Promise<Response | undefined> {
    const [, name = '', place = '', work = ''] = new URL(request.url).pathname.split('/')
    const auth = Object.hasOwn(applications, name) ? applications[name as StrategyName] : undefined
    if (auth === undefined || place !== 'application') return auth?.handler(request)
    const result = await auth.authenticate(request)
    if (!result.ok) return auth.challenge(result)
    const { user } = result.session
    if (work === 'step-up') {
      const renewed = await auth.renew({ ...user, role: 'admin' }, request)
      return renewed.ok ? auth.apply(renewed, Response.json(renewed.body)) : auth.challenge(renewed)
    }
    if (work === 'rename') await auth.sessions?.update({ ...user, role: `${user.role}+` })
    if (work === 'end-all') await auth.sessions?.revokeAll(user.id)
    return auth.apply(result, Response.json(user))
  }

  process.on('message', (ahead: number) => {
    passed = ahead
    process.send?.('set')
  })
  const server = createServer(toNodeHandler({ origin, handler }))
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  // Whoever started it is gone.
  process.once('disconnect', () => process.exit())
})

const anything: StandardSchema<unknown> = {
  '~standard': { version: 1, vendor: 'tests', validate: (value) => ({ value }) },
}
