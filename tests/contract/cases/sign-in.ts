/**
 * Signing in: recognised by the application, as whom, and from where.
 * @module
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { interceptFetch } from '@handstamp/client'
import { listed, origin, type User, users } from '../application.ts'
import { type ContractCase, contractCase, credentialsOf, isEmpty, signIn, textsOf } from '../stage.ts'

export const signInCases: readonly ContractCase[] = [
  contractCase('a user signs in, and a route of the application recognises them', async ({ visit, browser, app }) => {
    const ada = visit(browser())
    equal(ada.client.session, undefined, 'who is signed in before anybody asked')
    equal(ada.client.status, 'unknown', 'the status before anybody asked')
    equal(await ada.client.load(), null, 'who is signed in at first')
    equal(await ada.whoAmI(), null, 'whom the application sees at first')
    await signIn(ada, 'ada')
    equal(ada.client.status, 'signed-in', 'the status')
    deepEqual(ada.told, [null, 'ada'], 'what the listener was told')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
    equal((await ada.addNote('Hello')).status, 201, 'the status of an unsafe request')
    deepEqual(app.notes, [JSON.stringify({ text: 'Hello' })], 'what arrived')
  }),

  contractCase('a wrong password gets nothing and takes nothing', async ({ visit, browser, signedIn, network }) => {
    const stranger = visit(browser())
    const wrong = { name: 'ada', password: 'wrong' }
    deepEqual(await stranger.client.signIn(wrong), { ok: false, code: 'invalid_credentials' }, 'the answer')
    equal(await stranger.client.load(), null, 'who is signed in')
    isEmpty(stranger, 'after a refused sign-in')
    equal(network.issued.size, 0, 'the credentials that were given out')

    const ada = await signedIn()
    const before = ada.client.session
    equal((await ada.client.signIn({ name: 'grace', password: 'wrong' })).ok, false, 'a wrong sign-in as another')
    equal(ada.client.session, before, 'who is signed in still')
    deepEqual(ada.told, [], 'what the listener was told')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees still')
  }),

  contractCase('every field of the user arrives, by every way', async ({ signedIn, visit, facts, pass }) => {
    const ada = await signedIn()
    const seen = (): User | undefined => ada.client.session?.user
    deepEqual(seen(), users.ada, 'after signing in')
    pass(4)
    equal(await ada.client.refresh(), true, 'a refresh')
    deepEqual(seen(), users.ada, 'after a refresh')
    await ada.client.load()
    deepEqual(seen(), users.ada, 'after asking')
    const reloaded = visit(ada.browser, ada.tab)
    const session = await reloaded.client.load()
    if (facts.outlives.page) deepEqual(session?.user, users.ada, 'after a reload')
  }),

  contractCase(
    'who signs in as somebody else is that one alone',
    async ({ signedIn, facts, app, network, storage }) => {
      const visit = await signedIn()
      const before = [...network.issued]
      await signIn(visit, 'grace')
      deepEqual(visit.told, ['grace'], 'what the listener was told')
      deepEqual(await visit.whoAmI(), users.grace, 'whom the application sees')
      const left = [...textsOf(visit.tab), ...visit.browser.jar.all().values()].join('\n')
      deepEqual(
        before.filter((text) => left.includes(text)),
        [],
        `the credentials of the first that are left in ${storage.name}`,
      )
      if (facts.stateful) deepEqual(await app.auth.sessions.list('ada'), [], 'the sessions of the first')
    },
  ),

  contractCase(
    'a client says over which transport, where the server allows several',
    async ({ signedIn, facts, network, pass, app }) => {
      const ada = await signedIn()
      deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
      const access = ada.browser.jar.all().get('__Host-handstamp')
      const other: Record<string, string> =
        access === undefined
          ? { cookie: `__Host-handstamp=${(await ada.client.authorization())?.slice('Bearer '.length)}` }
          : { authorization: `Bearer ${access}` }
      const result = await app.auth.authenticate(new Request(`${origin}/api/me`, { headers: other }))
      equal(result.ok ? 'ok' : result.reason, 'transport_mismatch', 'what the same credential is by another way')
      pass(4)
      equal(await ada.client.refresh(), true, 'a refresh')
      deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees after a refresh')
      const names = [...ada.browser.jar.all().keys()]
      equal(names.includes('__Host-handstamp'), facts.transport === 'cookie', 'an access cookie')
      const sent = network.exchanges.filter(({ headers }) => headers.has('authorization'))
      equal(sent.length > 0, facts.transport !== 'cookie', 'a bearer token')
      const { revoked } = await ada.client.signOut()
      equal(revoked, facts.endsAt !== 'expiry', 'the session has ended')
      isEmpty(ada, 'after signing out')
    },
    { anyTransport: true },
  ),

  contractCase('a page of another origin that is listed can do the same', async (stage) => {
    const { visit, browser, facts, pass, network, app } = stage
    const device = browser()
    const ada = visit(device, device.open(listed))
    await signIn(ada, 'ada')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
    equal((await ada.addNote('From elsewhere')).status, 201, 'the status of an unsafe request')
    network.drain()
    stage.sleep(5, 6)
    equal((await ada.addNote('Later')).status, facts.expires && !facts.refreshes ? 401 : 201, 'once it has run out')
    if (facts.refreshes)
      ok(network.drain().includes('POST /auth/refresh 200'), 'the refusal was readable, and led to a refresh')
    await signIn(ada, 'ada')
    pass(4, 55)
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees when a refresh is due')
    if (facts.stateful) {
      // The record of a token that ran out stays until its own end.
      const sessions = await ada.client.sessions.list()
      equal(sessions.length, facts.expires && !facts.refreshes ? 2 : 1, 'the sessions that are listed')
      await ada.client.sessions.revokeOthers()
    }
    await ada.client.signOut()
    equal(await ada.whoAmI(), null, 'whom the application sees after signing out')
    if (facts.stateful) deepEqual(await app.auth.sessions.list('ada'), [], 'the sessions that are left')
    isEmpty(ada, 'after signing out')
  }),

  contractCase('a session that shall not persist ends with the browser', async (stage) => {
    const { visit, browser, facts, pass } = stage
    const device = browser()
    const ada = visit(device)
    if (facts.transport === 'bearer') {
      // Nothing of it is in the browser's hands: it persists as its storage does.
      await signIn(ada, 'ada')
    } else {
      const headers = { 'content-type': 'application/json' }
      const entered = await ada.tab.fetch(`${origin}/enter?persistent=false`, { method: 'POST', headers })
      equal(entered.status, 200, 'the status of a sign-in by other means')
      equal((await ada.client.load())?.user.id, 'ada', 'who is signed in')
      pass(4, 55)
    }
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
    equal(await ada.client.refresh(), true, 'a refresh')
    const reloaded = visit(device, ada.tab)
    equal(((await reloaded.client.load()) ?? null) !== null, facts.outlives.page, 'it is known after a reload')
    device.close()
    const again = visit(device)
    const known = (await again.client.load()) !== null
    equal(known, facts.transport === 'bearer' && facts.outlives.browser, 'it is known once the browser was closed')
  }),

  contractCase('through the global fetch it is the same, until that is undone', async ({ signedIn, app }) => {
    const ada = await signedIn()
    const scope = { fetch: ada.tab.fetch }
    const undo = ada.tab.run(() => interceptFetch(ada.client, scope))
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"Global"}' }
    equal((await scope.fetch(`${origin}/api/notes`, init)).status, 201, 'the status of an intercepted request')
    deepEqual(app.notes, ['{"text":"Global"}'], 'what arrived')
    undo()
    equal(scope.fetch, ada.tab.fetch, 'the fetch that is back')
  }),

  contractCase('a page that is told who is signed in asks nobody', async ({ signedIn, visit, facts, network }) => {
    const before = await signedIn()
    const { session } = before.client
    ok(session, 'somebody is signed in')
    const ada = visit(before.browser, before.tab, { initial: session })
    equal(ada.client.session, session, 'who is signed in')
    equal(ada.client.status, 'signed-in', 'the status')
    deepEqual(network.drain(), [], 'what was asked')
    deepEqual(await ada.whoAmI(), facts.outlives.page ? users.ada : null, 'whom the application sees')
    // Where nothing outlived the reload, what the page was told was wrong, and the first refusal says so.
    equal(ada.client.session?.user.id, facts.outlives.page ? 'ada' : undefined, 'who is signed in then')
  }),

  contractCase('signing in twice at once leaves one session, and who came last', async (stage) => {
    const { visit, browser, facts, app } = stage
    const both = visit(browser())
    await Promise.all(['ada', 'grace'].map((name) => both.client.signIn(credentialsOf(name))))
    equal(both.client.session?.user.id, 'grace', 'who is signed in')
    deepEqual(await both.whoAmI(), users.grace, 'whom the application sees')
    if (facts.stateful) deepEqual(await app.auth.sessions.list('ada'), [], 'the sessions of the first')
  }),
]
