import type { AuthEvent } from '@handstamp/server'
import { createAuth, memoryStore, session } from '@handstamp/server'
import { expect } from 'vitest'
import { schemaOf, type User } from '../../wire/served-auth.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'

interface Listening extends Closable {
  /** The status that a session gets from another browser, while a listener of events behaves like this. */
  moved(listener: (event: AuthEvent) => unknown): Promise<string>
}

/** The application's own question whether a journey is possible is a listener of events: nothing waits for it. */
function listening(): Listening {
  return {
    async moved(listener) {
      const auth = createAuth({
        origin: 'https://app.example',
        strategy: session({ store: memoryStore() }),
        transport: 'cookie',
        user: schemaOf<User>('id', 'role'),
        binding: { userAgent: 'reauthenticate' },
        events: listener,
      })
      const ask = (userAgent: string, cookie?: string) =>
        new Request(auth.origin, { headers: { 'user-agent': userAgent, ...(cookie === undefined ? {} : { cookie }) } })
      const granted = await auth.signIn({ id: 'ada', role: 'admin' }, ask('one'))
      const cookie = auth.apply(granted, new Response()).headers.getSetCookie()[0]?.split(';')[0]
      const result = await auth.authenticate(ask('two', cookie))
      const again = await auth.authenticate(ask('one', cookie))
      return `${result.ok || result.reason}, then ${again.ok}`
    },
    close: () => undefined,
  }
}

export const failingListener: Attack = attack({
  ids: ['I2'],
  title: 'a question about a suspicious request that fails or never answers',
  cost: 'Whoever brings the check down would be let in, or would bring the application down with it.',
  shows: [],
  stage: listening,
  legal: {
    'one that listens': async ({ moved }) => {
      const heard: string[] = []
      expect(await moved(({ type }) => heard.push(type))).toBe('binding, then true')
      expect(heard).toContain('binding.mismatch')
    },
  },
  hostile: each(
    {
      throws: () => {
        throw new Error('no such table')
      },
      rejects: () => Promise.reject(new Error('no such table')),
      'never answers': () => new Promise(() => {}),
      'says that all is well': () => true,
    },
    async ({ moved }: Listening, listener) => expect(await moved(listener)).toBe('binding, then true'),
  ),
})
