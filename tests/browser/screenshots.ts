/**
 * Takes pictures of the page for people to look at: `node -C handstamp-source tests/browser/screenshots.ts <folder>`.
 * @module
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, startChromium } from './chromium.ts'
import { openPage, type PlaygroundPage, pickAll, signIn } from './page.ts'
import { startPlayground } from './playground.ts'

const sizes = { desktop: { width: 1280, height: 900 }, phone: { width: 375, height: 812 } } as const
const schemes = ['light', 'dark'] as const

/** Each begins with nobody signed in, hybrid in a cookie. */
const scenes: { readonly [name: string]: (visit: PlaygroundPage) => Promise<void> } = {
  'signed-out': (visit) => visit.goto(),
  async 'wrong-password'(visit) {
    await visit.goto()
    await signIn(visit, 'ada@example.com', 'wrong')
    await visit.reads('do not go together', '#sign-in-form')
  },
  async 'signed-in'(visit) {
    await visit.goto()
    await signIn(visit)
    await visit.heading('Ada Lovelace')
    await visit.press('Who am I?')
    await visit.reads('GET /api/me answered 200', '#output')
  },
  async 'local-storage'(visit) {
    await visit.goto()
    await pickAll(visit, { strategy: 'hybrid', transport: 'bearer', storage: 'localStorage' })
    await signIn(visit, 'grace@example.com', 'nanoseconds')
    await visit.heading('Grace Hopper')
    await visit.page.locator('label:has(#reveal)').click()
  },
  async servers(visit) {
    await visit.goto()
    await visit.page.click('#send-many')
    await visit.page.waitForSelector('.lanes-sum')
  },
  plain: (visit) => visit.goto('/plain'),
}

const [folder] = process.argv.slice(2)
if (folder === undefined || chromium === undefined) {
  console.error(folder === undefined ? 'Name a folder for the pictures.' : 'There is no Chromium here.')
  process.exit(2)
}
mkdirSync(folder, { recursive: true })
const browser = await startChromium(chromium)
try {
  for (const scheme of schemes) {
    for (const [size, viewport] of Object.entries(sizes)) {
      for (const [scene, play] of Object.entries(scenes)) {
        const playground = await startPlayground()
        const visit = await openPage(browser, playground.origin, { ...viewport, scheme })
        await play(visit)
        const path = join(folder, `${scene}-${size}-${scheme}.png`) as `${string}.png`
        await visit.page.screenshot({ path, fullPage: true })
        console.log(path)
        await visit.close()
        await playground.stop()
      }
    }
  }
} finally {
  await browser.close()
}
