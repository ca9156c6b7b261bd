import { createAuth, memoryStore } from '@handstamp/server'
import { contractRecord } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { z } from 'zod'
import { newKeyPair } from '../../wire/key-pair.ts'
import { type StrategyName, strategyOf } from '../../wire/served-auth.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'

const strategies: readonly StrategyName[] = ['session', 'token', 'token+store', 'hybrid']
const keys = newKeyPair()
const stage = () => ({ close: () => {} })
type Stage = ReturnType<typeof stage>

/** Signs in a user who carries `data` of the type that the application says it has, and reads them back. */
async function carried(strategy: StrategyName, data: unknown, type: z.ZodType) {
  const store = memoryStore()
  const auth = createAuth({
    origin: 'https://app.example',
    strategy: strategyOf(strategy, store, keys) as never,
    transport: 'cookie',
    user: z.object({ id: z.string(), data: type }),
  })
  const request = new Request('https://app.example/')
  const response = auth.apply(await auth.signIn({ id: 'ada', data }, request), new Response())
  const cookie = response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0] ?? '')
    .join('; ')
  const result = await auth.authenticate(new Request('https://app.example/', { headers: { cookie } }))
  return result.ok ? result.session.user : result.reason
}

function inAll(name: string, attempt: (strategy: StrategyName) => Promise<unknown>): Inputs<Stage> {
  return Object.fromEntries(strategies.map((strategy) => [`${name}, ${strategy}`, () => attempt(strategy)]))
}

const parsed = (text: string): unknown => JSON.parse(text)

/** A token never holds this name, whatever its reader would make of it; a record keeps it as a key of its own. */
const reserved = parsed('{"__proto__":{"role":"admin"},"constructor":{"prototype":1}}')

const kept: Readonly<Record<string, unknown>> = {
  'the reserved names of other libraries': { cookie: 1, id: 2, destroy: 3, save: 4, regenerate: 5, req: 6, sub: 7, exp: 0, iss: 'x' },
  'toJSON as a value': { toJSON: 'text' },
  'names with dots and dollars': { 'a.b': 1, $set: { x: 1 }, '': 0 },
  'empty things and null': [{}, [], '', null, 0, false],
  'the edges of numbers': [Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, -1.5, 1e300],
  'text of all planes': '\u0000\u001f"\\\u2028é😀',
  'a text that looks like a date': '2026-01-01T00:00:00.000Z',
} // biome-ignore format: a table

/** The value, and the type under which an application would say that it wants it back. */
const changed: Readonly<Record<string, readonly [unknown, z.ZodType]>> = {
  'a date': [new Date(0), z.date()],
  'a map': [new Map([['a', 1]]), z.map(z.string(), z.number())],
  'a set': [new Set([1]), z.set(z.number())],
  'a BigInt': [1n, z.bigint()],
  'NaN': [Number.NaN, z.nan()],
  'Infinity': [Number.POSITIVE_INFINITY, z.custom((value) => value === Number.POSITIVE_INFINITY)],
  'undefined in a list': [[undefined], z.array(z.undefined())],
  'a function': [() => 1, z.custom((value) => typeof value === 'function')],
  'a symbol': [Symbol('x'), z.symbol()],
  'a class of its own': [new URL('https://app.example'), z.instanceof(URL)],
  'bytes': [new Uint8Array(1), z.instanceof(Uint8Array)],
  'a lone surrogate': ['\ud800', z.string()],
  'a getter that throws': [{ get x() { throw new Error('secret') } }, z.any()],
  'a toJSON that throws': [{ toJSON() { throw new Error('secret') } }, z.any()],
  'seventy levels': [parsed(`${'['.repeat(70)}${']'.repeat(70)}`), z.any()],
} // biome-ignore format: a table

const circle: { self?: unknown } = {}
circle.self = circle

/** What the store itself is told, past everything before it. */
const unkeepable: Readonly<Record<string, unknown>> = { ...Object.fromEntries(Object.entries(changed).filter(([name]) => !name.includes('throws')).map(([name, [value]]) => [name, value])), 'a circle': circle } // biome-ignore format: a list

export const oddValues: Attack = attack({
  ids: ['C13'],
  title: 'values of a user that a store would change, drop or mistake for its own',
  cost: 'A session would come back with a role that is missing or another one, in one store and not in the next.',
  shows: [],
  stage,
  legal: {
    '__proto__ in a record': async () => {
      const back = await carried('session', reserved, z.any())
      expect(JSON.stringify(back)).toBe(JSON.stringify({ id: 'ada', data: reserved }))
      expect(back).not.toHaveProperty('data.role')
    },
    ...(Object.assign(
      {},
      ...Object.entries(kept).map(([name, data]) =>
        inAll(name, async (strategy) => {
          expect(JSON.stringify(await carried(strategy, data, z.any()))).toBe(JSON.stringify({ id: 'ada', data }))
        }),
      ),
    ) as Inputs<Stage>),
  },
  hostile: {
    ...Object.fromEntries(
      strategies.slice(1).map((strategy) => [
        `__proto__ in a token, ${strategy}`,
        async () => {
          await expect(carried(strategy, reserved, z.any())).rejects.toMatchObject({ code: 'ERR_CLAIMS_INVALID' })
        },
      ]),
    ),
    ...(Object.assign(
      {},
      ...Object.entries({ ...changed, 'a circle': [circle, z.any()] as const }).map(([name, [data, type]]) =>
        inAll(name, async (strategy) => {
          const failure = await carried(strategy, data, type).catch((error: unknown) => error)
          expect(failure).toMatchObject({ name: 'AuthError', code: 'ERR_CLAIMS_INVALID' })
          expect(String(failure)).not.toContain('secret')
        }),
      ),
    ) as Inputs<Stage>),
    ...Object.fromEntries(
      Object.entries(unkeepable).map(([name, data]) => [
        `${name}, given to the store itself`,
        async () => {
          const store = memoryStore({ clock: () => 1_800_000_000_000 })
          const record = contractRecord({ createdAt: 1_800_000_000_000, user: { id: 'ada', data } })
          const saved = store.save(record.id, record, { epoch: undefined, cap: 10 })
          await expect(saved).rejects.toMatchObject({ code: 'ERR_CLAIMS_INVALID' })
          expect(await store.find(record.id)).toBeUndefined()
        },
      ]),
    ),
  },
})
