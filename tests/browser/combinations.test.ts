import { type Agent, createAgent } from '@handstamp/server/testing'
import { expect, test } from 'vitest'
import { describeInChromium } from './in-chromium.ts'
import { type Picks, pickAll, signIn, visibleTexts } from './page.ts'

const strategies = ['session', 'token', 'token+store', 'hybrid'] as const
const ways = [
  ['cookie', 'cookie'],
  ['bearer', 'memory'],
  ['bearer', 'sessionStorage'],
  ['bearer', 'localStorage'],
  ['split', 'memory'],
] as const

const combinations: readonly Picks[] = strategies.flatMap((strategy) =>
  ways
    .filter(([transport]) => transport !== 'split' || strategy === 'hybrid')
    .map(([transport, storage]) => ({ strategy, transport, storage })),
)

describeInChromium('every legal combination in a real browser', (open) => {
  test.each(combinations)('$strategy over $transport in $storage', async (picks) => {
    const { strategy, transport, storage } = picks
    const visit = await open.page()
    const { page, context } = visit
    await visit.goto()
    await pickAll(visit, picks)

    const secret = async (when: string) => {
      const texts = await visibleTexts(page)
      for (const [place, text] of Object.entries(texts)) {
        const found = [...visit.issued].filter((credential) => text.includes(credential))
        if (place !== storage) expect(found, `what stands in ${place} ${when}`).toEqual([])
        else expect(found.length, `what stands in ${place} ${when}`).toBeGreaterThan(0)
      }
      expect(texts['document.cookie'], `document.cookie ${when}`).toBe('')
      const cookies = await context.cookies()
      const guards = cookies.map(({ httpOnly, sameSite, path }) => ({ httpOnly, sameSite, path }))
      const count = transport === 'bearer' ? 0 : transport === 'cookie' && strategy === 'hybrid' ? 2 : 1
      const guard = { httpOnly: true, sameSite: 'Strict', path: '/' }
      expect(guards, `the cookies ${when}`).toEqual(Array.from({ length: count }, () => guard))
    }

    // Somebody else has the same account on another device.
    const other = createAgent({ origin: open.origin, handler: (request) => fetch(request) }, transport)
    const ada = { email: 'ada@example.com', password: 'analytical-engine' }
    expect((await other.send('POST', '/auth/sign-in', { json: ada })).status).toBe(200)

    await signIn(visit)
    await visit.heading('Ada Lovelace')
    await visit.reads('ada@example.com', '#identity')
    expect(visit.issued.size).toBeGreaterThan(0)
    await secret('after signing in')

    await visit.reload()
    if (transport === 'bearer' && storage === 'memory') {
      await visit.heading('Sign in')
      await signIn(visit)
    }
    await visit.heading('Ada Lovelace')
    await secret('after a reload')

    await visit.press('Refresh now')
    await page.waitForSelector('#output .good')
    await visit.reads('POST /auth/refresh', '#output')
    await secret('after a refresh')

    await visit.press('Who am I?')
    await visit.reads('GET /api/me answered 200', '#output')
    await visit.reads('"id": "ada"', '#output')

    const note = `Written over ${transport}, by ${strategy}, in ${storage}`
    await visit.write('A note', note)
    await visit.press('Add')
    await visit.reads('POST /api/notes answered 201', '#output')
    await visit.reads(note, '#notes')

    if (strategy === 'token') {
      await visit.reads('there is nothing to list', '#sessions')
    } else {
      await page.waitForFunction(() => document.querySelectorAll('#sessions > .session').length >= 2)
      await visit.press('End all others')
      await page.waitForFunction(() => document.querySelectorAll('#sessions > .session').length === 1)
      await visit.reads('this one', '#sessions')
      expect((await refresh(other)).status).toBe(400)
    }

    await visit.press('Sign out')
    await visit.heading('Sign in')
    const left = await visibleTexts(page)
    expect([left.localStorage, left.sessionStorage, left['document.cookie']]).toEqual(['', '', ''])
    expect(await context.cookies()).toEqual([])
    await visit.press('Who am I?')
    await visit.reads('GET /api/me answered 401', '#output')
    await visit.reload()
    await visit.heading('Sign in')
    await visit.close()
  })
})

function refresh(agent: Agent): Promise<Response> {
  const { refresh: token } = agent.tokens
  return agent.send('POST', '/auth/refresh', token === undefined ? {} : { json: { refresh_token: token } })
}
