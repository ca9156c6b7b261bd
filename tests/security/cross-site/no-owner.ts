import { expect } from 'vitest'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { grace, signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'

interface Ownerless extends Closable {
  readonly served: Served
  readonly ada: Visitor
  readonly grace: Visitor
  /** Of a record under ada's handle whose user is nobody. */
  plant(userId: unknown): Promise<string>
}

async function ownerless(): Promise<Ownerless> {
  const served = await serveAuth({ strategy: 'session', transport: 'cookie' })
  const [ada, other] = [await signedIn(served.wire, 'cookie'), await signedIn(served.wire, 'cookie', grace)]
  const [{ id } = { id: '' }] = await served.auth.sessions.list('ada')
  const handle = id.split('.')[0] ?? ''
  let planted = 0
  return {
    served,
    ada,
    grace: other,
    async plant(userId) {
      const { sessions, epoch } = await served.store.listByUser(handle)
      const record = sessions[0]?.record
      if (record === undefined) throw new Error('ada has a session')
      planted += 1
      const name = `${handle}.${Buffer.alloc(32, planted).toString('base64url')}`
      const broken = { ...record, id: name, userId: userId as string }
      expect(await served.store.save(name, broken, { epoch, cap: 100 })).toBe('saved')
      return name
    },
    close: () => served.stop(),
  }
}

/** What an application may hand over where it believes to have a user. */
const nobodies: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  'an empty text': '',
  zero: 0,
  'an object': {},
  'a list of the owner': ['ada'],
  true: true,
}

async function idOf({ served }: Ownerless): Promise<string> {
  const [{ id } = { id: '' }] = await served.auth.sessions.list('ada')
  return id
}

export const noOwner: Attack = attack({
  ids: ['GHSA-cq3f-vc6p-68fh'],
  title: 'a session without an owner, or an owner that is nobody',
  cost: 'A check of the owner that has nothing to compare with would let anybody end the session.',
  shows: ['ASVS 7.5.2'],
  stage: ownerless,
  legal: {
    'her own, by the route and by the application': async (stage) => {
      await signedIn(stage.served.wire, 'cookie')
      const [first, second] = await stage.served.auth.sessions.list('ada')
      const other = [first, second].find((listing) => listing?.current !== true)
      expect(await stage.served.auth.sessions.revoke(other?.id ?? '', { userId: 'ada' })).toBe(true)
      const fresh = await signedIn(stage.served.wire, 'cookie')
      expect((await fresh.ask('DELETE', '/auth/sessions?others=true')).status).toBe(204)
      stage.ada.keep(await stage.ada.signIn())
    },
  },
  hostile: {
    ...each(nobodies, async (stage: Ownerless, userId) => {
      const id = await idOf(stage)
      const ending = async () => stage.served.auth.sessions.revoke(id, { userId: userId as string })
      expect(await ending().catch(() => false)).toBe(false)
      expect((await stage.ada.ask('GET', '/api/me')).status).toBe(200)
    }),
    'null in place of who the owner is': async (stage) => {
      const id = await idOf(stage)
      const ending = async () => stage.served.auth.sessions.revoke(id, null as never)
      expect(await ending().catch(() => false)).toBe(false)
      expect((await stage.ada.ask('GET', '/api/me')).status).toBe(200)
    },
    ...Object.fromEntries(
      [null, undefined, '', 'grace'].map((userId) => [
        `a record that belongs to ${userId === '' ? 'an empty text' : userId}, by anybody`,
        async (stage: Ownerless) => {
          const id = await stage.plant(userId).catch(() => undefined)
          if (id === undefined) return
          for (const visitor of [stage.ada, stage.grace])
            expect((await visitor.ask('DELETE', `/auth/sessions/${id}`)).status).toBe(404)
          for (const { json } of [
            await stage.ada.ask('GET', '/auth/sessions'),
            await stage.grace.ask('GET', '/auth/sessions'),
          ])
            expect(JSON.stringify(json)).not.toContain(id)
        },
      ]),
    ),
    'the session of another user': async (stage) => {
      const id = await idOf(stage)
      expect((await stage.grace.ask('DELETE', `/auth/sessions/${id}`)).status).toBe(404)
      expect(await stage.served.auth.sessions.revoke(id, { userId: 'grace' })).toBe(false)
      expect((await stage.ada.ask('GET', '/api/me')).status).toBe(200)
    },
  },
})
