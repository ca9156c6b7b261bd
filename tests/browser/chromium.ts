/**
 * A real Chromium: found, started with a profile of its own, and ended with nothing left behind.
 * @module
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, launch } from 'puppeteer-core'

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The file to start; undefined where there is none. `HANDSTAMP_CHROMIUM` names one, and an empty value none. */
export const chromium: string | undefined =
  (process.env.HANDSTAMP_CHROMIUM ?? usual.find((file) => existsSync(file))) || undefined

export interface Chromium {
  readonly browser: Browser
  close(): Promise<void>
}

export async function startChromium(executablePath: string): Promise<Chromium> {
  const userDataDir = mkdtempSync(join(tmpdir(), 'handstamp-chromium-'))
  const browser = await launch({
    executablePath,
    userDataDir,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  return {
    browser,
    async close() {
      // Waits for the process that it started, and ends it if it does not go.
      await browser.close()
      rmSync(userDataDir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
