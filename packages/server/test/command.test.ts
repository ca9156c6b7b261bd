import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { thumbprint } from '@handstamp/core/jwt/key'
import { createKeyRing, type KeyRingJwk } from '@handstamp/core/jwt/key-ring'
import { describe, expect, test } from 'vitest'
import { runCommand } from '../src/command.ts'

interface Printed {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function run(...args: string[]): Printed {
  const { exitCode, out, err } = runCommand(args)
  return { status: exitCode, stdout: out, stderr: err }
}

function spawned(...args: string[]): Printed {
  const cli = join(import.meta.dirname, '../src/cli.ts')
  const flags = ['--disable-warning=ExperimentalWarning', '--conditions=handstamp-source']
  return spawnSync(process.execPath, [...flags, cli, ...args], { encoding: 'utf8' })
}

test('the program prints what the command answers, and exits so', { timeout: 30_000 }, () => {
  const good = spawned('keys', '--secrets-only')
  expect([good.status, good.stdout]).toEqual([0, expect.stringMatching(/^HANDSTAMP_SECRETS='\["[\w-]{43}"\]'\n$/)])
  expect(good.stderr).toContain('Swap the two')
  expect(spawned('keys', '--alg', 'none')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^handstamp: [^\n]+\n$/),
  })
})

function made(stdout: string): { readonly keys: readonly KeyRingJwk[]; readonly secrets: readonly string[] } {
  return JSON.parse(stdout) as { keys: KeyRingJwk[]; secrets: string[] }
}

describe('keys', () => {
  test('prints two lines for a .env file, and how to rotate beside them', () => {
    const { status, stdout, stderr } = run('keys')
    expect(status).toBe(0)
    const lines = /^HANDSTAMP_KEYS='(.*)'\nHANDSTAMP_SECRETS='(.*)'\n$/.exec(stdout)
    const [key] = JSON.parse(lines?.[1] ?? '[]') as KeyRingJwk[]
    const secrets = JSON.parse(lines?.[2] ?? '[]') as string[]
    expect(key).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256' })
    expect(key?.kid).toBe(key && thumbprint(key))
    expect(createKeyRing(key ? [key] : []).signer(Date.now()).kid).toBe(key?.kid)
    expect(secrets).toEqual([expect.stringMatching(/^[\w-]{43}$/)])
    for (const word of ['activeFrom', 'Swap the two', 'version control']) expect(stderr).toContain(word)
    for (const secret of [...secrets, key?.d ?? 'none']) expect(stderr).not.toContain(secret)
  })

  test.each(['ES384', 'EdDSA', 'RS256', 'HS512'])('makes a key for %s that a key ring takes', (alg) => {
    const { status, stdout } = run('keys', '--alg', alg, '--format=json')
    expect(status).toBe(0)
    const { keys } = made(stdout)
    expect(keys).toEqual([expect.objectContaining({ alg })])
    expect(() => createKeyRing(keys)).not.toThrow()
  })

  test('--secrets-only makes no key, and each run something else', () => {
    const [first, second] = [
      run('keys', '--secrets-only', '--format', 'json'),
      run('keys', '--secrets-only', '--format', 'json'),
    ]
    expect(Object.keys(made(first.stdout))).toEqual(['secrets'])
    expect(first.stdout).not.toBe(second.stdout)
    expect(first.stderr).not.toContain('activeFrom')
  })

  test('--help says what there is', () => {
    for (const args of [['--help'], ['keys', '-h']]) {
      const { status, stdout, stderr } = run(...args)
      expect([status, stderr]).toEqual([0, ''])
      for (const word of ['--alg', 'ES256', '--secrets-only', '--format', '.env']) expect(stdout).toContain(word)
    }
  })

  test.each([
    [[], 'the command is missing'],
    [['key'], 'no command "key"'],
    [['keys', 'twice'], 'keys takes no "twice"'],
    [['keys', '--algorithm', 'ES256'], "Unknown option '--algorithm'"],
    [['keys', '--alg'], "Option '--alg <value>' argument missing"],
    [['keys', '--alg', 'none'], '--alg "none" is none of ES256'],
    [['keys', '--alg', 'es256'], '--alg "es256" is none of ES256'],
    [['keys', '--format', 'pem'], '--format "pem" is neither env nor json'],
    [['keys', '--secrets-only', '--alg', 'ES256'], '--alg has no meaning'],
    [['keys', '--secrets-only=yes'], "Option '--secrets-only' does not take an argument"],
  ])('%j is one clear line and exit 2', (args, line) => {
    const { status, stdout, stderr } = run(...args)
    expect(stderr).toContain(line)
    expect(stderr).toMatch(/^handstamp: [^\n]+\n$/)
    expect([status, stdout]).toEqual([2, ''])
  })
})
