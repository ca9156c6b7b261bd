import { expect, test } from 'vitest'
import { accessibilityNodes, tabThrough, violations } from './accessibility.ts'
import { describeInChromium } from './in-chromium.ts'
import { look, pickAll, signIn } from './page.ts'

const controls = new Set(['button', 'checkbox', 'combobox', 'link', 'radio', 'searchbox', 'switch', 'tab', 'textbox'])

describeInChromium('the page in a real browser', (open) => {
  test('/plain signs in and out without JavaScript', async () => {
    const visit = await open.page({ scripts: false })
    const { page, context } = visit
    await visit.goto('/plain')
    // Nothing in the page waits here, so each step is a navigation.
    const submit = () => Promise.all([page.waitForNavigation(), page.click('button[type="submit"]')])
    const heading = () => page.$eval('h1', (element) => element.textContent)
    const send = async (email: string, password: string): Promise<void> => {
      await page.type('input[name="email"]', email)
      await page.type('input[name="password"]', password)
      await submit()
    }
    await send('ada@example.com', 'wrong')
    expect(new URL(page.url()).search).toBe('?error=invalid_credentials')
    expect(await page.$eval('[role="alert"]', (element) => element.textContent)).toContain('do not go together')
    expect(await context.cookies()).toEqual([])
    await send('ada@example.com', 'analytical-engine')
    expect(page.url()).toBe(`${open.origin}/plain`)
    expect(await heading()).toBe('Ada Lovelace')
    const guard = [true, 'Strict', '/']
    const guards = (await context.cookies()).map(({ httpOnly, sameSite, path }) => [httpOnly, sameSite, path])
    expect(guards).toEqual([guard, guard])
    await page.reload()
    expect(await heading()).toBe('Ada Lovelace')
    await submit()
    expect(await heading()).toBe('Sign in')
    expect(await context.cookies()).toEqual([])
    await visit.close()
  })

  test('the front page without JavaScript leads to the plain one', async () => {
    const visit = await open.page({ scripts: false })
    await visit.page.goto(open.origin)
    const links = await visit.page.$$eval('noscript a, a', (all) => all.map((link) => link.getAttribute('href')))
    expect(links).toContain('/plain')
    await visit.close()
  })

  test('the keyboard alone picks, signs in and signs out', async () => {
    const visit = await open.page()
    const { page } = visit
    const { keyboard } = page
    const tabTo = async (what: RegExp): Promise<void> => {
      const stops = await tabThrough(page, (stop) => what.test(stop.what))
      expect(stops.at(-1)?.what).toMatch(what)
    }
    await visit.goto()
    await tabTo(/^input session|^input token|^input hybrid/)
    const picked = () => page.$eval('input[name="strategy"]:checked', (input) => (input as HTMLInputElement).value)
    const before = await picked()
    await keyboard.press('ArrowUp')
    // Once the pick is done, the focus is on what was picked.
    await page.waitForFunction(
      (value) => {
        const input = document.querySelector<HTMLInputElement>(
          '#pickers:not([data-busy]) input[name="strategy"]:checked',
        )
        return input !== null && input.value !== value && input === document.activeElement
      },
      {},
      before,
    )

    await visit.goto()
    await tabTo(/^input Email/)
    await keyboard.type('grace@example.com')
    await keyboard.press('Tab')
    await keyboard.type('wrong')
    await keyboard.press('Enter')
    await visit.reads('do not go together', '#sign-in-form')
    await page.waitForFunction(() => document.activeElement?.matches('input[type="password"]'))
    await keyboard.type('nanoseconds')
    await keyboard.press('Enter')
    await visit.heading('Grace Hopper')
    await page.waitForFunction(() => document.activeElement?.textContent === 'Grace Hopper')
    await tabTo(/^button Sign out/)
    await keyboard.press('Enter')
    await visit.heading('Sign in')
    await page.waitForFunction(() => document.activeElement?.matches('input[type="email"]'))
    await visit.close()
  })

  test('everything that the Tab key finds has a name and shows that it has the focus', async () => {
    const visit = await open.page()
    await visit.goto()
    await signIn(visit)
    await visit.heading('Ada Lovelace')
    await visit.page.waitForFunction(() => document.querySelectorAll('#sessions > .session').length > 0)
    await visit.page.evaluate(() => {
      const start = document.querySelector<HTMLElement>('h1')
      start?.setAttribute('tabindex', '-1')
      start?.focus()
    })
    const stops = await tabThrough(visit.page)
    expect(stops.length).toBeGreaterThan(10)
    expect(stops.filter(({ what }) => !/ \S/.test(what))).toEqual([])
    expect(stops.filter(({ visible }) => !visible)).toEqual([])
    await visit.close()
  })

  test('there is one heading of the first level, and every landmark and control has its name', async () => {
    const visit = await open.page()
    const { page } = visit
    await visit.goto()
    await signIn(visit)
    await visit.heading('Ada Lovelace')
    const nodes = await accessibilityNodes(page)
    expect(nodes.filter(({ role, level }) => role === 'heading' && level === 1)).toHaveLength(1)
    for (const landmark of ['banner', 'main', 'contentinfo', 'navigation'])
      expect(nodes.filter(({ role }) => role === landmark).length, landmark).toBe(1)
    const nameless = nodes.filter(({ role, name }) => controls.has(role) && !name?.trim())
    expect(nameless).toEqual([])
    const levels = nodes.flatMap(({ role, level }) => (role === 'heading' && level !== undefined ? [level] : []))
    const skipped = levels.filter((level, at) => level > (levels[at - 1] ?? 0) + 1)
    expect(skipped, `no level of headings is left out: ${levels}`).toEqual([])
    await visit.close()
  })

  test('axe finds nothing to complain of, by day and by night', async () => {
    const visit = await open.page()
    const judge = async (when: string): Promise<void> => {
      for (const scheme of ['light', 'dark'] as const) {
        await look(visit.page, scheme)
        expect(await violations(visit.page), `${when}, ${scheme}`).toEqual([])
      }
    }
    await visit.goto()
    await pickAll(visit, { strategy: 'hybrid', transport: 'bearer', storage: 'localStorage' })
    await judge('signed out')
    await signIn(visit)
    await visit.heading('Ada Lovelace')
    await visit.press('Who am I?')
    await visit.reads('GET /api/me answered 200', '#output')
    await judge('signed in')
    await visit.press('Sign out')
    await visit.heading('Sign in')
    await pickAll(visit, { strategy: 'hybrid', transport: 'cookie', storage: 'cookie' })
    await visit.goto('/plain?error=invalid_credentials')
    await judge('/plain')
    await visit.close()
  })

  test.each([320, 375, 1280])('nothing is wider than a window of %i pixels', async (width) => {
    const visit = await open.page({ width })
    await visit.goto()
    await pickAll(visit, { strategy: 'hybrid', transport: 'bearer', storage: 'localStorage' })
    const wider = () =>
      visit.page.evaluate(() => {
        const { scrollWidth, clientWidth } = document.documentElement
        const beyond = [...document.querySelectorAll('body *')].filter(
          (element) => element.getBoundingClientRect().right > clientWidth + 1,
        )
        const names = beyond.map((element) => `${element.tagName} ${element.className}`)
        return scrollWidth > clientWidth ? [`${scrollWidth}`, ...names] : []
      })
    expect(await wider(), 'signed out').toEqual([])
    await signIn(visit)
    await visit.heading('Ada Lovelace')
    await visit.write('A note', 'W'.repeat(300))
    await visit.press('Add')
    await visit.reads('WWW', '#notes')
    await visit.page.locator('label:has(#reveal)').click()
    expect(await wider(), 'signed in, with all there is to show').toEqual([])
    await visit.press('Sign out')
    await visit.heading('Sign in')
    await visit.goto('/plain')
    expect(await wider(), '/plain').toEqual([])
    await visit.close()
  })
})
