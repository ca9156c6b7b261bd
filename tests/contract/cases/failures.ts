/**
 * What breaks in between: it is said to be unreachable, and nobody is signed out by it.
 * @module
 */
import { deepEqual, equal, rejects } from 'node:assert/strict'
import { users } from '../application.ts'
import type { Fault } from '../browser/network.ts'
import { type ContractCase, contractCase, credentialsOf, type Stage, textsOf, type Visit } from '../stage.ts'

/** Nothing was lost while it broke; and once it is mended, all goes on. */
async function goesOn(
  { browser, tab, client, whoAmI }: Visit,
  stage: Stage,
  broken: () => Promise<void>,
): Promise<void> {
  const { network, store, pass } = stage
  const { session } = client
  const kept = [textsOf(tab), [...browser.jar.all()]]
  await broken()
  equal(client.session, session, 'who is signed in meanwhile')
  equal(client.status, 'unreachable', 'the status meanwhile')
  deepEqual([textsOf(tab), [...browser.jar.all()]], kept, 'what is kept meanwhile')
  network.breakdown()
  store.plan()
  // The client leaves a server that failed in peace for a moment.
  pass(0, 31)
  equal(await client.refresh(), true, 'a refresh once it is mended')
  equal(client.status, 'signed-in', 'the status once it is mended')
  deepEqual(await whoAmI(), users.ada, 'whom the application sees once it is mended')
}

const refreshing = (fault: () => Fault) => (route: string) => (route === 'POST /auth/refresh' ? fault() : undefined)

export const failureCases: readonly ContractCase[] = [
  contractCase('without a network it is unreachable, and nothing is lost', async (stage) => {
    const ada = await stage.signedIn()
    await goesOn(ada, stage, async () => {
      stage.network.breakdown(() => 'unsent')
      equal(await ada.client.refresh(), false, 'a refresh')
      await rejects(ada.whoAmI(), TypeError, 'a call fails as fetch does')
    })
    deepEqual(ada.told, ['ada', 'ada'], 'what the listener was told: unreachable, and back')
  }),

  contractCase('an answer to a refresh that is lost on its way costs nothing', async (stage) => {
    const ada = await stage.signedIn()
    stage.pass(4)
    stage.network.breakdown(refreshing(() => 'lost'))
    equal(await ada.client.refresh(), false, 'a refresh')
    equal(ada.client.status, 'unreachable', 'the status')
    stage.network.breakdown()
    // Within the grace in which the token before the live one is answered with the live one.
    stage.pass(0, 9)
    equal(await ada.client.refresh(), true, 'the next refresh')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
    stage.pass(1)
    equal(await ada.client.refresh(), true, 'a refresh after that')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees after that')
  }),

  contractCase('a proxy that answers for the server says nothing about who is signed in', async (stage) => {
    const page = (status: number) =>
      new Response('<h1>Bad gateway</h1>', { status, headers: { 'content-type': 'text/html' } })
    for (const status of [200, 403, 429, 500, 502, 503, 504]) {
      const ada = await stage.signedIn()
      await goesOn(ada, stage, async () => {
        stage.network.breakdown(refreshing(() => page(status)))
        equal(await ada.client.refresh(), false, `a refresh that is answered ${status}`)
      })
    }
  }),

  contractCase('a store that fails is a 503, and signs nobody out', async (stage) => {
    const { signedIn, store, network, facts } = stage
    const ada = await signedIn()
    // Without a store, another part of the server fails.
    const breakStore = (): void => {
      if (facts.stateful) store.plan(() => 'reject')
      else network.breakdown(refreshing(() => unavailable()))
    }
    await goesOn(ada, stage, async () => {
      breakStore()
      equal(await ada.client.refresh(), false, 'a refresh')
      deepEqual(network.drain(), ['POST /auth/refresh 503'], 'what went over the network')
    })
  }),

  contractCase('who cannot be asked at the start is not known, and known when asked again', async (stage) => {
    const { signedIn, visit, network, facts, pass } = stage
    const before = await signedIn()
    const ada = visit(before.browser, before.tab)
    network.breakdown(() => 'unsent')
    // Where nothing is held there is nobody to ask about.
    const asks = facts.outlives.page
    equal(await ada.client.load(), asks ? undefined : null, 'who is signed in')
    equal(ada.client.status, asks ? 'unreachable' : 'signed-out', 'the status')
    network.breakdown()
    pass(0, 31)
    equal((await ada.client.load())?.user.id, asks ? 'ada' : undefined, 'who is signed in once it is mended')
  }),

  contractCase('a sign-in that does not arrive says so and changes nothing', async (stage) => {
    const { signedIn, network } = stage
    const ada = await signedIn()
    const { session } = ada.client
    network.breakdown((route) => (route === 'POST /auth/sign-in' ? 'unsent' : undefined))
    deepEqual(await ada.client.signIn(credentialsOf('grace')), { ok: false, code: 'unreachable' }, 'the answer')
    equal(ada.client.session, session, 'who is signed in')
    network.breakdown()
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
  }),

  contractCase('a call that fails by itself is not the business of the session', async (stage) => {
    const { signedIn, network } = stage
    const ada = await signedIn()
    for (const fault of ['unsent', new Response(null, { status: 500 }), new Response(null, { status: 403 })] as const) {
      network.breakdown((route) => (route === 'GET /api/me' ? fault : undefined))
      if (fault === 'unsent') await rejects(ada.whoAmI(), TypeError)
      else equal(await ada.whoAmI(), null, `the answer ${fault.status}`)
      equal(ada.client.session?.user.id, 'ada', 'who is signed in')
      equal(ada.client.status, 'signed-in', 'the status')
    }
    const calls = ['GET /api/me 0', 'GET /api/me 500', 'GET /api/me 403']
    deepEqual(network.drain(), calls, 'what went over the network')
    deepEqual(ada.told, [], 'what the listener was told')
  }),
]

/** What a server of ours answers while it cannot tell. */
function unavailable(): Response {
  return Response.json(
    { type: 'about:blank', title: 'The question cannot be answered now', status: 503, code: 'temporarily_unavailable' },
    { status: 503, headers: { 'content-type': 'application/problem+json', 'retry-after': '1' } },
  )
}
