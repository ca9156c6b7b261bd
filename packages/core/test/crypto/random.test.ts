import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, test } from 'vitest'
import { randomBytes } from '../../src/crypto/node/random.ts'

const source = new URL('../../src/crypto/node/random.ts', import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'handstamp-random-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

describe('the pool', () => {
  test('hands each byte out once: no two shares of 16 bytes are alike, across refills and sizes', () => {
    const seen = new Set<string>()
    const sizes = [16, 32, 48, 128, 256, 272]
    let blocks = 0
    for (let run = 0; run < 6_000; run += 1) {
      const share = hex(randomBytes(sizes[run % sizes.length] ?? 0))
      for (let at = 0; at < share.length; at += 32) {
        seen.add(share.slice(at, at + 32))
        blocks += 1
      }
    }
    expect(seen.size).toBe(blocks)
  })

  test('answers buffers of their own: writing into one changes no other', () => {
    const first = randomBytes(32)
    const second = randomBytes(32)
    const before = hex(second)
    first.fill(0)
    expect(hex(second)).toBe(before)
    expect(first.buffer.byteLength).toBe(32)
    expect(randomBytes(0)).toHaveLength(0)
  })

  test('is another one in a worker thread', async () => {
    const code = `import { randomBytes } from ${JSON.stringify(source.href)}
      import { parentPort } from 'node:worker_threads'
      parentPort.postMessage(Array.from({ length: 200 }, () => Buffer.from(randomBytes(32)).toString('hex')))`
    const blocks = await Promise.all([1, 2].map(() => fromWorker(code)))
    const all = [...blocks.flat(), ...Array.from({ length: 200 }, () => hex(randomBytes(32)))]
    expect(new Set(all).size).toBe(600)
  })
})

describe('a start-up snapshot', () => {
  // Such a script is one file of CommonJS; this one module has nothing else in it that would have to change.
  const script = stripTypeScriptTypes(readFileSync(source, 'utf8'))
    .replace("import { randomFillSync } from 'node:crypto'", "const { randomFillSync } = require('node:crypto')")
    .replace("import * as v8 from 'node:v8'", "const v8 = require('node:v8')")
    .replace('export function', 'function')
  const main = `
    randomBytes(32)
    v8.startupSnapshot.setDeserializeMainFunction(() => {
      console.log(JSON.stringify(Array.from({ length: 8 }, () => Buffer.from(randomBytes(32)).toString('hex'))))
    })`

  test('holds no random bytes: two processes that begin with it share none', () => {
    const [one, other] = runTwice(`${script}${main}`, 'sound')
    expect(one).toHaveLength(8)
    expect(new Set([...one, ...other]).size).toBe(16)
  })

  test('would hold some if the pool were filled while it is built, so the test above can fail', () => {
    const careless = script.replace('if (isBuildingSnapshot())', 'if (false)')
    expect(careless).not.toBe(script)
    const [one, other] = runTwice(`${careless}${main}`, 'careless')
    expect(one).toEqual(other)
  })
})

function runTwice(code: string, name: string): [string[], string[]] {
  const [entry, blob] = [join(folder, `${name}.cjs`), join(folder, `${name}.blob`)]
  writeFileSync(entry, code)
  execFileSync(process.execPath, ['--snapshot-blob', blob, '--build-snapshot', entry], { stdio: 'pipe' })
  const run = (): string[] =>
    JSON.parse(execFileSync(process.execPath, ['--snapshot-blob', blob], { encoding: 'utf8' })) as string[]
  return [run(), run()]
}

function fromWorker(code: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`))
    worker.once('message', resolve)
    worker.once('error', reject)
  })
}
