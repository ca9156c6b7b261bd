/**
 * Who gets to see a credential: nobody but the server, the chosen storage, and whom the transport says.
 * @module
 */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import { inspect } from 'node:util'
import { origin, users } from '../application.ts'
import { type ContractCase, contractCase, type Stage, type Visit } from '../stage.ts'

/** Cookies know no ports: to this one the browser itself would send them, if a page asked it to. */
const otherPort = 'https://app.example:8443'
const elsewhere = [
  'https://elsewhere.example',
  'https://api.app.example',
  'https://app.example.evil.example',
  otherPort,
  'http://app.example',
]

/** Everything that happens to a session, so that every credential there is has been given out. */
async function live({ client, whoAmI, addNote }: Visit, { pass, sleep, facts }: Stage): Promise<void> {
  await whoAmI()
  pass(4, 55)
  await addNote('Hello')
  await client.refresh()
  sleep(4)
  await client.load()
  if (facts.stateful) await client.sessions.list()
}

export const secrecyCases: readonly ContractCase[] = [
  contractCase('no credential stands anywhere but in the chosen storage', async (stage) => {
    const { signedIn, network, storage, facts } = stage
    const ada = await signedIn()
    await live(ada, stage)
    const issued = [...network.issued]
    ok(issued.length >= 1, 'credentials were given out')
    for (const [place, text] of Object.entries(ada.tab.visible())) {
      const found = issued.filter((credential) => text.includes(credential))
      if (place !== storage.place) deepEqual(found, [], `what stands in ${place}`)
      else ok(found.length > 0, `what is in use stands in ${place}`)
    }
    const shown = [
      inspect(ada.client, { depth: 20, showHidden: true, getters: true }),
      JSON.stringify([ada.client, ada.client.session, await ada.client.load()]),
      JSON.stringify(network.exchanges.map(({ route }) => route)),
      inspect(stage.app.events, { depth: 20, showHidden: true }),
    ].join('\n')
    deepEqual(
      issued.filter((credential) => shown.includes(credential)),
      [],
      'what an inspection or an event shows',
    )
    const held = await ada.client.authorization()
    equal(held === null, facts.transport === 'cookie', 'a token that the page could send by other ways')
  }),

  contractCase(
    'what a cookie carries is never told to a script, nor what a token is kept in a cookie',
    async (stage) => {
      const { signedIn, network, facts } = stage
      const ada = await signedIn()
      await live(ada, stage)
      const cookies = [...ada.browser.jar.all()]
      const count = { cookie: facts.refreshes ? 2 : 1, bearer: 0, split: 1 }[facts.transport]
      equal(cookies.length, count, 'the cookies')
      for (const line of network.cookieLines) {
        const [, ...attributes] = line.split('; ')
        const guards = ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']
        deepEqual(attributes.filter((name) => !name.startsWith('Max-Age=')).sort(), guards, 'what guards a cookie')
      }
      const read = ada.tab.received.join('\n')
      const told = [...network.issued].filter((credential) => read.includes(credential))
      for (const [name, value] of cookies) ok(!told.includes(value), `${name} was never in a body`)
      if (facts.transport === 'cookie') deepEqual(told, [], 'what a script could read')
      if (facts.transport === 'split')
        ok(
          told.every((credential) => !credential.startsWith('hsr1.')),
          'a script could read no refresh token',
        )
      const sent = network.exchanges.flatMap(({ headers }) => headers.get('authorization') ?? [])
      equal(sent.length > 0, facts.transport !== 'cookie', 'an Authorization header')
    },
  ),

  contractCase('a request to another origin carries no credential, and its answer means nothing', async (stage) => {
    const { signedIn, network } = stage
    const challenge = 'Bearer realm="elsewhere", error="invalid_token", error_description="token_expired"'
    for (const other of elsewhere) {
      network.serve(other, async (request) => {
        const headers = {
          'access-control-allow-origin': request.headers.get('origin') ?? '*',
          'access-control-allow-credentials': 'true',
          'access-control-allow-headers': 'content-type, x-custom',
          'access-control-expose-headers': 'www-authenticate',
          'www-authenticate': challenge,
        }
        return new Response(null, { status: request.method === 'OPTIONS' ? 204 : 401, headers })
      })
    }
    const ada = await signedIn()
    for (const other of elsewhere) {
      const inits: readonly RequestInit[] = [
        {},
        ...(other === otherPort ? [] : [{ credentials: 'include' } as const]),
        { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } },
      ]
      for (const init of inits) {
        network.drain()
        const response = await ada.client.fetch(`${other}/api/me`, init)
        equal(response.status, 401, `the answer of ${other}`)
        const routes = network.drain().filter((route) => !route.startsWith('OPTIONS'))
        deepEqual(routes, [`${init.method ?? 'GET'} ${other}/api/me 401`], 'what went over the network')
      }
      const input = new Request(`${other}/api/me`)
      await ada.client.fetch(input)
    }
    const issued = [...network.issued]
    for (const { route, headers, body } of network.exchanges.filter(({ route: to }) => to.includes(' http'))) {
      equal(headers.get('authorization'), null, `an Authorization header on ${route}`)
      const sent = [...headers].flat().join('\n') + body
      deepEqual(
        issued.filter((credential) => sent.includes(credential)),
        [],
        `the credentials on ${route}`,
      )
    }
    deepEqual(ada.told, [], 'what the listener was told')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
  }),

  contractCase('a page of another origin can cause nothing in the name of the user', async (stage) => {
    const { signedIn, app, facts, network } = stage
    const ada = await signedIn()
    const text = { 'content-type': 'text/plain' }
    const form = { 'content-type': 'application/x-www-form-urlencoded' }
    for (const from of ['https://evil.example', 'https://evil.app.example']) {
      const evil = ada.browser.open(from)
      const attempts: readonly (readonly [string, RequestInit])[] = [
        ['/api/notes', { method: 'POST', headers: text, body: 'Written by nobody' }],
        [
          '/auth/sign-in',
          { method: 'POST', headers: text, body: JSON.stringify({ name: 'grace', password: 'right' }) },
        ],
        ['/auth/sign-in', { method: 'POST', headers: form, body: 'name=grace&password=right' }],
        ['/auth/sign-out', { method: 'POST' }],
        ['/auth/sign-out', { method: 'POST', headers: form, body: 'redirect=/' }],
        ['/auth/refresh', { method: 'POST' }],
        ['/auth/session', {}],
      ]
      for (const [path, init] of attempts) {
        await evil.fetch(`${origin}${path}`, { ...init, mode: 'no-cors', credentials: 'include' })
        await rejects(
          evil.fetch(`${origin}${path}`, { ...init, credentials: 'include' }),
          TypeError,
          `${from} reads the answer of ${path}`,
        )
      }
      deepEqual(evil.received, [], `what ${from} could read`)
    }
    for (const { route, headers, status } of network.exchanges) {
      if (route.startsWith('POST') && headers.has('cookie') && headers.get('origin')?.includes('evil'))
        ok(status === 403 || status === 415, `${route} of ${headers.get('origin')} with cookies: ${status}`)
    }
    deepEqual(app.notes, [], 'the notes')
    deepEqual(await ada.whoAmI(), users.ada, 'whom the application sees')
    equal(await ada.client.refresh(), true, 'a refresh')
    if (facts.stateful) equal((await app.auth.sessions.list('ada')).length, 1, 'the sessions')
    deepEqual(ada.told, ['ada'], 'what the listener was told, by the refresh')
  }),
]
