import { describe, expect, test } from 'vitest'
import { memoryStore } from '../src/index.ts'
import { createRotation, rotationKeys } from '../src/rotation.ts'
import type { Agent } from '../src/testing/index.ts'
import { ada, type Bench, bench, refreshTokenOf, whoIs } from './strategies/bench.ts'

const old = 'an old secret of the tests, of more than 32 bytes'
const young = 'a new secret of the tests, of more than 32 bytes'

interface Started {
  readonly bed: Bench
  readonly agent: Agent
  readonly spent: string
  readonly live: string
}

/** A session that has rotated once, a moment ago. */
async function started(secrets: readonly string[] = [old], auth: object = {}): Promise<Started> {
  const bed = bench('hybrid', { transport: 'bearer', strategy: { secrets }, auth })
  const agent = await bed.signedIn()
  const spent = refreshTokenOf(agent)
  bed.clock.advance('1m')
  await bed.refresh(agent)
  return { bed, agent, spent, live: refreshTokenOf(agent) }
}

/** Another server over the same store. */
function server({ bed }: Started, secrets: readonly string[], auth: object = {}): Bench {
  return bench('hybrid', { transport: 'bearer', clock: bed.clock, store: bed.raw, strategy: { secrets }, auth })
}

async function present(bed: Bench, token: string): Promise<{ status: number; token: string; code?: string }> {
  const agent = bed.agent()
  agent.tokens.refresh = token
  const response = await bed.refresh(agent)
  const { code } = (await response.clone().json()) as { code?: string }
  return { status: response.status, token: refreshTokenOf(agent), ...(code === undefined ? {} : { code }) }
}

describe('the construction does not drift: an example, byte for byte', () => {
  test('next(F, S, g + 1, salt, kid) and what is kept of it', async () => {
    const bytes = (from: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => (from + at) % 256)
    const queue = [bytes(0), bytes(32), bytes(64)]
    const raw = memoryStore({ clock: () => 1_000_000 })
    const events: string[] = []
    const rotation = createRotation(raw, rotationKeys(['handstamp handstamp handstamp handstamp']), { grace: 10_000, idle: 60_000 }, { random: () => queue.shift() ?? bytes(0), emit: ({ type }) => events.push(type), clock: () => 1_000_000 }) // biome-ignore format: one thought
    const handle = 'NKP9N9oB5ERxCBCV'
    const begun = rotation.begin(handle, 1_000_000)
    expect(begun.token).toBe(
      'hsr1.NKP9N9oB5ERxCBCV.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAAAAICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8',
    )
    const id = `${handle}.FRySPNbgArWRhHUrfiuf9808VHBFRjbhbgP2aH63LRE`
    const record = { v: 1, id, userId: 'u', user: { id: 'u' }, epoch: 1, version: 1, transport: 'bearer', persistent: true, createdAt: 0, lastSeenAt: 0, authTime: 0, expiresAt: 9e9, idleUntil: 9e9, rotation: begun.rotation } as const // biome-ignore format: a record
    await raw.save(id, record, { epoch: undefined, cap: 9 })
    const answer = await rotation.refresh(
      { text: begun.token, via: 'body' },
      () => undefined,
      async (rotated) => rotated,
    )
    expect(answer).toMatchObject({
      ok: true,
      token:
        'hsr1.NKP9N9oB5ERxCBCV.AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8AAAAB--q8Tbz8mGVO_q3tKvagFnimEL81msBOfsrgiYxwMRc',
    })
    expect((await raw.find(id))?.record.rotation).toEqual({
      g: 1,
      cur: 'fTKar-nrgKOb5Axx-Re3b7GGgkWdhMjki_VVGCDmQXo',
      prev: '_jVShn1pVNGGva8ZwppMFOD-tMFiN-cLT-UPU3Qcdf0',
      salt: 'QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8',
      kid: 'i4R9egkE6I8',
      rotatedAt: 1_000_000,
    })
    expect(events).toEqual(['refresh.rotated'])
  })
})

describe('a rolling change of secrets', () => {
  test('a replay is answered by whoever has the secret that rotated, in whatever place', async () => {
    const family = await started([young, old])
    for (const secrets of [[young, old], [old, young], [young]]) {
      expect(await present(server(family, secrets), family.spent)).toEqual({ status: 200, token: family.live })
    }
  })

  test('without it a replay is 503, the family lives on, and only events say why', async () => {
    const family = await started([old])
    const other = server(family, [young])
    const answer = await present(other, family.spent)
    expect(answer).toMatchObject({ status: 503, code: 'temporarily_unavailable', token: family.spent })
    expect(other.events.at(-1)).toMatchObject({ type: 'error', code: 'ERR_KEY_UNAVAILABLE' })
    expect(await present(family.bed, family.spent)).toEqual({ status: 200, token: family.live })
  })

  test('the live token needs no old secret: it is compared, and rotates under the new one', async () => {
    const family = await started([old])
    family.bed.clock.advance('1m')
    const other = server(family, [young])
    const next = await present(other, family.live)
    expect(next.status).toBe(200)
    expect(next.token).not.toBe(family.live)
    // And whoever still rotates with the old one takes turns with it.
    family.bed.clock.advance('1m')
    expect((await present(family.bed, next.token)).status).toBe(200)
  })

  test('a theft is a theft, also without the secret', async () => {
    const family = await started([old])
    family.bed.clock.advance('1m')
    const other = server(family, [young])
    expect((await present(other, family.spent)).status).toBe(400)
    expect(other.typesOf()).toContain('refresh.reuse')
    expect((await present(family.bed, family.live)).status).toBe(400)
  })
})

describe('nothing is rotated that cannot be answered', () => {
  test('a key ring without an active key', async () => {
    const family = await started()
    family.bed.clock.advance('1m')
    const gone = bench('hybrid', { transport: 'bearer', clock: family.bed.clock, store: family.bed.raw, strategy: { secrets: [old], keys: { symmetric: false, signer: () => { throw new Error('no key') }, verifier: () => undefined, jwks: () => ({ keys: [] }), phases: () => [] } } }) // biome-ignore format: one thought
    expect((await present(gone, family.live)).status).toBe(500)
    expect(gone.store.counts.writes).toBe(0)
    expect(await present(family.bed, family.live)).toMatchObject({ status: 200 })
  })

  test('a user that no longer fits its schema', async () => {
    const family = await started()
    family.bed.clock.advance('1m')
    const strict = server(family, [old], {
      user: { '~standard': { version: 1, vendor: 'x', validate: () => ({ issues: [{ message: 'no' }] }) } },
    })
    expect((await present(strict, family.live)).status).toBe(400)
    expect(strict.store.counts.writes).toBe(0)
    expect(strict.typesOf()).toContain('store.corrupt')
    expect((await present(family.bed, family.live)).status).toBe(200)
  })

  test('a swap that was applied and timed out: the repeat gets what was made', async () => {
    const family = await started()
    family.bed.clock.advance('1m')
    family.bed.store.plan(({ method }) => (method === 'replace' ? 'apply-then-reject' : undefined))
    expect((await present(family.bed, family.live)).status).toBe(503)
    family.bed.store.plan()
    const repeat = await present(family.bed, family.live)
    expect(repeat.status).toBe(200)
    expect(repeat.token).not.toBe(family.live)
    expect(await present(family.bed, repeat.token)).toEqual({ status: 200, token: repeat.token })
  })

  test('swaps that are lost again and again are 503 and no sign-out', async () => {
    const family = await started()
    const { bed } = family
    bed.clock.advance('1m')
    const id = (await bed.auth.sessions.list('ada'))[0]?.id ?? ''
    const found = await bed.raw.find(id)
    bed.store.reset()
    bed.store.plan(({ method }) => {
      if (method === 'replace' && found) void Promise.resolve(bed.raw.find(id)).then((one) => one && bed.raw.replace(id, one.version, one.record)) // biome-ignore format: one thought
      return method === 'replace' ? 'hold' : undefined
    })
    let done = false
    const answer = present(bed, family.live).finally(() => {
      done = true
    })
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve))
      bed.store.release()
    }
    expect((await answer).status).toBe(503)
    expect(bed.store.calls).toMatchObject({ find: 4, replace: 4, delete: 0 })
    expect(bed.events.at(-1)).toMatchObject({ type: 'error', code: 'ERR_STORE_CONFLICT' })
    bed.store.plan()
    expect((await present(bed, family.live)).status).toBe(200)
  })
})

describe('many at once (E3)', () => {
  test('300 refreshes of one token, on two servers: one rotation, one successor, nobody refused', async () => {
    const family = await started()
    const { bed } = family
    bed.clock.advance('1m')
    const other = server(family, [old])
    bed.store.reset()
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, at) => present(at % 2 === 0 ? bed : other, family.live)),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const tokens = new Set(answers.map(({ token }) => token))
    expect(tokens.size).toBe(1)
    expect(tokens).not.toContain(family.live)
    const rotations = [...bed.events, ...other.events].filter(({ type }) => type === 'refresh.rotated')
    // One that `started` made, and one of all of these.
    expect(rotations).toHaveLength(2)
    expect((await bed.auth.sessions.list('ada')).length).toBe(1)
  })
})

describe('events', () => {
  test('one for each: rotated, replayed, reuse, ahead; and no credential in any', async () => {
    const { bed, agent, spent, live } = await started()
    expect(bed.events.at(-1)).toMatchObject({ type: 'refresh.rotated', userId: 'ada', generation: 1 })
    await present(bed, spent)
    expect(bed.events.at(-1)).toMatchObject({ type: 'refresh.replayed', generation: 1 })
    const [, handle, body = ''] = live.split('.')
    const bytes = Buffer.from(body, 'base64url')
    bytes.writeUInt32BE(7, 32)
    await present(bed, `hsr1.${handle}.${bytes.toString('base64url')}`)
    expect(bed.events.at(-2)).toMatchObject({ type: 'refresh.ahead', generation: 7 })
    bed.clock.advance('1m')
    await Promise.all([present(bed, spent), present(bed, spent), present(bed, spent)])
    expect(bed.events.filter(({ type }) => type === 'refresh.reuse')).toEqual([
      expect.objectContaining({ presented: 0, live: 1, userId: 'ada' }),
    ])
    expect(await whoIs(bed, agent)).toBe('ok')
    const text = JSON.stringify(bed.events)
    for (const secret of [spent, live]) expect(text).not.toContain(secret.slice(-40))
  })

  test('a listener that throws changes nothing', async () => {
    const { bed, live } = await started([old], {
      events: () => {
        throw new Error('disk full')
      },
    })
    bed.clock.advance('1m')
    expect((await present(bed, live)).status).toBe(200)
  })
})

describe('a record that came back damaged', () => {
  /** `healed`: the record is whole but for its user, so that an update mends it. */
  const damages: readonly (readonly [string, (record: Record<string, unknown>) => unknown, healed?: boolean])[] = [
    ['empty', () => ({})],
    ['null', () => null],
    ['a list', () => []],
    ['a text', () => 'PARTIAL'],
    ['of another version', (record) => ({ ...record, v: 2 })],
    ['of another session', (record) => ({ ...record, id: 'x' })],
    ['without its end', ({ expiresAt: _end, ...record }) => record],
    ['with an end that is a text', (record) => ({ ...record, expiresAt: '9999999999999' })],
    ['with an idle end that is null', (record) => ({ ...record, idleUntil: null })],
    ['without a proof', ({ authTime: _proof, ...record }) => record],
    ['without a user', ({ user: _user, ...record }) => record, true],
    ['with another user', (record) => ({ ...record, user: { id: 'grace', role: 'admin' } }), true],
    ['with an id that is no text', (record) => ({ ...record, userId: 7 })],
    ['with a transport that is none', (record) => ({ ...record, transport: 'carrier pigeon' })],
    ['with a rotation that is null', (record) => ({ ...record, rotation: null })],
    ['with a rotation of texts', (record) => ({ ...record, rotation: { g: '1', cur: 1, prev: 1, salt: 1, kid: 1 } })],
    ['with a generation of a half', (record) => ({ ...record, rotation: { ...(record.rotation as object), g: 0.5 } })],
    [
      'with a rotation that never was',
      (record) => ({ ...record, rotation: { ...(record.rotation as object), rotatedAt: null } }),
    ],
  ]

  describe.each(['session', 'token+store', 'hybrid'] as const)('%s', (kind) => {
    for (const [name, damage, healed = false] of damages)
      test(`${name}: unknown and told, nothing written, no crash`, async () => {
        const whole = bench(kind, { transport: 'bearer' })
        const agent = await whole.signedIn()
        const damaged = {
          ...whole.raw,
          find: async (id: string) => {
            const found = await whole.raw.find(id)
            return found && { ...found, record: damage({ ...found.record }) as never }
          },
          listByUser: async (handle: string) => {
            const { epoch, sessions } = await whole.raw.listByUser(handle)
            return { epoch, sessions: sessions.map((one) => ({ ...one, record: damage({ ...one.record }) as never })) }
          },
        }
        const bed = bench(kind, { transport: 'bearer', clock: whole.clock, store: damaged })
        const held = bed.adopt(agent)
        const response = await bed.refresh(held.copy())
        expect(response.status).toBe(400)
        if (kind !== 'hybrid') expect(await whoIs(bed, held)).toMatch(/^(unknown|revoked)$/)
        expect(bed.store.counts.writes).toBe(0)
        expect(bed.typesOf()).toContain('store.corrupt')
        expect(await bed.auth.sessions.update(ada)).toBe(healed ? 1 : 0)
        for (const session of await bed.auth.sessions.list('ada')) expect(session.id).toMatch(/^.{16}\..{43}$/)
        // Whatever stands there can be ended, and signed in over.
        expect((await bed.signedIn()) !== undefined).toBe(true)
        expect((await held.send('POST', '/auth/sign-out')).status).toBe(204)
        await bed.auth.sessions.revokeAll('ada')
        expect((await whole.raw.listByUser((await whole.record(agent))?.id.slice(0, 16) ?? '')).sessions).toEqual([])
      })
  })
})
