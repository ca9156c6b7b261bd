import { describe, expect, test } from 'vitest'
import { type Flags, readCommand } from '../flags.ts'

function flags(...args: string[]): Flags {
  const command = readCommand(args)
  if (command.kind !== 'serve') throw new Error(JSON.stringify(command))
  return command.flags
}

describe('what may be said', () => {
  test('nothing: hybrid in a cookie', () => {
    expect(flags()).toEqual({
      port: 4600,
      strategy: 'hybrid',
      transport: 'cookie',
      store: { kind: 'memory' },
      cache: undefined,
      nodes: 1,
      balance: 'round-robin',
      asked: { access: undefined, idle: undefined, lifetime: undefined, grace: undefined },
      signInLimit: 10,
      open: true,
    })
  })

  test.each<[string, Partial<Flags>]>([
    ['--port 0', { port: 0 }],
    ['--port=65535', { port: 65_535 }],
    ['--strategy session', { strategy: 'session' }],
    ['--strategy token', { strategy: 'token' }],
    ['--strategy token --store memory', { strategy: 'token+store' }],
    ['--strategy hybrid --store memory', { strategy: 'hybrid' }],
    ['--transport split', { transport: 'split', strategy: 'hybrid' }],
    ['--transport=bearer --strategy=session', { transport: 'bearer', strategy: 'session' }],
    ['--store redis', { store: { kind: 'redis' } }],
    ['--store memcached --strategy token', { store: { kind: 'memcached' }, strategy: 'token+store' }],
    [
      '--store redis://127.0.0.1:6379/3',
      { store: { kind: 'redis', address: 'redis://127.0.0.1:6379/3' }, strategy: 'hybrid' },
    ],
    ['--store rediss://cache.example', { store: { kind: 'redis', address: 'rediss://cache.example' } }],
    ['--store postgresql://u@h/d', { store: { kind: 'postgres', address: 'postgresql://u@h/d' } }],
    ['--store mysql://u@h/d', { store: { kind: 'mysql', address: 'mysql://u@h/d' } }],
    ['--store memcached://h:11211', { store: { kind: 'memcached', address: 'memcached://h:11211' } }],
    ['--store file:data/sessions', { store: { kind: 'file', address: 'data/sessions' } }],
    ['--store sqlite:/tmp/s.db', { store: { kind: 'sqlite', address: '/tmp/s.db' } }],
    ['--cache 5s', { cache: 5_000 }],
    ['--nodes 8', { nodes: 8, balance: 'round-robin' }],
    ['--nodes 2 --balance sticky', { nodes: 2, balance: 'sticky' }],
    ['--sign-in-limit off', { signInLimit: undefined }],
    ['--sign-in-limit 3', { signInLimit: 3 }],
    ['--no-open', { open: false }],
    [
      '--access-lifetime 200ms --idle-timeout 500ms --lifetime 1d --grace 60s',
      { asked: { access: 200, idle: 500, lifetime: 86_400_000, grace: 60_000 } },
    ],
    ['--strategy token --store memory --access-lifetime 1h', { strategy: 'token+store' }],
    ['--strategy token --access-lifetime 15m', { strategy: 'token' }],
    ['--lifetime 10s', {}],
    ['--idle-timeout 30s', {}],
  ])('%s', (line, expected) => {
    expect(flags(...line.split(' '))).toMatchObject(expected)
  })

  test('--help', () => {
    expect(readCommand(['--help'])).toEqual({ kind: 'help' })
  })
})

/** Each is one line that names the flag. */
const wrong: readonly [string, RegExp][] = [
  ['--nonsense', /--nonsense/],
  ['-p 4600', /-p/],
  ['serve', /"serve"/],
  ['--port', /--port needs a value/],
  ['--port=', /--port needs a value/],
  ['--port http', /--port.*"http"/],
  ['--port 65536', /--port.*65535/],
  ['--port -1', /--port/],
  ['--port 1.5', /--port/],
  ['--port 1 --port 2', /--port is given twice/],
  ['--strategy jwt', /--strategy.*session, token, hybrid.*"jwt"/],
  ['--strategy token+store', /--strategy/],
  ['--strategy __proto__', /--strategy/],
  ['--__proto__ x', /--__proto__/],
  ['--transport header', /--transport.*cookie, bearer, split/],
  [
    '--store disk',
    /--store must be memory, file:DIR, .*redis, redis:\/\/HOST:PORT, .*memcached:\/\/HOST:PORT, not "disk"/,
  ],
  ['--store __proto__', /--store must be/],
  ['--store memory://here', /--store must be/],
  ['--store mongodb://user:secret@host', /"mongodb:\/\/•••@host"/],
  ['--store file', /--store file:DIR/],
  ['--store sqlite', /--store sqlite:FILE/],
  ['--store redis:6379', /--store redis .*redis:\/\/HOST:PORT/],
  ['--store postgres://[', /--store postgres/],
  ['--cache soon', /--cache.*15m/],
  ['--nodes 0', /--nodes.*1 to 8/],
  ['--nodes 9', /--nodes.*1 to 8/],
  ['--nodes two', /--nodes.*"two"/],
  ['--balance random --nodes 2', /--balance must be round-robin, sticky/],
  ['--balance sticky', /--balance goes with --nodes 2/],
  ['--transport split --strategy session', /--transport split.*hybrid/],
  ['--strategy token --transport split', /--transport split.*hybrid/],
  ['--access-lifetime five', /--access-lifetime.*15m/],
  ['--access-lifetime 1.5h', /--access-lifetime/],
  ['--access-lifetime 300000', /--access-lifetime/],
  ['--access-lifetime -5m', /--access-lifetime/],
  ['--access-lifetime 0m', /--access-lifetime/],
  ['--idle-timeout 1w', /--idle-timeout/],
  ['--lifetime 999999d', /--lifetime/],
  ['--grace 61s', /--grace.*60s/],
  ['--grace 2m', /--grace.*60s/],
  ['--strategy session --access-lifetime 5m', /--access-lifetime goes with/],
  ['--strategy token --idle-timeout 5m', /--idle-timeout goes with/],
  ['--strategy session --grace 5s', /--grace goes with hybrid/],
  ['--strategy token --grace 5s', /--grace goes with hybrid/],
  ['--strategy token --access-lifetime 16m', /--access-lifetime.*15m.*--store memory/],
  ['--idle-timeout 2h --lifetime 1h', /--idle-timeout.*--lifetime/],
  ['--access-lifetime 2h', /--access-lifetime.*--idle-timeout/],
  ['--strategy token --store memory --access-lifetime 2h --lifetime 1h', /--access-lifetime.*--lifetime/],
  ['--sign-in-limit 0', /--sign-in-limit.*off/],
  ['--sign-in-limit none', /--sign-in-limit.*off/],
  ['--sign-in-limit 1.5', /--sign-in-limit/],
  ['--no-open=yes', /--no-open takes no value/],
]

describe('what may not be said', () => {
  test.each(wrong)('%s', (line, message) => {
    const command = readCommand(line.split(' '))
    expect(command).toMatchObject({ kind: 'problem', message: expect.stringMatching(message) })
    if (command.kind === 'problem') expect(command.message).not.toMatch(/\n/)
  })
})
