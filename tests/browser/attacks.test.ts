import { expect, test } from 'vitest'
import { tabThrough, violations } from './accessibility.ts'
import { describeInChromium } from './in-chromium.ts'
import { look, type Picks, type PlaygroundPage, pickAll, signIn } from './page.ts'

const ids = ['script', 'cross-site', 'same-site', 'forgery', 'fixation', 'store', 'spent-token'] as const
type Id = (typeof ids)[number]
type Verdict = 'fails' | 'limited' | 'succeeds' | 'nothing'

const expected: readonly (Picks & { readonly verdicts: Record<Id, Verdict> })[] = [
  { strategy: 'session', transport: 'cookie', storage: 'cookie', verdicts: verdicts({ 'spent-token': 'nothing' }) },
  {
    strategy: 'session',
    transport: 'bearer',
    storage: 'sessionStorage',
    verdicts: verdicts({ script: 'succeeds', 'spent-token': 'nothing' }),
  },
  {
    strategy: 'token',
    transport: 'bearer',
    storage: 'localStorage',
    verdicts: verdicts({ script: 'succeeds', store: 'nothing', 'spent-token': 'nothing' }),
  },
  {
    strategy: 'token+store',
    transport: 'bearer',
    storage: 'memory',
    verdicts: verdicts({ script: 'succeeds', 'spent-token': 'nothing' }),
  },
  { strategy: 'hybrid', transport: 'cookie', storage: 'cookie', verdicts: verdicts({}) },
  { strategy: 'hybrid', transport: 'bearer', storage: 'localStorage', verdicts: verdicts({ script: 'succeeds' }) },
  { strategy: 'hybrid', transport: 'split', storage: 'memory', verdicts: verdicts({ script: 'limited' }) },
]

/** What is not named fails. */
function verdicts(others: Partial<Record<Id, Verdict>>): Record<Id, Verdict> {
  return { ...(Object.fromEntries(ids.map((id) => [id, 'fails'])) as Record<Id, Verdict>), ...others }
}

describeInChromium(
  'the attacks in a real browser',
  (open) => {
    test.each(expected)('$strategy over $transport in $storage', async ({ verdicts: wanted, ...picks }) => {
      const visit = await open.page()
      await visit.goto()
      await pickAll(visit, picks)
      await signIn(visit)
      await visit.heading('Ada Lovelace')
      await visit.press('Run all')
      await finished(visit, ids)
      expect(await found(visit)).toEqual(wanted)
      // The last one ends the session of a refresh token that was copied, and nothing else does.
      await visit.heading(wanted['spent-token'] === 'fails' ? 'Sign in' : 'Ada Lovelace')
      await visit.close()
    })

    test('a neighbour’s requests bring the cookie along, and those of another site do not', async () => {
      const visit = await open.page()
      await visit.goto()
      await pickAll(visit, { strategy: 'session', transport: 'cookie', storage: 'cookie' })
      const requests = async (id: Id) => {
        await run(visit, id)
        const facts = await visit.page.$$eval(`#attack-${id} dl > div`, (rows) =>
          rows.map((row) => row.textContent ?? ''),
        )
        return facts.filter((fact) => fact.includes('/'))
      }
      const crossSite = await requests('cross-site')
      expect(crossSite).toHaveLength(8)
      for (const fact of crossSite) expect(fact).toMatch(/cross-site, no cookie$/)
      const sameSite = await requests('same-site')
      expect(sameSite).toHaveLength(8)
      for (const fact of sameSite.filter((text) => text.startsWith('POST')))
        expect(fact).toMatch(/403, same-site, with the cookie$/)
      await visit.close()
    })

    test('the attacker’s page comes to nothing in a tab of its own as well', async () => {
      const visit = await open.page()
      await visit.goto()
      await pickAll(visit, { strategy: 'session', transport: 'cookie', storage: 'cookie' })
      await run(visit, 'cross-site')
      const link = await visit.page.$eval('#attack-cross-site a', (anchor) => anchor.href)
      const tab = await visit.context.newPage()
      await tab.goto(link)
      await tab.waitForFunction(() => document.querySelectorAll('#list > li').length === 8)
      await tab.close()
      await visit.press('Who am I?')
      await visit.reads('GET /api/me answered 200', '#output')
      await visit.close()
    })

    test('what was found stays until something else is picked, and moves nothing', async () => {
      for (const width of [375, 1280]) {
        const visit = await open.page({ width })
        await visit.goto()
        await pickAll(visit, { strategy: 'session', transport: 'cookie', storage: 'cookie' })
        const height = () => visit.page.$eval('#attacks', (list) => list.getBoundingClientRect().height)
        const before = await height()
        await visit.press('Run all')
        await finished(visit, ids)
        expect(await height(), `at ${width} pixels`).toBe(before)
        await visit.reads('7 of 7 attacks run on session by cookie: none succeeded.', '#attacks-sum')
        const kept = await found(visit)
        await visit.goto()
        expect(await found(visit)).toEqual(kept)
        await visit.pick('transport', 'bearer')
        expect(await found(visit)).toEqual({})
        await visit.close()
      }
    })

    test('the keyboard runs one, a screen reader hears of it, and axe finds nothing to complain of', async () => {
      const visit = await open.page()
      const { page } = visit
      await visit.goto()
      await pickAll(visit, { strategy: 'hybrid', transport: 'split', storage: 'memory' })
      const stops = await tabThrough(page, (stop) => stop.what.includes('Run: A stolen store'))
      expect(stops.at(-1)?.what).toContain('Run: A stolen store')
      await page.keyboard.press('Enter')
      await finished(visit, ['store'])
      const active = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'))
      expect(await active()).toBe('Run again: A stolen store')
      const live = await page.$eval('#live', (status) => status.textContent)
      expect(live).toMatch(/^A stolen store: fails here\. /)
      await run(visit, 'script')
      for (const summary of await page.$$('#attacks summary')) await summary.click()
      for (const scheme of ['light', 'dark'] as const) {
        await look(page, scheme)
        expect(await violations(page), scheme).toEqual([])
      }
      await visit.close()
    })
  },
  { flags: ['--grace', '2s'] },
)

async function run(visit: PlaygroundPage, id: Id): Promise<void> {
  await visit.page.locator(`#attack-${id} > .button`).click()
  await finished(visit, [id])
}

/** Waits until nothing runs any more. */
async function finished({ page }: PlaygroundPage, wanted: readonly Id[]): Promise<void> {
  await page.waitForFunction(
    (all) =>
      document.querySelector('#run-attacks')?.getAttribute('aria-disabled') === 'false' &&
      all.every((id) => document.querySelector(`#attack-${id} .verdict-stamp`)),
    { timeout: 40_000 },
    wanted,
  )
}

/** The verdicts on the page, as their stamps say them. */
async function found({ page }: PlaygroundPage): Promise<Record<string, string>> {
  const stamps = await page.$$eval('#attacks .verdict-stamp', (all) =>
    all.map((stamp) => [
      stamp.closest('li')?.id.replace('attack-', '') ?? '',
      stamp.className.replace('verdict-stamp ', ''),
      stamp.textContent ?? '',
    ]),
  )
  const texts = {
    fails: 'Fails here',
    limited: 'Succeeds for a while',
    succeeds: 'Succeeds here',
    nothing: 'Nothing to attack',
  }
  for (const [id, verdict = '', text] of stamps) expect(text, id).toBe(texts[verdict as Verdict])
  return Object.fromEntries(stamps.map(([id, verdict]) => [id, verdict]))
}
