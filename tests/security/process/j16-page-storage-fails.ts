import type { TokenStorage } from '@handstamp/client'
import { expect } from 'vitest'
import { ada } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import {
  type Area,
  type BrowserStage,
  browserStage,
  newArea,
  webStorages,
  withGlobal,
} from '../stages/process-browser.ts'

const names = ['localStorage', 'sessionStorage'] as const

/** Everything that a page does, which works as long as the page is open. */
async function live(stage: BrowserStage, storage: TokenStorage): Promise<void> {
  const { client, drain } = stage.open(storage)
  expect(await client.load()).toBeNull()
  expect(await client.signIn({ ...ada, password: 'wrong' })).toMatchObject({ ok: false, code: 'invalid_credentials' })
  expect(await client.signIn(ada)).toMatchObject({ ok: true, session: { user: { id: 'ada' } } })
  expect((await client.fetch(`${stage.served.auth.origin}/api/me`)).status).toBe(200)
  stage.served.clock.advance('6m')
  drain()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => client.fetch(`${stage.served.auth.origin}/api/me`)),
  )
  for (const { status } of answers) expect(status).toBe(200)
  expect(drain().filter(({ path }) => path === '/auth/refresh')).toHaveLength(1)
  expect(await client.authorization()).toMatch(/^Bearer eyJ/)
  expect(await client.signOut()).toEqual({ revoked: true })
  expect(await client.authorization()).toBeNull()
  expect((await client.fetch(`${stage.served.auth.origin}/api/me`)).status).toBe(401)
}

/** `open` answers what a look at the area is, anew for each of the two. */
async function inEach(open: () => () => unknown, run: (storage: TokenStorage) => Promise<void>): Promise<void> {
  for (const name of names) await withGlobal(name, open(), () => run(webStorages[name]()))
}

function fail(): never {
  throw new DOMException('The quota has been exceeded.', 'QuotaExceededError')
}

/** An area of the browser with some of its methods replaced, the same at every look. */
function withBroken(methods: Partial<Area>): () => () => Area {
  return () => {
    const area = { ...newArea(), ...methods }
    return () => area
  }
}

const broken: Readonly<Record<string, () => () => unknown>> = {
  'there is none, as on a server': () => () => undefined,
  'there is null, as in a web view': () => () => null,
  'looking at it throws, as where cookies are forbidden': () => () => {
    throw new DOMException('The operation is insecure.', 'SecurityError')
  },
  'writing throws, as where it is full': withBroken({ setItem: fail }),
  'reading throws': withBroken({ getItem: fail }),
  'removing throws': withBroken({ removeItem: fail }),
  'all throw': withBroken({ getItem: fail, setItem: fail, removeItem: fail }),
  'it forgets everything': () => newArea,
}

const own: Readonly<Record<string, TokenStorage>> = {
  'one of the application rejects': { get: () => Promise.reject(new Error('no')), set: () => Promise.reject(new Error('no')), remove: () => Promise.reject(new Error('no')) },
  'one of the application throws at once': { get: fail, set: fail, remove: fail },
} // biome-ignore format: a table

/** A page in which nothing was ever kept cannot know who it is; what it must not do is throw. */
function mayForget(name: string): boolean {
  return /forgets|reading/.test(name)
}

async function survive(stage: BrowserStage, storage: TokenStorage): Promise<void> {
  const { client } = stage.open(storage)
  expect(await client.load()).toBeNull()
  await client.signIn(ada)
  await client.fetch(`${stage.served.auth.origin}/api/me`)
  await client.refresh()
  await client.signOut()
  expect(await client.authorization()).toBeNull()
}

export const pageStorageFails: Attack = attack({
  ids: ['J16'],
  title: 'a storage of the page that is missing, full or forbidden',
  cost: 'Everybody whose browser keeps nothing would see an error instead of the page, or stay signed in with spent tokens.',
  shows: [],
  stage: () => browserStage(),
  legal: {
    'one that works, also after a reload': async (stage) => {
      const area = newArea()
      await inEach(() => () => area, (storage) => live(stage, storage))
      await withGlobal('localStorage', () => area, async () => {
        await stage.open('localStorage').client.signIn(ada)
        expect(await stage.open('localStorage').client.load()).toMatchObject({ user: { id: 'ada' } })
      })
    },
  },
  hostile: {
    ...Object.fromEntries(
      Object.entries(broken).map(([name, open]) => [name, (stage: BrowserStage) => inEach(open, (storage) => (mayForget(name) ? survive : live)(stage, storage))]),
    ),
    ...each(own, live),
    'it breaks between two writes, and spent tokens do not stay for the next page': async (stage) => {
      const area: Area = newArea()
      let full = false
      const look = () => ({ ...area, setItem: (key: string, value: string) => (full ? fail() : area.setItem(key, value)) })
      await withGlobal('localStorage', look, async () => {
        const { client } = stage.open('localStorage')
        await client.signIn(ada)
        expect(area.values.size).toBe(1)
        full = true
        stage.served.clock.advance('6m')
        expect(await client.refresh()).toBe(true)
        expect([...area.values]).toEqual([])
        expect((await client.fetch(`${stage.served.auth.origin}/api/me`)).status).toBe(200)
        expect(await stage.open('localStorage').client.load()).toBeNull()
      })
    },
  },
}) // biome-ignore format: rows
