/**
 * Describes tests that need the playground in a Chromium; without one they are skipped, and that is said aloud.
 * @module
 */
import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, describe } from 'vitest'
import { chromium, startChromium } from './chromium.ts'
import { openPage, type PageOptions, type PlaygroundPage } from './page.ts'
import { type Playground, startPlayground } from './playground.ts'

export interface Open {
  /** Where the playground serves. */
  readonly origin: string
  /** A page in a browser that has never been here. */
  page(options?: PageOptions): Promise<PlaygroundPage>
}

export interface InChromium {
  /** What the playground starts with. */
  readonly flags?: readonly string[]
  /** False where a server that these flags need is not installed. */
  readonly isPossible?: boolean
}

/** `open` is of use inside of tests alone, once both have started. */
export function describeInChromium(
  name: string,
  body: (open: Open) => void,
  { flags = [], isPossible = true }: InChromium = {},
): void {
  if (chromium === undefined) {
    console.warn(`SKIPPED: ${name}. There is no Chromium here: apt-get install chromium, or set HANDSTAMP_CHROMIUM.`)
  }
  describe.skipIf(chromium === undefined || !isPossible)(name, () => {
    let playground: Playground
    let browser: Browser
    beforeAll(async () => {
      playground = await startPlayground('--sign-in-limit', 'off', ...flags)
      browser = await startChromium(chromium ?? '')
    })
    afterAll(async () => {
      await browser?.close()
      await playground?.stop()
    })
    body({
      get origin() {
        return playground.origin
      },
      page: (options) => openPage(browser, playground.origin, options),
    })
  })
}
