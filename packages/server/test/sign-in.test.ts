import type { StandardSchema } from '@handstamp/core/schema'
import { describe, expect, test } from 'vitest'
import type { Agent } from '../src/testing/index.ts'
import {
  accessOf,
  ada,
  type Bench,
  type BenchUser,
  bench,
  kinds,
  legal,
  minute,
  refreshTokenOf,
  verdict,
  whoIs,
  withStore,
} from './strategies/bench.ts'

const json = { name: 'ada', password: 'x' }

function signIn(agent: Agent): Promise<Response> {
  return agent.send('POST', '/auth/sign-in', { json })
}

/** Lets everything go on that can, until it is so. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

/** The store as if other machines shared it. */
function shared(bed: Pick<Bench, 'raw'>): Bench['raw'] {
  return { ...bed.raw, singleProcess: false }
}

describe('a sign-in', () => {
  test.each(legal)('%s over %s makes new secrets each time', async (kind, transport) => {
    const { agent } = bench(kind, { transport })
    const seen = new Set<string>()
    for (let time = 0; time < 3; time += 1) {
      const who = agent()
      await signIn(who)
      seen.add(accessOf(who)).add(refreshTokenOf(who))
    }
    expect(seen.size).toBe(kind === 'hybrid' ? 6 : 4)
  })

  test.each(withStore)('%s over %s ends the session that it came with, and no other', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const [agent, other] = [await bed.signedIn(), await bed.signedIn()]
    const before = agent.copy()
    await signIn(agent)
    expect((await bed.refresh(before)).status).toBe(400)
    expect((await bed.refresh(agent)).status).toBe(200)
    expect((await bed.refresh(other)).status).toBe(200)
    expect((await bed.auth.sessions.list('ada')).length).toBe(2)
  })

  test.each(withStore)('%s over %s ends what an attacker planted, also another user’s', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const mallory = await bed.signedIn({ id: 'mallory', role: 'member' })
    const victim = mallory.copy()
    await signIn(victim)
    expect(await whoIs(bed, victim)).toBe('ok')
    expect((await bed.refresh(mallory)).status).toBe(400)
    expect(accessOf(victim)).not.toBe(accessOf(mallory))
  })

  test.each(withStore)('%s over %s writes nothing when the password is wrong', async (kind, transport) => {
    const bed = bench(kind, { transport, verify: async () => null })
    const agent = await bed.signedIn()
    bed.store.reset()
    expect((await signIn(agent)).status).toBe(401)
    expect(bed.store.counts.all).toBe(0)
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test('persistent: false leaves the end of the cookies to the browser', async () => {
    const bed = bench('hybrid')
    for (const [persistent, maxAge] of [
      [false, false],
      [true, true],
    ] as const) {
      const granted = await bed.auth.signIn(ada, bed.agent().request('POST', '/'), { persistent })
      const response = bed.auth.apply(granted, new Response())
      for (const line of response.headers.getSetCookie()) expect(/; Max-Age=/.test(line)).toBe(maxAge)
      const agent = bed.agent()
      await agent.keep(response)
      bed.clock.advance('1m')
      // A refresh keeps it so.
      for (const line of (await bed.refresh(agent)).headers.getSetCookie()) expect(/; Max-Age=/.test(line)).toBe(maxAge)
    }
  })

  test.each([0, -1, Number.NaN, '1 hour', '36501d'])(
    'a lifetime of %s is refused before anything is written',
    async (lifetime) => {
      const bed = bench('session')
      const answer = bed.auth.signIn(ada, bed.agent().request('POST', '/'), { lifetime: lifetime as never })
      await expect(answer).rejects.toThrow(/lifetime/)
      expect(bed.store.counts.all).toBe(0)
    },
  )

  test('keeps the session’s user apart from the object that it was given', async () => {
    const bed = bench('session')
    const given = { ...ada, role: 'member' }
    const agent = await bed.signedIn(given)
    given.role = 'admin'
    const result = await bed.auth.authenticate(agent.request('GET', '/'))
    expect(result.ok && result.session.user.role).toBe('member')
  })
})

describe('the user is checked before anything is read or written', () => {
  const rows: readonly (readonly [string, unknown])[] = [
    ['an empty id', { id: '', role: 'member' }],
    ['an id of 256 bytes', { id: 'é'.repeat(128), role: 'member' }],
    ['an id with half a character', { id: '\ud800', role: 'member' }],
    ['an id that is a number', { id: 1, role: 'member' }],
    ['no role', { id: 'ada' }],
    ['a circle', Object.assign({ id: 'ada', role: 'member' }, { get self() { return this } })], // biome-ignore format: one row
    ['a bigint', { id: 'ada', role: 'member', count: 1n }],
    ['nothing', undefined],
  ]
  test.each(rows)('%s', async (_name, user) => {
    for (const [kind, transport] of legal) {
      const bed = bench(kind, { transport })
      expect(await verdict(bed.auth.signIn(user as BenchUser, bed.agent().request('POST', '/')))).toBe(
        'ERR_CLAIMS_INVALID',
      )
      expect(bed.store.counts.all).toBe(0)
    }
  })

  test('an id of 255 bytes is legal', async () => {
    for (const [kind, transport] of legal) {
      const bed = bench(kind, { transport, auth: { limits: {} } })
      expect(await whoIs(bed, await bed.signedIn({ id: 'x'.repeat(255), role: 'member' }))).toBe('ok')
    }
  })

  test('a schema that writes ids in lower case gives one user, not two', async () => {
    const lower: StandardSchema<BenchUser> = {
      '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value: { ...(value as BenchUser), id: (value as BenchUser).id.toLowerCase() } }) }, // biome-ignore format: one thought
    }
    for (const [kind, transport] of withStore) {
      const bed = bench(kind, { transport, auth: { user: lower } })
      for (const id of ['Ada', 'ada', 'ADA']) {
        const agent = await bed.signedIn({ id, role: 'member' })
        expect(await whoIs(bed, agent)).toBe('ok')
        expect(await verdict(bed.auth.renew({ id, role: 'admin' }, agent.request('POST', '/')))).toBe('ok')
      }
      expect(await bed.auth.sessions.list('ada')).toHaveLength(3)
      expect(await bed.auth.sessions.revokeAll('ada')).toBe(3)
    }
  })
})

describe('a credential that is too large', () => {
  const large = { ...ada, note: 'n'.repeat(7_000) }

  test.each(legal)('%s over %s: refused before any write, and the field is named', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    bed.store.reset()
    const answer = bed.auth.signIn(large, agent.request('POST', '/'))
    if (kind === 'session') {
      // The record holds the user, and its cookie only the secret.
      expect(await verdict(answer)).toBe('ok')
      return
    }
    await expect(answer).rejects.toMatchObject({
      code: 'ERR_CREDENTIAL_TOO_LARGE',
      message: expect.stringContaining('note'),
    })
    expect(bed.store.counts.writes).toBe(0)
    expect(await whoIs(bed, agent)).toBe('ok')
    expect((await bed.refresh(agent)).status).toBe(200)
  })

  test('at the edge: 3,800 bytes of cookie are set, one more is refused', async () => {
    const bed = bench('token')
    const sizeOf = async (note: number): Promise<number> => {
      const agent = await bed.signedIn({ ...ada, note: 'n'.repeat(note) })
      return '__Host-handstamp'.length + accessOf(agent).length
    }
    // Three bytes of the note are four of the token.
    let note = 2_400
    while ((await sizeOf(note + 1)) <= 3_800 && note < 2_700) {
      note += 1
      if (
        (await verdict(bed.auth.signIn({ ...ada, note: 'n'.repeat(note + 1) }, bed.agent().request('POST', '/')))) !==
        'ok'
      )
        break
    }
    expect(await sizeOf(note)).toBeGreaterThan(3_795)
    expect(await sizeOf(note)).toBeLessThanOrEqual(3_800)
    await expect(sizeOf(note + 2)).rejects.toMatchObject({ code: 'ERR_CREDENTIAL_TOO_LARGE' })
  })
})

describe('the cap on sessions of a user', () => {
  test.each(withStore)('%s over %s: the one idle longest goes', async (kind, transport) => {
    const bed = bench(kind, { transport, auth: { limits: { sessionsPerUser: 3, signIn: false } } })
    const agents: Agent[] = []
    for (let at = 0; at < 5; at += 1) {
      bed.clock.advance('1m')
      agents.push(await bed.signedIn())
    }
    const alive = await Promise.all(agents.map(async (agent) => (await bed.refresh(agent)).status === 200))
    expect(alive).toEqual([false, false, true, true, true])
    expect((await bed.refresh(await bed.signedIn({ id: 'grace', role: 'member' }))).status).toBe(200)
  })
})

describe('everything is ended while somebody signs in (stores: revokeAll against a sign-in)', () => {
  /** A password that can be changed, and a proof that can be held. */
  function room(kind: (typeof withStore)[number][0], options: { shared?: boolean; skew?: number } = {}) {
    let password = 'old'
    let proofs = 0
    let hold: Promise<void> | undefined
    const verify = async (given: { name: string; password: string }): Promise<unknown> => {
      proofs += 1
      const right = given.password === password
      await hold
      hold = undefined
      return right ? { id: given.name, role: 'member' } : null
    }
    const first = bench(kind, { verify })
    const bed = options.shared ? bench(kind, { verify, clock: first.clock, store: shared(first) }) : first
    return {
      bed,
      proofs: () => proofs,
      change: (to: string) => {
        password = to
      },
      holdProof(): () => void {
        const { promise, resolve } = Promise.withResolvers<void>()
        hold = promise
        return resolve
      },
      send: (agent: Agent, with_: string) =>
        agent.send('POST', '/auth/sign-in', { json: { name: 'ada', password: with_ } }),
    }
  }

  test.each(withStore)('%s over %s: proven before, saved after: refused (fault test 16)', async (kind) => {
    const { bed, change, holdProof, send, proofs } = room(kind)
    await bed.signedIn()
    bed.clock.advance('1h')
    const release = holdProof()
    const pending = send(bed.agent(), 'old')
    await until(() => proofs() === 1)
    bed.clock.advance(500)
    change('new')
    await bed.auth.sessions.revokeAll('ada')
    bed.clock.advance(500)
    release()
    expect((await pending).status).toBe(401)
    expect(proofs()).toBe(2)
    expect(await bed.auth.sessions.list('ada')).toEqual([])
    expect((await send(bed.agent(), 'new')).status).toBe(200)
  })

  test.each(withStore)('%s over %s: ended between the epoch and the write: refused (fault test 1)', async (kind) => {
    const { bed, change, send, proofs } = room(kind)
    await bed.signedIn()
    bed.clock.advance('1h')
    bed.store.plan(({ method }) => (method === 'save' ? 'hold' : undefined))
    const pending = send(bed.agent(), 'old')
    await until(() => bed.store.held === 1)
    change('new')
    await bed.auth.sessions.revokeAll('ada')
    bed.store.plan()
    bed.store.release()
    expect((await pending).status).toBe(401)
    expect(proofs()).toBe(2)
    expect(await bed.auth.sessions.list('ada')).toEqual([])
  })

  test.each(withStore)('%s over %s: whom the application has proven is not signed in after it either', async (kind) => {
    const bed = bench(kind)
    await bed.signedIn()
    bed.store.plan(({ method }) => (method === 'save' ? 'hold' : undefined))
    const pending = verdict(bed.auth.signIn(ada, bed.agent().request('POST', '/')))
    await until(() => bed.store.held === 1)
    await bed.auth.sessions.revokeAll('ada')
    bed.store.plan()
    bed.store.release()
    expect(await pending).toBe('ERR_STORE_CONFLICT')
    expect(await bed.auth.sessions.list('ada')).toEqual([])
  })

  test('two first sign-ins at once are both signed in', async () => {
    const bed = bench('session')
    await Promise.all([bed.signedIn(), bed.signedIn()])
    expect(await bed.auth.sessions.list('ada')).toHaveLength(2)
  })

  test.each([
    // By how much the clock of whoever ended everything was behind, whether servers share the store, and how often it is proven.
    ['the same clock', 0, false, 2],
    ['one clock, set back by 5 seconds', -5_000, false, 2],
    ['one clock, an hour ago', -3_600_000, false, 1],
    ['servers 30 seconds apart', -30_000, true, 2],
    ['servers, half a minute and more ago', -30_001, true, 1],
  ])('an epoch that is no newer than the tolerance is proven again: %s', async (_name, skew, isShared, expected) => {
    const { bed, proofs, send } = room('session', { shared: isShared })
    await bed.signedIn()
    bed.clock.advance('2h')
    const arrival = bed.clock()
    bed.clock.advance(skew)
    await bed.auth.sessions.revokeAll('ada')
    bed.clock.set(arrival)
    expect((await send(bed.agent(), 'old')).status).toBe(200)
    expect(proofs()).toBe(expected)
  })

  test('who is somebody else at the second proof gets nothing', async () => {
    let proofs = 0
    const bed = bench('session', {
      verify: async () => {
        proofs += 1
        if (proofs === 1) await bed.auth.sessions.revokeAll('ada')
        return { id: proofs === 1 ? 'ada' : 'grace', role: 'member' }
      },
    })
    await bed.signedIn()
    expect((await signIn(bed.agent())).status).toBe(401)
    expect(await bed.auth.sessions.list('grace')).toEqual([])
  })

  test('a factor that is owed at the second proof alone is owed', async () => {
    let proofs = 0
    const bed = bench('session', {
      verify: async () => {
        proofs += 1
        if (proofs === 1) await bed.auth.sessions.revokeAll('ada')
        return proofs === 1 ? ada : { user: ada, pending: 'mfa' }
      },
    })
    const agent = bed.agent()
    expect((await signIn(agent)).status).toBe(200)
    expect(await whoIs(bed, agent)).toBe('pending')
  })

  test('whoever ends everything again and again ends in a 503, and nobody is signed in', async () => {
    const bed = bench('session')
    await bed.signedIn({ id: 'grace', role: 'member' })
    const [one] = await bed.auth.sessions.list('grace')
    bed.store.plan(({ method }) => {
      if (method === 'save') void bed.raw.deleteByUser(one?.id.slice(0, 16) ?? '')
      return undefined
    })
    const response = await bed.agent().send('POST', '/auth/sign-in', { json: { name: 'grace', password: 'x' } })
    expect(response.status).toBe(503)
    expect(await bed.auth.sessions.list('grace')).toEqual([])
    expect(bed.events).toContainEqual(expect.objectContaining({ type: 'error', code: 'ERR_STORE_CONFLICT' }))
  })
})

test('what verifyCredentials threw is told by name and code alone', async () => {
  const bed = bench('session', {
    verify: async () => {
      throw Object.assign(new RangeError('SELECT hunter2'), { code: 'ECONNREFUSED', parameters: ['hunter2'] })
    },
  })
  expect((await signIn(bed.agent())).status).toBe(503)
  expect(bed.events).toEqual([
    {
      type: 'error',
      code: 'ERR_VERIFY_CREDENTIALS_FAILED',
      message: 'verifyCredentials threw instead of answering',
      cause: { name: 'RangeError', code: 'ECONNREFUSED' },
    },
  ])
})

test('so is an error that nobody expects', async () => {
  const identify = () => {
    throw new RangeError('hunter2')
  }
  const bed = bench('session', { auth: { identify, limits: {} } })
  expect((await signIn(bed.agent())).status).toBe(500)
  const error = { type: 'error', code: 'ERR_INTERNAL', message: 'an unexpected error', cause: { name: 'RangeError' } }
  expect(bed.events).toEqual([error])
})

describe('pending', () => {
  test.each(legal)('%s over %s is refused everywhere until it is renewed', async (kind, transport) => {
    const bed = bench(kind, { transport, verify: async () => ({ user: ada, pending: 'mfa' }) })
    const agent = bed.agent()
    const response = await signIn(agent)
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ session: { pending: 'mfa' } })
    expect(await whoIs(bed, agent)).toBe('pending')
    for (const [method, path] of [
      ['GET', '/auth/session'],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions'],
    ] as const) {
      const refused = await agent.send(method, path)
      expect(refused.status, path).toBe(kind === 'token' && path !== '/auth/session' ? 404 : 401)
      if (refused.status === 401) expect(await refused.json()).toMatchObject({ code: 'step_up_required' })
    }
    expect(await whoIs(bed, agent, { fresh: '1h' })).toBe('pending')
    const allowed = await bed.auth.authenticate(agent.request('GET', '/'), { allowPending: true })
    expect(allowed.ok && allowed.session.pending).toBe('mfa')

    // A refresh keeps what is owed.
    bed.clock.advance('1m')
    expect((await bed.refresh(agent)).status).toBe(200)
    expect(await whoIs(bed, agent)).toBe('pending')

    const granted = await bed.auth.renew(ada, agent.request('POST', '/'))
    if (!granted.ok) throw new Error(granted.reason)
    await agent.keep(bed.auth.apply(granted, Response.json(granted.body)))
    expect(await whoIs(bed, agent)).toBe('ok')
    bed.clock.advance(minute)
    expect((await bed.refresh(agent)).status).toBe(200)
    expect(await whoIs(bed, agent)).toBe('ok')
  })
})

describe('what verifyCredentials may not answer', () => {
  test.each([[''], [null], [false], [0]])('a factor without a name: %j', async (pending) => {
    for (const kind of kinds) {
      const bed = bench(kind, { transport: 'bearer', verify: async () => ({ user: ada, pending }) })
      const agent = bed.agent()
      expect((await signIn(agent)).status).toBe(500)
      expect(bed.events.at(-1)).toMatchObject({
        code: 'ERR_CLAIMS_INVALID',
        message: expect.stringContaining('pending'),
      })
      expect(agent.tokens).toEqual({})
      const renewed = bed.auth.renew(ada, (await bed.signedIn()).request('POST', '/'), { pending: pending as never })
      expect(await verdict(renewed)).toBe('ERR_CLAIMS_INVALID')
    }
  })

  test('undefined for a factor owes none', async () => {
    const bed = bench('hybrid', { verify: async () => ({ user: ada, pending: undefined }) })
    const agent = bed.agent()
    await signIn(agent)
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test.each([[false], [0], ['']])('%j is nobody, and counts as a guess', async (answer) => {
    const limits = { signIn: { identifier: 2 } }
    const bed = bench('session', { verify: async () => answer, auth: { limits, identify: () => 'ada' } })
    const statuses = [await signIn(bed.agent()), await signIn(bed.agent()), await signIn(bed.agent())]
    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 429])
  })

  test.each([[true], ['ada'], [1]])('%j is a failure of ours', async (answer) => {
    const bed = bench('session', { verify: async () => answer })
    expect((await signIn(bed.agent())).status).toBe(503)
    expect(bed.events.at(-1)).toMatchObject({ code: 'ERR_VERIFY_CREDENTIALS_FAILED' })
  })

  test('a user schema that throws is a failure of ours, and its words stay inside', async () => {
    let broken = false
    const validate: StandardSchema<BenchUser>['~standard']['validate'] = (value) => {
      if (broken) throw new Error(`no such ${JSON.stringify(value)}`)
      return { value: value as BenchUser }
    }
    for (const kind of kinds) {
      broken = false
      const bed = bench(kind, { auth: { user: { '~standard': { version: 1, vendor: 'tests', validate } } } })
      const agent = await bed.signedIn()
      broken = true
      const thrown: unknown = await bed.auth.authenticate(agent.request('GET', '/')).catch((error: unknown) => error)
      expect(thrown).toMatchObject({ code: 'ERR_CLAIMS_INVALID', message: expect.not.stringContaining('ada') })
    }
  })

  test('a user whose output is not JSON, whatever would keep it', async () => {
    const user: StandardSchema<object> = {
      '~standard': {
        version: 1,
        vendor: 'tests',
        validate: (value) => ({ value: { ...(value as object), since: new Date(0) } }),
      },
    }
    for (const kind of kinds) {
      const bed = bench(kind, { transport: 'bearer', auth: { user } })
      expect((await signIn(bed.agent())).status).toBe(500)
      const message = expect.stringContaining('user.since is an instance of Date')
      expect(bed.events.at(-1)).toMatchObject({ code: 'ERR_CLAIMS_INVALID', message })
    }
  })
})

describe('notBefore', () => {
  test.each(legal)('%s over %s signs out who proved themselves earlier', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const before = await bed.signedIn()
    bed.clock.advance('1m')
    const after = await bed.signedIn()
    const notBefore = new Date(bed.clock())
    const later = bench(kind, { transport, clock: bed.clock, store: bed.raw, auth: { notBefore } })
    expect(await whoIs(later, before)).toBe('revoked')
    expect((await later.refresh(later.adopt(before))).status).toBe(400)
    expect(await whoIs(later, after)).toBe('ok')
    expect((await later.refresh(later.adopt(after))).status).toBe(200)
    expect(await verdict(later.auth.renew(ada, before.request('POST', '/')))).toBe('revoked')
  })
})

describe('fresh', () => {
  test.each(legal)('%s over %s counts from the proof, which no refresh moves', async (kind, transport) => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    expect(await whoIs(bed, agent, { fresh: '4m' })).toBe('ok')
    bed.clock.advance('4m')
    expect((await bed.refresh(agent)).status).toBe(200)
    expect(await whoIs(bed, agent, { fresh: '4m' })).toBe('ok')
    bed.clock.advance(1)
    const result = await bed.auth.authenticate(agent.request('GET', '/'), { fresh: '4m' })
    expect(result).toMatchObject({ ok: false, reason: 'stale_auth' })
    const response = bed.auth.challenge(result as never)
    expect(response.headers.get('www-authenticate')).toContain('error="insufficient_user_authentication"')
    expect(response.headers.get('www-authenticate')).toContain('max_age="240"')
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test.each([undefined, null, 0, -1, 'now', Number.NaN])('%s is no duration', async (fresh) => {
    const bed = bench('session')
    await expect(bed.auth.authenticate(bed.agent().request('GET', '/'), { fresh: fresh as never })).rejects.toThrow(
      /fresh/,
    )
  })
})
