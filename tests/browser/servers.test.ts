import { expect, test } from 'vitest'
import { violations } from './accessibility.ts'
import { describeInChromium } from './in-chromium.ts'
import { look, type PlaygroundPage } from './page.ts'

/** The tiles of a run that is over: which node answered what. */
async function run(visit: PlaygroundPage): Promise<readonly string[]> {
  await visit.page.click('#send-many')
  await visit.page.waitForFunction(() => document.querySelectorAll('.tile').length === 12)
  await visit.page.waitForSelector('#send-many:not(:disabled)')
  return visit.page.$$eval('.tile', (tiles) =>
    tiles.map(
      (tile) =>
        /^(node-\d) answered (\d+)/
          .exec(tile.textContent ?? '')
          ?.slice(1)
          .join(' ') ?? '',
    ),
  )
}

/** The name of the segment that is checked. */
const balance = (visit: PlaygroundPage) =>
  visit.page.$eval('input[name="balance"]:checked', (input) => (input as HTMLInputElement).value)

describeInChromium(
  'several servers, each with a memory of its own',
  (open) => {
    test('take turns at knowing a session, until sticky, or a token, cures it', async () => {
      const visit = await open.page()
      await visit.goto()
      const byTurns = await run(visit)
      expect(new Set(byTurns).size).toBe(2)
      for (const [at, answer] of byTurns.entries()) expect(answer, `${at}`).toBe(byTurns[at % 2])
      expect(byTurns.filter((answer) => answer.endsWith(' 200'))).toHaveLength(6)
      await visit.reads('Let in 6 of 12 times.', '#lanes-story')
      await visit.reads('never heard of it', '#lanes-story')

      // By the keyboard, which keeps its place.
      await visit.page.focus('input[name="balance"]:checked')
      await visit.page.keyboard.press('ArrowRight')
      await visit.page.waitForSelector('input[name="balance"][value="sticky"]:checked:focus')
      const stuck = await run(visit)
      expect(new Set(stuck).size).toBe(1)
      await visit.reads('A cookie of the balancer', '#lanes-story')

      await visit.page.focus('input[name="balance"]:checked')
      await visit.page.keyboard.press('ArrowLeft')
      await visit.page.waitForSelector('input[name="balance"][value="round-robin"]:checked:focus')
      expect(await balance(visit)).toBe('round-robin')
      await visit.pick('strategy', 'token')
      const tokens = await run(visit)
      expect(tokens.every((answer) => answer.endsWith(' 200'))).toBe(true)
      expect(new Set(tokens).size).toBe(2)
      await visit.close()
    })

    test.each([375, 1280])('nothing moves when the answers come, and all can be read, at %i pixels', async (width) => {
      const visit = await open.page({ width })
      await visit.goto()
      await visit.pick('strategy', 'session')
      const height = () => visit.page.$eval('#servers', (part) => Math.round(part.getBoundingClientRect().height))
      const before = await height()
      await run(visit)
      await visit.page.waitForSelector('.lanes-sum')
      expect(await height()).toBe(before)
      const wider = await visit.page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(wider).toBe(0)
      for (const scheme of ['light', 'dark'] as const) {
        await look(visit.page, scheme)
        expect(await violations(visit.page), scheme).toEqual([])
      }
      await visit.close()
    })
  },
  ['--nodes', '2', '--strategy', 'session'],
)
