import { createAuth, memoryStore, type SessionStore, type Strategy, session } from '@handstamp/server'
import { createAgent } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { schemaOf, servedOrigin, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'

const ada: User = { id: 'ada', role: 'admin' }

/** A driver whose `find` can be told what to do in place of looking. */
interface Bent extends Closable {
  open(find: () => unknown): Promise<{ readonly ask: () => Promise<Response>; readonly agent: ReturnType<typeof createAgent> }>
} // biome-ignore format: a type

function bent(): Bent {
  return {
    async open(find) {
      const store = memoryStore()
      let broken = false
      const driver: SessionStore = {
        ...store,
        find: (...args) => (broken ? (find() as ReturnType<SessionStore['find']>) : store.find(...args)),
      }
      const auth = createAuth({
        origin: servedOrigin,
        strategy: session({ store: driver }) as Strategy<'session'>,
        transport: 'cookie',
        user: schemaOf<User>('id', 'role'),
      })
      const agent = createAgent(auth, 'cookie')
      const granted = await auth.signIn(ada, agent.request('POST', '/'))
      await agent.keep(auth.apply(granted, new Response()))
      broken = true
      return { agent, ask: () => agent.send('GET', '/auth/session') }
    },
    close: () => {},
  }
}

const failed = (fields: object) => () => Promise.reject(Object.assign(new Error('not found'), fields))

// biome-ignore lint/suspicious/noThenProperty: as query builders are
const throwing = { then: () => { throw new Error('relation "sessions" does not exist') } } // biome-ignore format: a row

/** Neither signed in nor nobody, and what the browser holds stays. */
async function expectUnknown(stage: Bent, find: () => unknown): Promise<void> {
  const { ask, agent } = await stage.open(find)
  const held = [...agent.cookies]
  const response = await ask()
  expect([response.status, response.headers.get('retry-after'), response.headers.getSetCookie()]).toEqual([503, '1', []])
  expect([...agent.cookies]).toEqual(held)
} // biome-ignore format: a row

export const errorsAsAbsence: Attack = attack({
  ids: ['express-session'],
  title: 'an error of the store that reads like an absence',
  cost: 'A missing mount or table would sign everybody out, and their browsers would throw the cookies away.',
  shows: [],
  stage: bent,
  legal: {
    'a session that is not there': async (stage) => {
      const { ask, agent } = await stage.open(async () => undefined)
      const response = await ask()
      expect([response.status, await response.json()]).toEqual([200, { session: null }])
      expect([...agent.cookies]).toEqual([])
    },
  },
  hostile: each(
    {
      'the directory is missing': failed({ code: 'ENOENT', errno: -2 }),
      'the table is missing': failed({ code: '42P01' }),
      'the key is missing, says the driver': failed({ code: 'NotFound', notFound: true }),
      'a status of 404': failed({ status: 404, statusCode: 404 }),
      'the cluster has no such slot': failed({ code: 'MOVED' }),
      'null': async () => null,
      'false': async () => false,
      'an empty object': async () => ({}),
      'a list of none': async () => [],
      'a record without its version': async () => ({ record: { v: 1, userId: 'ada' } }),
      'an error that is no object': () => Promise.reject('not found'),
      'a rejection without a reason': () => Promise.reject(),
      'a query that throws when it is asked': () => throwing,
    },
    expectUnknown,
  ),
}) // biome-ignore format: a table
