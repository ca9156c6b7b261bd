import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { Boot } from '../page.ts'
import { kindOf, readStore } from '../stores/stores.ts'
import { type Browser, openBrowser } from './browser.ts'
import { flags, patience, start } from './running.ts'

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'playground-'))
  closing.push(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** As they are written, `…` for where a server is already. Redis and memcached by name are in `nodes.test.ts`. */
const written = [
  ...['file:DIR', 'sqlite:FILE', 'postgres', 'mysql'],
  ...['redis://…', 'postgresql://…', 'mysql://…', 'memcached://…'],
]

async function storeOf(text: string): Promise<string> {
  if (text === 'file:DIR') return `file:${join(folder(), 'sessions')}`
  if (text === 'sqlite:FILE') return `sqlite:${join(folder(), 'sessions.db')}`
  const [scheme, rest] = text.split(':')
  if (rest === undefined) return text
  const { local } = await kindOf(readStore(text).kind).leaf()
  const { address, stop } = (await local?.start()) ?? expect.fail('no server of it is started')
  closing.push(stop)
  return address.replace(/^\w+/, `${scheme}`)
}

const rows = await Promise.all(
  written.map(async (text) => {
    const { kind } = readStore(text)
    const { local } = await kindOf(kind).leaf()
    return { text, kind, isInstalled: local?.isInstalled() ?? true }
  }),
)

const nodes = ['node-1', 'node-2']
const all = (status: number) => nodes.map((node) => `${node} ${status}`)

async function answers(browser: Browser, method: string, path: string): Promise<readonly string[]> {
  return (await browser.answers(nodes.length, [method, path])).toSorted()
}

describe.each(rows)('--store $text', ({ text, kind, isInstalled }) => {
  test.skipIf(!isInstalled)('shares a sign-in, until its sign-out', { timeout: patience }, async () => {
    const store = await storeOf(text)
    // Whoever is given an address starts no server.
    const env = readStore(store).address === undefined ? {} : { HANDSTAMP_NO_SERVERS: '1' }
    const running = start.with(env)(...flags(`--nodes 2 --strategy token --store ${store}`))
    const browser = await openBrowser(running)
    const page = await (await browser.ask('GET', '/')).text()
    const { configuration } = JSON.parse(/id="boot">([^<]*)</.exec(page)?.[1] ?? '') as Boot
    expect(configuration).toMatchObject({ strategy: 'token+store', store: kind, servers: { shared: true } })

    expect((await browser.signIn()).status).toBe(200)
    expect(await answers(browser, 'GET', '/api/me')).toEqual(all(200))
    expect(await answers(browser, 'POST', '/auth/refresh')).toEqual(all(200))
    const kept = browser.copy()
    expect((await browser.ask('POST', '/auth/sign-out')).status).toBe(204)
    expect(await answers(kept.copy(), 'POST', '/auth/refresh')).toEqual(all(400))
    const known = () => answers(kept, 'GET', '/api/me')
    if (kindOf(kind).feed === 'none') expect(await known()).toEqual(all(401))
    // With a feed a token is good until it tells of the end.
    else await expect.poll(known, { timeout: patience / 4 }).toEqual(all(401))
    running.child.kill('SIGTERM')
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' })
  })
})
