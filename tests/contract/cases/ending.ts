/**
 * How a session ends: here, in another tab, on another device, by the server.
 * @module
 */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { origin, users } from '../application.ts'
import { type ContractCase, contractCase, credentialsOf, isEmpty, type Stage, type Visit } from '../stage.ts'

/** A copy of everything that the visit presents, as somebody who stole it would present it. */
async function stolen({ client, browser }: Visit): Promise<() => Request> {
  const authorization = await client.authorization()
  const cookie = browser.jar.header(`${origin}/`, 'strict')
  const headers = { ...(authorization !== null && { authorization }), ...(cookie !== '' && { cookie }) }
  return () => new Request(`${origin}/api/me`, { headers })
}

/** A session that was ended elsewhere is noticed when the strategy says, told once, and leaves nothing behind. */
async function notices(visit: Visit, { facts, network }: Stage): Promise<void> {
  if (facts.endsAt === 'refresh') {
    equal(visit.client.session?.user.id, 'ada', 'who is signed in as long as the access token is good')
    equal(await visit.client.refresh(), false, 'the next refresh')
  } else {
    equal(await visit.whoAmI(), null, 'the next request')
  }
  equal(visit.client.session, null, 'who is signed in')
  deepEqual(visit.told, [null], 'what the listener was told')
  isEmpty(visit, 'then')
  network.drain()
  equal(await visit.whoAmI(), null, 'whom the application sees')
  deepEqual(network.drain(), ['GET /api/me 401'], 'what went over the network after that')
}

export const endingCases: readonly ContractCase[] = [
  contractCase('signing out ends it here at once, and on the server where that is possible', async (stage) => {
    const { signedIn, facts, app, sleep, clock } = stage
    const ada = await signedIn()
    const thief = await stolen(ada)
    const leaving = ada.client.signOut()
    equal(ada.client.session, null, 'who is signed in while the server is asked')
    const answer = await leaving
    equal(answer.revoked, facts.endsAt !== 'expiry', 'it has ended on the server')
    equal(answer.validUntil, facts.endsAt === 'expiry' ? clock() + 300_000 : undefined, 'how long it lives on')
    equal(ada.client.status, 'signed-out', 'the status')
    deepEqual(ada.told, [null], 'what the listener was told')
    isEmpty(ada, 'after signing out')
    equal(await ada.whoAmI(), null, 'whom the application sees')
    equal((await app.auth.authenticate(thief())).ok, facts.endsAt !== 'request', 'a copy is good until it runs out')
    if (facts.stateful) deepEqual(await app.auth.sessions.list('ada'), [], 'the sessions that are left')
    sleep(5, 6)
    equal((await app.auth.authenticate(thief())).ok, false, 'a copy that has run out')
    equal((await app.auth.refresh(thief())).ok, false, 'a copy that asks for more')
  }),

  contractCase('signing out twice, or as nobody, is no error', async ({ signedIn, visit, browser }) => {
    const ada = await signedIn()
    await ada.client.signOut()
    deepEqual(await ada.client.signOut(), { revoked: true }, 'the second time')
    deepEqual(ada.told, [null], 'what the listener was told')
    deepEqual(await visit(browser()).client.signOut(), { revoked: true }, 'as nobody')
  }),

  contractCase('signing out without a network ends it here, and says that the server does not know', async (stage) => {
    const { signedIn, network, facts, pass, visit } = stage
    const ada = await signedIn()
    network.breakdown(() => 'unsent')
    deepEqual(await ada.client.signOut(), { revoked: false }, 'the answer')
    equal(ada.client.session, null, 'who is signed in')
    equal(Object.values(ada.tab.visible()).join(''), '', 'what stands in the open')
    network.breakdown()
    pass(0, 31)
    // What the browser holds, no script can take away; the documentation of signOut says so.
    const left = facts.transport === 'bearer' ? null : 'ada'
    equal((await visit(ada.browser, ada.tab).client.load())?.user.id ?? null, left, 'who is signed in after a reload')
  }),

  contractCase('a sign-out wins over a refresh that is under way', async (stage) => {
    const { signedIn, network, pass, app, facts } = stage
    for (const moment of ['before it is sent', 'while it is on its way']) {
      const ada = await signedIn()
      pass(4)
      const leaving = Promise.withResolvers<unknown>()
      const leave = (): undefined => void leaving.resolve(ada.client.signOut())
      if (moment === 'while it is on its way')
        network.breakdown((route) => (route === 'POST /auth/refresh' ? leave() : undefined))
      const refresh = ada.client.refresh()
      if (moment === 'before it is sent') leave()
      equal(await refresh, false, `the refresh, ${moment}`)
      await leaving.promise
      network.breakdown()
      equal(ada.client.session, null, `who is signed in, ${moment}`)
      isEmpty(ada, moment)
      network.drain()
      equal(await ada.whoAmI(), null, `whom the application sees, ${moment}`)
      if (facts.stateful) deepEqual(await app.auth.sessions.list('ada'), [], `the sessions that are left, ${moment}`)
    }
  }),

  contractCase('a sign-out wins over a sign-in that is under way', async ({ visit, browser, network, app, facts }) => {
    const ada = visit(browser())
    const leaving = Promise.withResolvers<unknown>()
    const leave = (): undefined => void leaving.resolve(ada.client.signOut())
    network.breakdown((route) => (route === 'POST /auth/sign-in' ? leave() : undefined))
    deepEqual(await ada.client.signIn(credentialsOf('ada')), { ok: false, code: 'unauthenticated' }, 'the sign-in')
    await leaving.promise
    equal(ada.client.session, null, 'who is signed in')
    isEmpty(ada, 'in the end')
    equal(await ada.whoAmI(), null, 'whom the application sees')
    if (facts.stateful) deepEqual(await app.auth.sessions.list('ada'), [], 'the sessions that are left')
  }),

  contractCase('signing out in another tab ends it here too, where they share it', async (stage) => {
    const { signedIn, visit, facts, network } = stage
    const here = await signedIn()
    const there = visit(here.browser)
    await there.client.load()
    network.drain()
    await there.client.signOut()
    if (facts.outlives.tab && facts.transport !== 'split') {
      equal(await here.whoAmI(), null, 'the next request')
      equal(here.client.session, null, 'who is signed in here')
      deepEqual(here.told, [null], 'what the listener here was told')
    } else if (facts.outlives.tab) {
      await notices(here, stage)
    } else {
      deepEqual(await here.whoAmI(), users.ada, 'whom the application sees: this tab has a session of its own')
    }
  }),

  contractCase('a session that is ended from another device is over at the next request or refresh', async (stage) => {
    const { signedIn, facts } = stage
    const [phone, laptop] = [await signedIn(), await signedIn()]
    if (!facts.stateful) {
      await rejects(laptop.client.sessions.list(), { name: 'ClientError', code: 'not_found' }, 'nothing is listed')
      return
    }
    const listing = await laptop.client.sessions.list()
    deepEqual(
      listing.map(({ id, current }) => [id, current]).sort(),
      [
        [phone.client.session?.id, false],
        [laptop.client.session?.id, true],
      ].sort(),
      'the sessions that are listed',
    )
    const lost = listing.find(({ current }) => !current)
    ok(lost?.userAgent !== listing.find(({ current }) => current)?.userAgent, 'the devices can be told apart')
    await laptop.client.sessions.revoke(lost?.id ?? '')
    deepEqual(await laptop.whoAmI(), users.ada, 'whom the application sees on the other device')
    equal((await laptop.client.sessions.list()).length, 1, 'the sessions that are left')
    await notices(phone, stage)
    await rejects(
      laptop.client.sessions.revoke(lost?.id ?? ''),
      { name: 'ClientError', code: 'not_found' },
      'once more',
    )
  }),

  contractCase('all others can be ended at once, and this one stays', async (stage) => {
    const { signedIn, facts, app } = stage
    const [phone, tablet, laptop, hers] = [
      await signedIn(),
      await signedIn(),
      await signedIn(),
      await signedIn('grace'),
    ]
    if (!facts.stateful) {
      await rejects(laptop.client.sessions.revokeOthers(), { name: 'ClientError', code: 'not_found' }, 'nothing to end')
      return
    }
    await laptop.client.sessions.revokeOthers()
    deepEqual(
      (await app.auth.sessions.list('ada')).map(({ id }) => id),
      [laptop.client.session?.id],
      'what is left',
    )
    await notices(phone, stage)
    await notices(tablet, stage)
    equal(await laptop.client.refresh(), true, 'a refresh of the one that is left')
    deepEqual(await laptop.whoAmI(), users.ada, 'whom the application sees on this device')
    deepEqual(await hers.whoAmI(), users.grace, 'whom the application sees for another user')
  }),

  contractCase('who ends their own session in the list is signed out here', async ({ signedIn, facts, visit }) => {
    const ada = await signedIn()
    const { session } = ada.client
    ok(session, 'somebody is signed in')
    if (!facts.stateful) {
      await rejects(ada.client.sessions.revoke(session.id), { name: 'ClientError', code: 'not_found' }, 'not listed')
      return
    }
    await ada.client.sessions.revoke(session.id)
    // A token that needs no lookup is asked about only when it is refreshed.
    if (facts.endsAt === 'refresh') await ada.client.refresh()
    equal(ada.client.session, null, 'who is signed in')
    isEmpty(ada, 'then')
    equal(await visit(ada.browser, ada.tab).client.load(), null, 'who is signed in after a reload')
  }),

  contractCase("another user's session cannot be ended, nor be told from one that is not there", async (stage) => {
    const { signedIn } = stage
    const [ada, grace] = [await signedIn(), await signedIn('grace')]
    match(grace.client.session?.id ?? '', /./, 'the id, which is public')
    const foreign = { name: 'ClientError', code: 'not_found' }
    await rejects(ada.client.sessions.revoke(grace.client.session?.id ?? ''), foreign, "another user's")
    await rejects(ada.client.sessions.revoke('not-a-session'), foreign, 'none')
    deepEqual(await grace.whoAmI(), users.grace, 'whom the application sees for the other')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
  }),
]
