import { describe, expect, test } from 'vitest'
import { holdTokens } from '../src/tokens.ts'
import { clientOf, openStorage } from './client-of.ts'
import { fakeServer, gate, origin } from './fake-server.ts'

const tokens = { v: 1, access_token: 'a.b.c', refresh_token: 'hsr1.x', session_id: 'h.1' }

describe('what is found in a storage', () => {
  test.each([
    ['with a refresh token', tokens],
    ['without', { access_token: 'a-Z_9.~+/==', session_id: 'h.1' }],
  ])('is read back %s', async (_, written) => {
    const storage = openStorage()
    await holdTokens(storage).write(written)
    expect(await holdTokens(storage).read()).toEqual({ v: 1, ...written })
    expect(storage.text).toBe(JSON.stringify({ v: 1, ...written }))
  })

  const good = tokens
  test.each<[string, string]>([
    ['no JSON', 'eyJhbGciOiJFUzI1NiJ9'],
    ['nothing', ''],
    ['cut short', JSON.stringify(good).slice(0, -4)],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '7'],
    ['another version', JSON.stringify({ ...good, v: 2 })],
    ['no version', JSON.stringify({ ...tokens, v: undefined })],
    ['no access token', JSON.stringify({ ...good, access_token: undefined })],
    ['an empty access token', JSON.stringify({ ...good, access_token: '' })],
    ['a number for a token', JSON.stringify({ ...good, access_token: 7 })],
    ['a token that splits a header', JSON.stringify({ ...good, access_token: 'a\r\nx-evil: 1' })],
    ['a token with a space', JSON.stringify({ ...good, access_token: 'a b' })],
    ['a token that is no ASCII', JSON.stringify({ ...good, access_token: 'ä' })],
    ['null for a refresh token', JSON.stringify({ ...good, refresh_token: null })],
    ['an object for a refresh token', JSON.stringify({ ...good, refresh_token: {} })],
    ['no session', JSON.stringify({ ...good, session_id: undefined })],
    ['a megabyte', JSON.stringify({ ...good, access_token: 'a'.repeat(1e6) })],
    ['another order', JSON.stringify({ access_token: 'a', v: 1, session_id: 'h.1' })],
    ['white space', `${JSON.stringify(good)}\n`],
    ['a duplicate', JSON.stringify(good).replace('}', ',"session_id":"h.2"}')],
    ['padding', JSON.stringify({ ...good, more: 'a'.repeat(40_000) })],
    ['a prototype', '{"__proto__":{"v":1,"access_token":"a","session_id":"h"}}'],
  ])('%s is ignored and removed', async (_, text) => {
    const storage = openStorage()
    storage.text = text
    const held = holdTokens(storage)
    expect(await held.read()).toBeUndefined()
    expect(storage.text).toBeNull()
    await held.write(tokens)
    expect(await held.read()).toEqual(tokens)
  })

  test('that is no text is nobody', async () => {
    const storage = { ...openStorage(), get: async () => ({ access_token: 'a' }) as unknown as string }
    expect(await holdTokens(storage).read()).toBeUndefined()
  })
})

describe('a storage that fails', () => {
  const fail = (): never => {
    throw new DOMException('The quota has been exceeded', 'QuotaExceededError')
  }
  const reject = () => Promise.reject(new Error('no'))

  test.each([
    ['by throwing', { get: fail, set: fail, remove: fail }],
    ['by rejecting', { get: reject, set: reject, remove: reject }],
  ])('%s leaves the tokens in memory', async (_, storage) => {
    const held = holdTokens(storage)
    expect(await held.read()).toBeUndefined()
    await held.write(tokens)
    expect(await held.read()).toEqual(tokens)
    expect(await held.clear()).toEqual(tokens)
    expect(await held.read()).toBeUndefined()

    const server = fakeServer('bearer')
    const client = clientOf(server, 'bearer', { storage })
    expect(await client.load()).toBeNull()
    expect(await client.signIn({ name: 'ada' })).toMatchObject({ ok: true })
    expect(await client.refresh()).toBe(true)
    expect((await client.fetch(`${origin}/api/me`)).status).toBe(200)
    expect(await client.signOut()).toEqual({ revoked: true })
    expect(await client.authorization()).toBeNull()
  })

  test('when read is nobody', async () => {
    const storage = { ...openStorage(), get: reject }
    const held = holdTokens(storage)
    await held.write(tokens)
    expect(await held.read()).toBeUndefined()
  })

  test('when written does not leave the spent tokens to the next page', async () => {
    const storage = openStorage()
    const held = holdTokens(storage)
    await held.write(tokens)
    storage.set = reject
    const next = { ...tokens, refresh_token: 'hsr1.y' }
    await held.write(next)
    expect([await held.read(), storage.text]).toEqual([next, null])
  })

  test('takes over again when it is mended', async () => {
    const storage = openStorage()
    const { set } = storage
    storage.set = reject
    const held = holdTokens(storage)
    await held.write(tokens)
    storage.set = set
    await held.write(tokens)
    expect(storage.text).not.toBeNull()
    storage.text = null
    expect(await held.read()).toBeUndefined()
  })
})

describe('a storage that is slow', () => {
  test('keeps the order of what is asked of it', async () => {
    const storage = openStorage()
    const slow = gate()
    const { set } = storage
    storage.set = (value) => slow.opened.then(() => set(value))
    const held = holdTokens(storage)
    const done = [held.write(tokens), held.read(), held.clear(), held.read()]
    slow.open()
    expect(await Promise.all(done)).toEqual([undefined, tokens, tokens, undefined])
    expect(storage.text).toBeNull()
  })
})

test('only what was meant is cleared', async () => {
  const storage = openStorage()
  const held = holdTokens(storage)
  await held.write(tokens)
  expect(await held.clear({ ...tokens, access_token: 'another' })).toBeUndefined()
  expect(await held.read()).toEqual(tokens)
  expect(await held.clear(tokens)).toEqual(tokens)
  expect(await held.clear(tokens)).toBeUndefined()
})

test('a sign-out during a slow write wins', async () => {
  const storage = openStorage()
  const writing = gate()
  const slow = gate()
  const { set } = storage
  storage.set = (value) => {
    writing.open()
    return slow.opened.then(() => set(value))
  }
  const server = fakeServer('bearer')
  const client = clientOf(server, 'bearer', { storage })
  const signingIn = client.signIn({ name: 'ada' })
  await writing.opened
  const signingOut = client.signOut()
  slow.open()
  expect([await signingIn, await signingOut]).toEqual([{ ok: false, code: 'unauthenticated' }, { revoked: true }])
  expect([client.session, storage.text, server.alive]).toEqual([null, null, false])
})
