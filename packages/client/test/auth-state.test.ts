import { describe, expect, test, vi } from 'vitest'
import { clientOf, transports } from './client-of.ts'
import { fakeServer, gate, origin } from './fake-server.ts'

describe.each(transports)('over %s', (transport) => {
  test('listeners are told of changes, and of nothing else, until they leave', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    const statuses: string[] = []
    const leave = client.subscribe(() => statuses.push(client.status))
    await client.load()
    await client.load()
    await client.signIn({ name: 'nobody' })
    await client.signIn({ name: 'ada' })
    server.overrides.set('POST /auth/refresh', () => new TypeError('fetch failed'))
    await client.refresh()
    await client.refresh()
    server.overrides.clear()
    await client.load()
    await client.signOut()
    await client.signOut()
    leave()
    await client.signIn({ name: 'ada' })
    expect(statuses).toEqual(['signed-out', 'signed-in', 'unreachable', 'signed-in', 'signed-out'])
  })

  test('the session is the same object until it changes', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    const { session } = client
    await client.fetch(`${origin}/api/me`)
    expect(client.session).toBe(session)
    await client.refresh()
    expect(client.session).not.toBe(session)
    expect(client.session).toMatchObject({ id: session?.id })
  })

  test('a listener may call every method, and wait for it', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    const calls: Promise<unknown>[] = []
    const results: unknown[] = []
    const once = client.subscribe(() => {
      once()
      const inside = async () => {
        results.push((await client.load())?.user.id)
        results.push(await client.refresh())
        results.push((await client.fetch(`${origin}/api/me`)).status)
        results.push(typeof (await client.authorization()))
        results.push((await client.sessions.list()).length)
        results.push(await client.signOut())
        results.push((await client.signIn({ name: 'grace' })).ok)
      }
      calls.push(inside())
    })
    await client.signIn({ name: 'ada' })
    await Promise.all(calls)
    const authorization = transport === 'cookie' ? 'object' : 'string'
    expect(results).toEqual(['ada', true, 200, authorization, 1, { revoked: true }, true])
    expect(client.session).toMatchObject({ user: { id: 'grace' } })
  })

  test('a listener may begin the next refresh at once', async () => {
    const server = fakeServer(transport)
    const client = clientOf(server, transport)
    await client.signIn({ name: 'ada' })
    let again: Promise<boolean> | undefined
    client.subscribe(() => {
      again ??= client.refresh()
    })
    expect([await client.refresh(), await again]).toEqual([true, true])
    expect(server.count('POST /auth/refresh')).toBe(2)
  })

  test('a listener that throws harms nobody', async () => {
    const reports: string[] = []
    const both = gate()
    vi.stubGlobal('reportError', (error: Error) => {
      if (reports.push(error.message) === 2) both.open()
    })
    const client = clientOf(fakeServer(transport), transport)
    const told = vi.fn()
    client.subscribe(() => {
      throw new Error('sync')
    })
    client.subscribe(async () => {
      await null
      throw new Error('async')
    })
    client.subscribe(told)
    expect(await client.signIn({ name: 'ada' })).toMatchObject({ ok: true })
    expect(told).toHaveBeenCalledTimes(1)
    await both.opened
    expect(reports).toEqual(['sync', 'async'])
    vi.unstubAllGlobals()
  })
})

test('the same function may listen twice and leave once, and who left is not told', async () => {
  const client = clientOf(fakeServer('cookie'), 'cookie')
  const told = vi.fn()
  const first = client.subscribe(() => {
    first()
    second()
  })
  const second = client.subscribe(told)
  client.subscribe(told)
  await client.signIn({ name: 'ada' })
  expect(told).toHaveBeenCalledTimes(1)
})
