/**
 * The playground's page as a user meets it: by roles, names and what is written there.
 * @module
 */
import { deepEqual } from 'node:assert/strict'
import type { Transport } from '@handstamp/core/session'
import type { StrategyKind } from '@handstamp/core/shape'
import type { Browser, BrowserContext, Page } from 'puppeteer-core'

export interface PlaygroundPage {
  readonly page: Page
  readonly context: BrowserContext
  /** The credentials that the browser was ever given, in cookies or bodies. */
  readonly issued: ReadonlySet<string>
  /** Opens a path, and waits until its script is at rest. */
  goto(path?: string): Promise<void>
  reload(): Promise<void>
  /** Presses the button of this name. */
  press(name: string): Promise<void>
  /** Writes into the field of this name, in place of what is there. */
  write(field: string, text: string): Promise<void>
  /** Picks in one of the pickers what is not picked yet, and waits until it applies. */
  pick(picker: 'strategy' | 'transport' | 'storage', value: string): Promise<void>
  /** Waits until the text can be read somewhere inside of the element; on the whole page unless one is named. */
  reads(text: string, selector?: string): Promise<void>
  /** Waits until a heading says so. */
  heading(name: string): Promise<void>
  /** Ends it, and throws if the page ever complained. */
  close(): Promise<void>
}

export type Scheme = 'light' | 'dark'

export interface PageOptions {
  /** False: JavaScript is switched off. */
  readonly scripts?: boolean
  readonly width?: number
  readonly height?: number
  readonly scheme?: Scheme
}

/** A page in a browser that has never been here. */
export async function openPage(
  browser: Browser,
  origin: string,
  { scripts = true, width = 1280, height = 900, scheme = 'light' }: PageOptions = {},
): Promise<PlaygroundPage> {
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  await page.setViewport({ width, height })
  await look(page, scheme)
  await page.setJavaScriptEnabled(scripts)
  page.setDefaultTimeout(15_000)
  const issued = new Set<string>()
  const complaints: string[] = []
  const pending = new Set<Promise<void>>()

  // What a page of another origin inside of this one complains of is its own affair.
  const isOurs = (url: string | undefined): boolean => !url || new URL(url).origin === origin

  page.on('pageerror', (error) => complaints.push(`${error}`))
  page.on('console', (message) => {
    // That a route refuses is its answer, and the network panel's own line about it no complaint of the page.
    if (message.text().startsWith('Failed to load resource') && refusal.test(message.location().url ?? '')) return
    if (!isOurs(message.location().url)) return
    if (['error', 'warn', 'assert'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`)
  })
  page.on('requestfailed', (request) => {
    if (!isOurs(request.frame()?.url())) return
    // A navigation leaves requests behind.
    if (request.failure()?.errorText !== 'net::ERR_ABORTED') complaints.push(`failed: ${request.url()}`)
  })
  page.on('response', (response) => {
    const { pathname } = new URL(response.url())
    if (response.status() >= 400 && !refusal.test(pathname)) complaints.push(`${response.status()} ${response.url()}`)
    for (const line of (response.headers()['set-cookie'] ?? '').split('\n')) {
      const value = /^[^=]+=([^;]+)/.exec(line)?.[1]
      if (value !== undefined) issued.add(value)
    }
    if (!/^\/auth\/(?:sign-in|refresh)$/.test(pathname) || response.status() !== 200) return
    const read = response.json().then(
      (body: { readonly access_token?: string; readonly refresh_token?: string }) => {
        for (const text of [body.access_token, body.refresh_token]) if (text !== undefined) issued.add(text)
      },
      () => complaints.push(`the body of ${pathname} could not be read`),
    )
    const noted = read.then(() => void pending.delete(noted))
    pending.add(noted)
  })

  async function atRest(): Promise<void> {
    if (scripts) await page.waitForSelector('html[data-ready]')
  }

  const self: PlaygroundPage = {
    page,
    context,
    issued,
    async goto(path = '/') {
      await page.goto(origin + path, { waitUntil: 'load' })
      if (path === '/') await atRest()
    },
    async reload() {
      await page.reload({ waitUntil: 'load' })
      await atRest()
    },
    press: (name) => page.locator(xpath(`//button[normalize-space()="${name}"]`)).click(),
    write: (field, text) => page.locator(xpath(fieldOf(field))).fill(text),
    async pick(picker, value) {
      const input = `input[name="${picker}"][value="${value}"]`
      if (await page.$eval(input, (element) => (element as HTMLInputElement).checked)) return
      await page.locator(`label:has(${input})`).click()
      await page.waitForSelector(`#pickers:not([data-busy]) ${input}:checked`)
    },
    async reads(text, selector = 'body') {
      await page.waitForFunction(
        // biome-ignore lint/performance/useDomNodeTextContent: what cannot be seen is not read
        (words, place) => document.querySelector<HTMLElement>(place)?.innerText.includes(words),
        {},
        text,
        selector,
      )
    },
    async heading(name) {
      const levels = ['h1', 'h2', 'h3'].map((level) => `self::${level}`).join(' or ')
      await page.waitForSelector(xpath(`//*[${levels}][normalize-space()="${name}"]`), { visible: true })
    },
    async close() {
      await Promise.all(pending)
      await context.close()
      deepEqual(complaints, [], 'what the page complained of')
    },
  }
  return self
}

/** As somebody set it in their system; nothing moves, so that what is seen is there. */
export function look(page: Page, scheme: Scheme): Promise<void> {
  return page.emulateMediaFeatures([
    { name: 'prefers-color-scheme', value: scheme },
    { name: 'prefers-reduced-motion', value: 'reduce' },
  ])
}

/** What is asked often is asked by XPath: the accessibility tree, of which axe and the tests of names judge, is slow. */
function xpath(expression: string): string {
  return `::-p-xpath(${expression})`
}

/** The field inside of a label, or that a label is for. */
function fieldOf(label: string): string {
  const words = `normalize-space()="${label}"`
  return `//label[${words} or span[${words}]]//input | //input[@id=//label[${words}]/@for]`
}

const refusal = /\/(?:auth|api)\//

export interface Picks {
  readonly strategy: StrategyKind
  readonly transport: Transport
  readonly storage: 'cookie' | 'memory' | 'sessionStorage' | 'localStorage'
}

/** Picks all three. Each pick may move the ones behind it, so the order is that of the page. */
export async function pickAll(visit: PlaygroundPage, { strategy, transport, storage }: Picks): Promise<void> {
  await visit.pick('strategy', strategy)
  await visit.pick('transport', transport)
  await visit.pick('storage', storage)
}

/** Signs in by the form. */
export async function signIn(visit: PlaygroundPage, email = 'ada@example.com', password = 'analytical-engine') {
  await visit.write('Email', email)
  await visit.write('Password', password)
  await visit.press('Sign in')
}

/** What any script of the page could read, by where it stands; the page's own text is one of the places. */
export function visibleTexts(page: Page): Promise<Record<string, string>> {
  return page.evaluate(() => ({
    'document.cookie': document.cookie,
    localStorage: Object.values(localStorage).join('\n'),
    sessionStorage: Object.values(sessionStorage).join('\n'),
    document: document.documentElement.outerHTML,
  }))
}
