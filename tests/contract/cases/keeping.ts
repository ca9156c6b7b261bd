/**
 * What is kept, where, and how long: reloads, other tabs, the end of the browser, and what others did to it meanwhile.
 * @module
 */
import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { origin, users } from '../application.ts'
import { type ContractCase, contractCase, credentialsOf, isEmpty, signIn } from '../stage.ts'

export const keepingCases: readonly ContractCase[] = [
  contractCase('after a reload it is known, where the storage outlives the page', async (stage) => {
    const { signedIn, visit, facts, network } = stage
    const before = await signedIn()
    const ada = visit(before.browser, before.tab)
    const session = await ada.client.load()
    equal(session?.user.id ?? null, facts.outlives.page ? 'ada' : null, 'who is signed in')
    equal(session?.id, facts.outlives.page ? before.client.session?.id : undefined, 'which session it is')
    deepEqual(await ada.whoAmI(), facts.outlives.page ? users.ada : null, 'whom the application sees')
    const refreshes = network.drain().filter((route) => route.startsWith('POST /auth/refresh'))
    // In split the access token is gone with the page, and the cookie brings another: once.
    deepEqual(refreshes, facts.transport === 'split' ? ['POST /auth/refresh 200'] : [], 'the refreshes')
  }),

  contractCase('fifty requests at once right after a reload cause one refresh at most', async (stage) => {
    const { signedIn, visit, facts, network, app } = stage
    const before = await signedIn()
    const ada = visit(before.browser, before.tab)
    const notes = await Promise.all(Array.from({ length: 50 }, (_, at) => ada.addNote(`${at}`)))
    const expected = facts.outlives.page ? 201 : 401
    deepEqual([...new Set(notes.map(({ status }) => status))], [expected], 'the answers')
    equal(app.notes.length, facts.outlives.page ? 50 : 0, 'the notes')
    const refreshes = network.drain().filter((route) => route.startsWith('POST /auth/refresh'))
    deepEqual(refreshes, facts.transport === 'split' ? ['POST /auth/refresh 200'] : [], 'the refreshes')
  }),

  contractCase('another tab knows it, where the storage is shared by tabs', async ({ signedIn, visit, facts }) => {
    const first = await signedIn()
    const second = visit(first.browser)
    const session = await second.client.load()
    equal(session?.user.id ?? null, facts.outlives.tab ? 'ada' : null, 'who is signed in there')
    deepEqual(await second.whoAmI(), facts.outlives.tab ? users.ada : null, 'whom the application sees there')
    deepEqual(await first.whoAmI(), users.ada, 'whom the application sees in the first')
  }),

  contractCase('two tabs that refresh at once, time and again, both stay signed in', async (stage) => {
    const { signedIn, visit, facts, pass, network } = stage
    const first = await signedIn()
    const second = visit(first.browser)
    await second.client.load()
    if (!facts.outlives.tab) return equal(second.client.session, null, 'who is signed in in the other tab')
    for (let round = 1; round <= 4; round += 1) {
      pass(4)
      const answers = await Promise.all([first.client.refresh(), second.client.refresh()])
      deepEqual(answers, [true, true], `the refreshes of round ${round}`)
      deepEqual(await Promise.all([first.whoAmI(), second.whoAmI()]), [users.ada, users.ada], `round ${round}`)
    }
    deepEqual(
      network.drain().filter((route) => !route.endsWith(' 200') && !route.startsWith('GET /auth/session ')),
      [],
      'what was refused',
    )
  }),

  contractCase('a refusal of what one tab held takes nothing from another that signed in meanwhile', async (stage) => {
    const { signedIn, visit, facts, sleep, network, app } = stage
    const first = await signedIn()
    const second = visit(first.browser)
    await second.client.load()
    if (facts.stateful) await app.auth.sessions.revokeAll('ada')
    sleep(5, 6)
    network.breakdown(async (route) => {
      if (route === 'POST /auth/refresh') await signIn(second, 'grace')
      return undefined
    })
    equal(await first.client.refresh(), false, 'the refresh in the first tab')
    network.breakdown()
    // A refusal takes its own cookie along, and a cookie has one place for all tabs: the page that comes last decides.
    if (facts.transport === 'bearer') {
      deepEqual(await second.whoAmI(), users.grace, 'whom the application sees in the second tab')
      const seen = facts.outlives.tab ? users.grace : null
      deepEqual(await first.whoAmI(), seen, 'whom the application sees in the first tab')
    }
    await second.client.signIn(credentialsOf('grace'))
    deepEqual(await second.whoAmI(), users.grace, 'whom the application sees in the end')
  }),

  contractCase('after the end of the browser it is known, where the storage lasts', async (stage) => {
    const { signedIn, visit, facts } = stage
    const before = await signedIn()
    before.browser.close()
    const ada = visit(before.browser)
    const session = await ada.client.load()
    equal(session?.user.id ?? null, facts.outlives.browser ? 'ada' : null, 'who is signed in')
    deepEqual(await ada.whoAmI(), facts.outlives.browser ? users.ada : null, 'whom the application sees')
  }),

  contractCase('a browser whose site data were cleared is signed out', async (stage) => {
    const { signedIn, facts, storage, sleep } = stage
    const ada = await signedIn()
    ada.browser.clearSiteData()
    if (storage.name === 'memory') {
      deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees: the page itself holds it')
      if (facts.transport !== 'split') return
      // Until the access token has run out, and the cookie is missed.
      sleep(5, 6)
    }
    equal(await ada.whoAmI(), null, 'whom the application sees')
    equal(ada.client.session, null, 'who is signed in')
    deepEqual(ada.told, [null], 'what the listener was told')
    isEmpty(ada, 'then')
  }),

  contractCase('a credential that somebody changed is nobody, or is mended by a refresh', async (stage) => {
    const { signedIn, facts, storage } = stage
    const ada = await signedIn()
    const { jar, keychain } = ada.browser
    if (facts.transport === 'cookie') {
      jar.overwrite('__Host-handstamp', changed(jar.all().get('__Host-handstamp') ?? ''))
    } else {
      const text = storage.place === undefined ? '' : ada.tab.visible()[storage.place]
      // What only the page holds, nobody can change.
      if (text === '') return
      const token = await ada.client.authorization()
      const access = token?.slice('Bearer '.length) ?? ''
      ok(text.includes(access), 'the storage holds what is sent')
      const other = text.replace(access, changed(access))
      if (storage.place === 'keychain') keychain.text = other
      else
        ada.tab
          .run(() => globalThis[storage.name === 'localStorage' ? 'localStorage' : 'sessionStorage'])
          .setItem('handstamp', other)
    }
    await ada.whoAmI()
    // A refusal of this kind names no reason; with cookies the server is asked first.
    equal((await ada.client.load())?.user.id ?? null, facts.refreshes ? 'ada' : null, 'who is signed in')
    deepEqual(await ada.whoAmI(), facts.refreshes ? users.ada : null, 'whom the application sees')
    if (!facts.refreshes) isEmpty(ada, 'then')
  }),

  contractCase('what stands in the storage and is not ours is nobody, and goes', async (stage) => {
    const { browser, visit, storage, network } = stage
    const device = browser()
    const tab = device.open(origin)
    const garbage = ['', 'null', '{}', '{"v":1,"access_token":"x y","session_id":"a"}', 'x'.repeat(100_000)]
    for (const text of garbage) {
      if (storage.place === 'keychain') device.keychain.text = text
      else if (storage.place !== undefined)
        tab
          .run(() => globalThis[storage.name === 'localStorage' ? 'localStorage' : 'sessionStorage'])
          .setItem('handstamp', text)
      const nobody = visit(device, tab)
      equal(await nobody.client.load(), null, `who is signed in with ${text.slice(0, 50)}`)
      equal(await nobody.whoAmI(), null, `whom the application sees with ${text.slice(0, 50)}`)
      if (text !== '') isEmpty(nobody, `after ${text.slice(0, 50)}`)
    }
    const sent = network.exchanges.flatMap(({ headers }) => headers.get('authorization') ?? [])
    deepEqual(sent, [], 'what was sent as a credential')
  }),

  contractCase('what is kept is one text of ours, and says whose it is', async ({ signedIn, storage }) => {
    const ada = await signedIn()
    for (const [place, text] of Object.entries(ada.tab.visible())) {
      if (place !== storage.place) equal(text, '', `what stands in ${place}`)
      else
        match(text, new RegExp(`^\\{"v":1,.*"session_id":"${ada.client.session?.id}"\\}$`), `what stands in ${place}`)
    }
  }),
]

/** The text with one character in its last part exchanged: as long, of the same alphabet, and another. */
function changed(credential: string): string {
  const at = credential.length - 10
  return credential.slice(0, at) + (credential[at] === 'A' ? 'B' : 'A') + credential.slice(at + 1)
}
