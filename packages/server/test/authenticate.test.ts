import { AuthError } from '@handstamp/core/errors'
import { describe, expect, test } from 'vitest'
import { createAuth, memoryStore, session } from '../src/index.ts'
import { signedInRequest } from '../src/testing/index.ts'
import { ada, bench, kinds, origin, userSchema, verdict } from './strategies/bench.ts'

type Validate = (typeof userSchema)['~standard']['validate']

const later: Validate = async (value) => userSchema['~standard'].validate(value)

function sessionAuth(validate: Validate) {
  return createAuth({
    origin,
    strategy: session({ store: memoryStore() }),
    transport: 'cookie',
    user: { '~standard': { version: 1, vendor: 'tests', validate } },
  })
}

describe('a schema', () => {
  test.each(kinds)('that answers later is waited for: %s', async (kind) => {
    const user = { '~standard': { version: 1, vendor: 'tests', validate: later } }
    const bed = bench(kind, { auth: { user } })
    const agent = await bed.signedIn()
    const result = await bed.auth.authenticate(agent.request('GET', '/'))
    expect(result.ok && result.session.user).toEqual(ada)
  })

  test.each(kinds)('that rejects is a failure of ours: %s', async (kind) => {
    let broken = false
    const validate: Validate = (value) => (broken ? Promise.reject(new Error('no such ada')) : later(value))
    const bed = bench(kind, { auth: { user: { '~standard': { version: 1, vendor: 'tests', validate } } } })
    const agent = await bed.signedIn()
    broken = true
    const thrown: unknown = await bed.auth.authenticate(agent.request('GET', '/')).catch((error: unknown) => error)
    expect(thrown).toBeInstanceOf(AuthError)
    expect(thrown).toMatchObject({ code: 'ERR_CLAIMS_INVALID', message: expect.not.stringContaining('ada') })
  })
})

describe('with a store and a schema that answer at once', () => {
  test('the answer is there at once', async () => {
    const auth = sessionAuth((value) => userSchema['~standard'].validate(value))
    const request = await signedInRequest(auth, ada)
    const told: string[] = []
    void verdict(auth.authenticate(request)).then((answer) => told.push(answer))
    // A turn each for the answer, for the verdict and for its listener.
    for (let turn = 0; turn < 3; turn += 1) await undefined
    expect(told).toEqual(['ok'])
  })

  test('what is thrown is a rejection', async () => {
    let broken = false
    const auth = sessionAuth((value) => {
      if (broken) throw new Error('no such user')
      return userSchema['~standard'].validate(value)
    })
    const request = await signedInRequest(auth, ada)
    broken = true
    await expect(auth.authenticate(request)).rejects.toMatchObject({ code: 'ERR_CLAIMS_INVALID' })
  })
})

test.each(kinds)('two answers share what caches are told, and neither can change it: %s', async (kind) => {
  const bed = bench(kind)
  const agent = await bed.signedIn()
  const answers = [
    await bed.auth.authenticate(agent.request('GET', '/')),
    await bed.auth.authenticate(agent.request('GET', '/')),
  ]
  for (const { effects } of answers) {
    expect(effects).toEqual([
      { type: 'header', name: 'Cache-Control', value: 'private, no-store' },
      { type: 'header', name: 'Vary', value: expect.stringMatching(/^Cookie/) },
    ])
    expect(Object.isFrozen(effects) && effects.every(Object.isFrozen)).toBe(true)
  }
})
