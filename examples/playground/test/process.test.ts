import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { memcachedIsInstalled } from '@handstamp/local-servers/memcached'
import { redisIsInstalled } from '@handstamp/local-servers/redis'
import { describe, expect, test } from 'vitest'
import { childrenOf, isThere, patience, start } from './running.ts'

describe('the process', () => {
  test('says that it is ready, serves on both loopback addresses, and ends when it is told to', {
    timeout: patience,
  }, async () => {
    const { child, ready, ended } = start('--port', '0', '--no-open')
    const origin = await ready
    expect(origin).toMatch(/^http:\/\/localhost:\d+$/)
    const { port } = new URL(origin)

    const body = JSON.stringify({ email: 'ada@example.com', password: 'analytical-engine' })
    const headers = { 'content-type': 'application/json', origin }
    const response = await fetch(`${origin}/auth/sign-in`, { method: 'POST', headers, body })
    expect(response.status).toBe(200)
    const names = response.headers.getSetCookie().map((line) => line.split('=')[0])
    expect(names).toEqual([`handstamp-${port}`, `handstamp-${port}-refresh`])
    const cookie = response.headers.getSetCookie().map((line) => line.split(';')[0])
    const me = await fetch(`http://127.0.0.1:${port}/api/me`, { headers: { cookie: cookie.join('; ') } })
    expect(await me.json()).toMatchObject({ user: { id: 'ada' } })

    child.kill('SIGTERM')
    expect(await ended).toEqual({ code: 0, stdout: `ready ${origin}\n`, stderr: '' })
    await expect(fetch(origin)).rejects.toThrow()
  })

  test('ends on SIGINT as well, whatever connection is still open', { timeout: patience }, async () => {
    const { child, ready, ended } = start('--port=0', '--no-open', '--strategy=session')
    const { port } = new URL(await ready)
    const socket = connect(Number(port), '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write('POST /api/notes HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n')
    child.kill('SIGINT')
    expect((await ended).code).toBe(0)
    socket.destroy()
  })

  test('a busy port is one line and exit 1', { timeout: patience }, async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const port = typeof address === 'object' ? String(address?.port) : ''
    const { code, stdout, stderr } = await start('--port', port, '--no-open').ended
    server.close()
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(new RegExp(`^playground: port ${port} is busy.*--port.*\\n$`))
  })

  describe.each([
    ['redis', redisIsInstalled(), /^(redis|valkey)-server$/],
    ['memcached', memcachedIsInstalled(), /^memcached$/],
  ])('%s', (store, isInstalled, program) => {
    test.skipIf(!isInstalled)('killed, it leaves no server behind', { timeout: patience }, async () => {
      const { child, ready, ended } = start('--port', '0', '--no-open', '--store', store)
      await ready
      const servers: number[] = []
      for (const pid of await childrenOf(child.pid ?? 0)) {
        const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
        if (program.test(name.trim())) servers.push(pid)
      }
      if (process.platform === 'linux') expect(servers).toHaveLength(1)
      child.kill('SIGKILL')
      await ended
      for (let waited = 0; waited < 10_000 && servers.some(isThere); waited += 50) await pause(50)
      expect(servers.filter(isThere)).toEqual([])
    })
  })

  test.each([
    ['--store redis', /no redis server.*apt-get.*--store redis:\/\//],
    ['--store memcached', /no memcached server/],
    ['--store redis://user:secret@127.0.0.1:1', /--store redis cannot be used \(ECONNREFUSED\)/],
    ['--store postgres://user:secret@127.0.0.1:1/x --nodes 2', /--store postgres cannot be used \(ECONNREFUSED\)/],
    ['--store sqlite:/no/such/folder/s.db', /--store sqlite cannot be used/],
  ])('%s is one line and exit 1 where there is none', { timeout: patience }, async (line, message) => {
    const running = start.with({ HANDSTAMP_NO_SERVERS: '1' })('--port', '0', '--no-open', ...line.split(' '))
    const { code, stdout, stderr } = await running.ended
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^playground: [^\n]+\n$/)
    expect(stderr).toMatch(message)
    expect(stderr).not.toContain('secret')
  })

  test.each([
    ['--strategy session --transport split', /--transport split/],
    ['--grace 61s', /--grace/],
    ['--nonsense', /--nonsense/],
  ])('%s is one line and exit 2', { timeout: patience }, async (line, message) => {
    const { code, stdout, stderr } = await start(...line.split(' '), '--no-open').ended
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^playground: [^\n]+\n$/)
    expect(stderr).toMatch(message)
  })

  test('--help tells every flag', { timeout: patience }, async () => {
    const { code, stdout } = await start('--help').ended
    expect(code).toBe(0)
    for (const flag of [
      'port',
      'strategy',
      'transport',
      'store',
      'cache',
      'nodes',
      'balance',
      'access-lifetime',
      'idle-timeout',
      'lifetime',
      'grace',
      'sign-in-limit',
      'no-open',
    ])
      expect(stdout).toContain(`--${flag}`)
  })
})
