import { redisIsInstalled } from '@handstamp/local-servers/redis'
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

/** Signs out, and reads the rows of the nodes once they hold: name, when it heard, since when it refuses. */
async function endAndRead(visit: PlaygroundPage, holds: RegExp): Promise<readonly (readonly string[])[]> {
  const { page } = visit
  await page.locator('#sign-out').click()
  await visit.heading('Sign in')
  // The focus goes to the form, and the part is followed while it is on the screen.
  await page.waitForFunction(() => document.activeElement?.id === 'email')
  await page.$eval('#feed', (feed) => feed.scrollIntoView({ block: 'center' }))
  await page.waitForFunction(
    (source) => {
      const rows = [...document.querySelectorAll('.feed-event:first-child .asked tbody tr td:last-child')]
      return rows.length > 0 && rows.every((cell) => new RegExp(source).test(cell.textContent ?? ''))
    },
    {},
    holds.source,
  )
  return page.$$eval('.feed-event:first-child .asked tbody tr', (rows) =>
    rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')),
  )
}

async function isSound(visit: PlaygroundPage): Promise<void> {
  for (const width of [375, 1280]) {
    await visit.page.setViewport({ width, height: 900 })
    const wider = await visit.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(wider, `${width}`).toBe(0)
  }
  for (const scheme of ['light', 'dark'] as const) {
    await look(visit.page, scheme)
    expect(await violations(visit.page), scheme).toEqual([])
  }
}

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

    test('sign a token out, and are seen to accept it still', async () => {
      const visit = await open.page()
      await visit.goto()
      await visit.pick('strategy', 'token')
      await run(visit)
      const rows = await endAndRead(visit, /^still accepts it/)
      const accepting = expect.stringMatching(/^still accepts it, until \d\d:\d\d:\d\d at most$/)
      expect(rows).toEqual([
        ['node-1', accepting],
        ['node-2', accepting],
      ])
      await visit.reads('2 of 2 nodes still accept it', '#feed')
      await isSound(visit)
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
  { flags: ['--nodes', '2', '--strategy', 'session'] },
)

describeInChromium(
  'several servers that share a Redis',
  (open) => {
    test('show how soon each refuses a session that both had cached', async () => {
      const visit = await open.page()
      await visit.goto()
      const byTurns = await run(visit)
      expect(byTurns.map((answer) => answer.split(' ')[1])).toEqual(Array(12).fill('200'))
      expect(new Set(byTurns).size).toBe(2)
      const rows = await endAndRead(visit, /^after/)
      const heard = expect.stringMatching(/^(?:after )?\d+\.\d m?s(?: before)?$/)
      const refused = expect.stringMatching(/^after \d+\.\d m?s(?:, accepted .* before)?$/)
      expect(rows).toEqual([
        ['node-1', heard, refused],
        ['node-2', heard, refused],
      ])
      await visit.reads('Every node refused it within', '#feed')
      await isSound(visit)
      await visit.close()
    })
  },
  {
    flags: ['--nodes', '2', '--strategy', 'session', '--store', 'redis', '--cache', '5s'],
    isPossible: redisIsInstalled(),
  },
)
