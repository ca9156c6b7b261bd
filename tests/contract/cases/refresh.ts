/**
 * Refreshing: once, however many ask, and never as anybody else.
 * @module
 */
import { deepEqual, equal, ok } from 'node:assert/strict'
import { origin, users } from '../application.ts'
import { type ContractCase, contractCase, credentialsOf, isEmpty } from '../stage.ts'

const refreshed = 'POST /auth/refresh 200'
const refused = 'POST /auth/refresh 400'

export const refreshCases: readonly ContractCase[] = [
  contractCase(
    'a credential that has run out unnoticed is refreshed once, and the call repeated once',
    async (stage) => {
      const { signedIn, facts, network, sleep, app } = stage
      const ada = await signedIn()
      sleep(5, 6)
      const { status } = await ada.addNote('Once')
      const renewed = ['POST /api/notes 401', refreshed, 'POST /api/notes 201']
      const over = ['POST /api/notes 401', refused]
      const expected = facts.refreshes ? renewed : facts.expires ? over : ['POST /api/notes 201']
      deepEqual(network.drain(), expected, 'what went over the network')
      const alive = facts.refreshes || !facts.expires
      equal(status, alive ? 201 : 401, 'the status in the end')
      deepEqual(app.notes, alive ? ['{"text":"Once"}'] : [], 'what arrived')
      equal(ada.client.session?.user.id, alive ? 'ada' : undefined, 'who is signed in')
      deepEqual(ada.told, facts.expires ? [alive ? 'ada' : null] : [], 'what the listener was told')
    },
  ),

  contractCase('a credential that is about to run out is refreshed before the call', async (stage) => {
    const { signedIn, facts, network, pass, app } = stage
    const ada = await signedIn()
    pass(4, 55)
    equal((await ada.addNote('In time')).status, 201, 'the status')
    deepEqual(
      network.drain(),
      [...(facts.expires ? [refreshed] : []), 'POST /api/notes 201'],
      'what went over the network',
    )
    deepEqual(app.notes, ['{"text":"In time"}'], 'what arrived')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
    deepEqual(network.drain(), ['GET /api/me 200'], 'what went over the network after that')
  }),

  contractCase('fifty calls with a credential that has run out cause one refresh', async (stage) => {
    const { signedIn, facts, network, sleep, app } = stage
    const ada = await signedIn()
    sleep(5, 6)
    const answers = await Promise.all(Array.from({ length: 50 }, (_, at) => ada.addNote(`${at}`)))
    const alive = facts.refreshes || !facts.expires
    deepEqual([...new Set(answers.map(({ status }) => status))], [alive ? 201 : 401], 'the answers')
    deepEqual([...app.notes].sort(), alive ? fifty() : [], 'what arrived, each once')
    deepEqual(
      tally(network.drain()),
      {
        ...(facts.expires && { 'POST /api/notes 401': 50, [facts.refreshes ? refreshed : refused]: 1 }),
        ...(alive && { 'POST /api/notes 201': 50 }),
      },
      'what went over the network',
    )
    deepEqual(ada.told, facts.expires ? [alive ? 'ada' : null] : [], 'what the listener was told')
  }),

  contractCase('fifty calls when a refresh is due cause one refresh', async (stage) => {
    const { signedIn, facts, network, pass, app } = stage
    const ada = await signedIn()
    pass(4, 55)
    await Promise.all(Array.from({ length: 50 }, (_, at) => ada.addNote(`${at}`)))
    deepEqual([...app.notes].sort(), fifty(), 'what arrived, each once')
    deepEqual(
      tally(network.drain()),
      { ...(facts.expires && { [refreshed]: 1 }), 'POST /api/notes 201': 50 },
      'what went over the network',
    )
  }),

  contractCase(
    'a refresh keeps the session, its beginning and when it was proven',
    async ({ signedIn, pass, facts }) => {
      const ada = await signedIn()
      const before = ada.client.session
      pass(3)
      equal(await ada.client.refresh(), true, 'a refresh')
      deepEqual(ada.told, ['ada'], 'what the listener was told')
      const after = ada.client.session
      ok(before && after, 'somebody is signed in')
      const lasting = ({ createdAt, authTime, user }: typeof after) => ({ createdAt, authTime, user })
      deepEqual(lasting(after), lasting(before), 'what no refresh changes')
      if (facts.stateful) equal(after.id, before.id, 'which session it is')
      ok(after.lastSeenAt > before.lastSeenAt, 'it was seen')
    },
  ),

  contractCase('twenty refreshes at once are one', async ({ signedIn, network, pass }) => {
    const ada = await signedIn()
    pass(3)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ada.client.refresh()))
    deepEqual([...new Set(answers)], [true], 'the answers')
    deepEqual(network.drain(), [refreshed], 'what went over the network')
  }),

  contractCase('a refresh that is refused signs out once, and tells it once', async (stage) => {
    const { signedIn, facts, network, app, sleep, visit } = stage
    const ada = await signedIn()
    if (facts.stateful) await app.auth.sessions.revokeAll('ada')
    else sleep(5, 6)
    const answers = await Promise.all(Array.from({ length: 20 }, () => ada.client.refresh()))
    deepEqual([...new Set(answers)], [false], 'the answers')
    deepEqual(network.drain(), [refused], 'what went over the network')
    equal(ada.client.session, null, 'who is signed in')
    equal(ada.client.status, 'signed-out', 'the status')
    deepEqual(ada.told, [null], 'what the listener was told')
    isEmpty(ada, 'then')
    equal(await ada.whoAmI(), null, 'whom the application sees')
    deepEqual(network.drain(), ['GET /api/me 401'], 'what went over the network after that')
    equal(await visit(ada.browser, ada.tab).client.load(), null, 'who is signed in after a reload')
  }),

  contractCase('a call is never repeated as somebody else', async (stage) => {
    const { signedIn, sleep, app, network } = stage
    const visit = await signedIn()
    sleep(5, 6)
    const note = visit.addNote('I am ada')
    const signed = visit.client.signIn(credentialsOf('grace'))
    await Promise.all([note, signed])
    equal(visit.client.session?.user.id, 'grace', 'who is signed in')
    const byAda = network.exchanges.filter(({ route, status }) => route === 'POST /api/notes' && status === 201)
    const writers = new Set(app.events.flatMap((event) => (event.type === 'session.created' ? [event.userId] : [])))
    deepEqual([...writers], ['ada', 'grace'], 'who signed in')
    // It arrived as ada's before she left, or not at all.
    for (const response of byAda.length === 0 ? [] : [await note])
      equal(((await response.json()) as { readonly by: string }).by, 'ada', 'whose note it is')
  }),

  contractCase('nobody who is signed out refreshes, and it costs nothing', async ({ visit, browser, network }) => {
    const nobody = visit(browser())
    await nobody.client.load()
    network.drain()
    equal(await nobody.client.refresh(), false, 'a refresh')
    equal(nobody.client.session, null, 'who is signed in')
    equal((await nobody.client.fetch(`${origin}/api/me`)).status, 401, 'the status of a call')
    const asked = network.drain().filter((route) => !/^(POST \/auth\/refresh 400|GET \/api\/me 401)$/.test(route))
    deepEqual(asked, [], 'what else was asked')
    deepEqual(nobody.told, [null], 'what the listener was told')
  }),
]

function fifty(): string[] {
  return Array.from({ length: 50 }, (_, at) => JSON.stringify({ text: `${at}` })).sort()
}

function tally(routes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const route of routes) counts[route] = (counts[route] ?? 0) + 1
  return counts
}
