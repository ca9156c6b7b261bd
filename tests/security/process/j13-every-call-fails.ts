import { isAuthError } from '@handstamp/core/errors'
import { userHandle } from '@handstamp/core/secret'
import { type Agent, createAgent, type Fault } from '@handstamp/server/testing'
import { expect } from 'vitest'
import { ada } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { type Outage, type OutageStage, outageStage, storeTimeout } from '../stages/process-outage.ts'

const user = { id: 'ada', role: 'admin' }

type Call = (outage: Outage, agent: Agent) => Promise<unknown>

const own = (agent: Agent): Request => agent.request('POST', '/')
const given = ({ tokens }: Agent) => (tokens.refresh === undefined ? {} : { refreshToken: tokens.refresh })

/** Every question of the interface, and every route, that may ask the store. */
const calls: Readonly<Record<string, Call>> = {
  authenticate: ({ served }, agent) => served.auth.authenticate(agent.request('GET', '/')),
  signIn: ({ served }, agent) => served.auth.signIn(user, own(agent)),
  renew: ({ served }, agent) => served.auth.renew(user, own(agent)),
  refresh: ({ served }, agent) => served.auth.refresh(own(agent), given(agent)),
  signOut: ({ served }, agent) => served.auth.signOut(own(agent)),
  'sessions.list': ({ served }) => served.auth.sessions.list('ada'),
  'sessions.revoke': async ({ served }) => served.auth.sessions.revoke(`${userHandle('ada')}.${'A'.repeat(43)}`),
  'sessions.revokeAll': ({ served }) => served.auth.sessions.revokeAll('ada'),
  'sessions.revokeAll but one': ({ served }) => served.auth.sessions.revokeAll('ada', { except: `${userHandle('ada')}.${'A'.repeat(43)}` }),
  'sessions.update': ({ served }) => served.auth.sessions.update(user),
  'POST /auth/sign-in': (_, agent) => agent.send('POST', '/auth/sign-in', { json: ada }),
  'POST /auth/sign-out': (_, agent) => agent.send('POST', '/auth/sign-out'),
  'POST /auth/refresh': (_, agent) => agent.send('POST', '/auth/refresh', agent.tokens.refresh === undefined ? {} : { json: { refresh_token: agent.tokens.refresh } }),
  'GET /auth/session': (_, agent) => agent.send('GET', '/auth/session'),
  'GET /auth/sessions': (_, agent) => agent.send('GET', '/auth/sessions'),
  'DELETE /auth/sessions': (_, agent) => agent.send('DELETE', '/auth/sessions'),
  'DELETE /auth/sessions?others=true': (_, agent) => agent.send('DELETE', '/auth/sessions?others=true'),
  'DELETE /auth/sessions/:id': async ({ served }, agent) => agent.send('DELETE', `/auth/sessions/${(await served.auth.sessions.list('ada'))[0]?.id}`),
} // biome-ignore format: a table

const faults: readonly Fault[] = ['reject', 'throw', 'garbage', 'hang', 'apply-then-reject', 'apply-then-hang']

/** More calls of the store than anything here makes. */
const most = 12

async function newcomer({ served, transport }: Outage): Promise<Agent> {
  const agent = createAgent(served.auth, transport)
  const granted = await served.auth.signIn(user, own(agent))
  await agent.keep(served.auth.apply(granted, Response.json(granted.body)))
  return agent
}

/** Who is known by an answer; `503` and the code of an AuthError say that it could not be told. */
async function outcome(work: () => Promise<unknown>): Promise<string> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, 20 * storeTimeout + 5_000, 'hung').unref())
  const asked = work().then(nameOf, (error: unknown) => (isAuthError(error) ? error.code : `thrown: ${String(error)}`))
  return Promise.race([asked, late])
}

async function nameOf(answer: unknown): Promise<string> {
  if (!(answer instanceof Response)) return (answer as { readonly ok?: boolean } | undefined)?.ok === false ? 'refused' : 'done'
  if (answer.status === 503) return (await answer.json()).code as string
  const body = answer.status === 200 ? ((await answer.json()) as { readonly session?: unknown }) : {}
  return answer.status >= 400 || body.session === null ? 'refused' : 'done'
} // biome-ignore format: a condition

const unavailable = ['ERR_STORE_UNAVAILABLE', 'ERR_STORE_TIMEOUT', 'temporarily_unavailable']

const counted = { requirement: 'R17', failures: 0, unavailable: 0, hung: 0, thrown: 0 }

/** The stage, which says at its end how much was tried on it. */
async function countedStage(): Promise<OutageStage> {
  const stage = await outageStage()
  const close = async (): Promise<void> => {
    console.log(JSON.stringify(counted))
    await stage.close()
  }
  return { ...stage, close }
}

/** One call over and over, each time with another call of the store failing in another way. */
async function failEach(name: string, outage: Outage): Promise<void> {
  const call = calls[name] as Call
  const { served, strategy, transport } = outage
  for (const fault of faults) {
    for (let k = 1, all = false; !all; k += 1) {
      const where = `${name} under ${strategy} over ${transport}: ${fault} on call ${k}`
      expect(k, where).toBeLessThan(most)
      await served.auth.sessions.revokeAll('ada')
      served.clock.advance('1m')
      const agent = await newcomer(outage)
      const ended = await newcomer(outage)
      await served.auth.signOut(own(ended))
      served.clock.advance('1m')
      const held = agent.copy()
      let failed: string | undefined
      served.store.reset()
      served.store.plan(({ index, method }) => {
        if (index !== k) return undefined
        failed = method
        return fault
      })
      const said = await outcome(() => call(outage, agent))
      served.store.plan()
      all = failed === undefined
      if (!all) counted.failures += 1
      if (unavailable.includes(said)) counted.unavailable += 1
      if (said === 'hung') counted.hung += 1
      if (said.startsWith('thrown')) counted.thrown += 1
      if (all) expect(said, where).toMatch(/^(?:done|refused)$/)
      // A touch is nobody's answer, and comes after it.
      else if (!(failed === 'replace' && said === 'done' && strategy === 'session')) expect(unavailable, where).toContain(said)
      if (!all && unavailable.includes(said)) expect([...agent.cookies, agent.tokens], where).toEqual([...held.cookies, held.tokens])
      if (strategy !== 'hybrid' && /^(?:authenticate|refresh|renew)|session/.test(name)) await failForNobody(call, outage, ended, k, fault, where)
    }
  }
} // biome-ignore format: a condition

/** The same of somebody whose session has ended: whatever fails, they are nobody. */
async function failForNobody(call: Call, outage: Outage, ended: Agent, k: number, fault: Fault, where: string): Promise<void> {
  const { store } = outage.served
  store.reset()
  store.plan(({ index }) => (index === k ? fault : undefined))
  const said = await outcome(() => call(outage, ended))
  store.plan()
  if (!where.startsWith('sessions.')) expect([...unavailable, 'refused'], where).toContain(said)
} // biome-ignore format: a signature

export const everyCallFails: Attack = attack({
  ids: ['J13', 'R17'],
  title: 'every single call of the store failing, in every way, under every question',
  cost: 'A failure at the right moment would be a key: somebody admitted, or left half signed out, by an error nobody saw.',
  shows: [],
  stage: countedStage,
  legal: {
    'no call failing': async ({ all }) => {
      for (const outage of all) {
        for (const [name, call] of Object.entries(calls)) {
          const agent = await newcomer(outage)
          outage.served.clock.advance('1m')
          expect(await outcome(() => call(outage, agent)), `${name} under ${outage.strategy}`).toBe('done')
        }
      }
    },
  },
  hostile: each(
    Object.fromEntries(Object.keys(calls).map((name) => [name, name])),
    async (stage: OutageStage, name: string) => {
      await Promise.all(stage.all.map((outage) => failEach(name, outage)))
      expect(await stage.unhandled()).toEqual([])
    },
  ),
})
