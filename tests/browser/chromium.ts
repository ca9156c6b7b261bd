/**
 * A real Chromium: where it is, and how it is started.
 * @module
 */
import { existsSync } from 'node:fs'
import { type Browser, launch } from 'puppeteer-core'

const usual = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The file to start; undefined where there is none. `HANDSTAMP_CHROMIUM` names one, and an empty value none. */
export const chromium: string | undefined =
  (process.env.HANDSTAMP_CHROMIUM ?? usual.find((file) => existsSync(file))) || undefined

/** Its profile is new and empty; it goes when the browser is closed, or with this process. */
export function startChromium(executablePath: string): Promise<Browser> {
  return launch({
    executablePath,
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
}
