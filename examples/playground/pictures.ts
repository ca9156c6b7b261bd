/**
 * `pnpm run pictures`: takes the pictures of the page that the documentation shows, by a browser that is installed.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import puppeteer, { type Browser, type Page } from 'puppeteer-core'
import { createApp } from './app.ts'
import { readCommand } from './flags.ts'
import { listen } from './listen.ts'

const chromium = process.env.HANDSTAMP_CHROMIUM || '/usr/bin/chromium'
const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking', '--disable-sync']

const command = readCommand(['--no-open'])
if (command.kind !== 'serve') throw new Error('the default flags are fine')
const listening = await listen(0)
const origin = `http://localhost:${listening.port}`
const app = await createApp(origin, command.flags)
listening.serve(app.fetch, origin)

const userDataDir = await mkdtemp(join(tmpdir(), 'handstamp-pictures-'))
const browser = await puppeteer.launch({ executablePath: chromium, headless: true, userDataDir, args })
try {
  for (const scheme of ['light', 'dark'] as const) await takePicture(browser, scheme)
} finally {
  await browser.close()
  await rm(userDataDir, { recursive: true, force: true })
  await listening.close()
  await app.close()
}

/** Ada, who has just asked who she is: the stamp, the configuration, and her request in five steps. */
async function takePicture(from: Browser, scheme: 'light' | 'dark'): Promise<void> {
  const context = await from.createBrowserContext()
  const page = await context.newPage()
  await page.setViewport({ width: 1280, height: 1480 })
  await page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ])
  await page.goto(origin)
  await page.waitForSelector('html[data-ready]')
  await press(page, 'Sign in')
  await page.waitForSelector('.session')
  await press(page, 'Who am I?')
  await page.waitForSelector('.output-title')
  await page.waitForFunction(() => document.querySelector('.request[open] .call')?.textContent?.includes('/api/me'))
  await page.evaluate(async () => {
    ;(document.activeElement as HTMLElement | null)?.blur()
    await document.fonts.ready
  })
  await page.mouse.move(0, 0)
  const path = fileURLToPath(new URL(`../../docs/playground-${scheme}.webp`, import.meta.url)) as `${string}.webp`
  await page.screenshot({ path, quality: 82 })
  await context.close()
}

function press(page: Page, name: string): Promise<void> {
  return page.locator(`::-p-aria([name="${name}"][role="button"])`).click()
}
