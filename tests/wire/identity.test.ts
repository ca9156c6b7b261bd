import { beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Header } from './exchange.ts'
import { type Playground, sharedPlaygrounds } from './playground.ts'
import { grace, newVisitor, ownPage, signedIn, type Visitor, whoIs } from './visitor.ts'

/** The answer as far as it can tell who is there. */
const told = ({ status, text, headers }: Answer): unknown => [status, text, headers.filter(([name]) => name !== 'date')]

const subjects = [
  { flags: '--strategy session', transport: 'cookie' },
  { flags: '--strategy hybrid --transport bearer', transport: 'bearer' },
] as const
const playground = sharedPlaygrounds(subjects.map(({ flags }) => flags))

describe.each(subjects)('identity comes from the credential alone (CVE-2025-61928), $flags', ({ flags, transport }) => {
  let server: Playground
  let ada: Visitor
  let adasId: string
  /** What a request could say about who it is. */
  let claims: Readonly<Record<string, string>>

  beforeAll(async () => {
    server = playground(flags)
    ada = await signedIn(server, transport)
    adasId = ((await ada.ask('GET', '/auth/session')).json as { session: { id: string } }).session.id
    claims = {
      userId: 'ada',
      user_id: 'ada',
      id: 'ada',
      sub: 'ada',
      user: 'ada',
      email: 'ada@example.com',
      sessionId: adasId,
      session_id: adasId,
      sid: adasId,
      session: adasId,
      role: 'admin',
    }
  })

  const headersOf = (): readonly Header[] => [
    ...Object.entries(claims).flatMap(([name, value]): Header[] => [[`X-${name.replace('_', '-')}`, value], [name.replace('_', '-'), value]]),
    // G16: names by which some frameworks pass on what they found out.
    ['X-Handstamp-User', 'ada'],
    ['X-Handstamp-Session', adasId],
    ['Handstamp-User', 'ada'],
    ['X-Middleware-Subrequest', 'middleware:middleware:middleware'],
    ['X-Forwarded-User', 'ada'],
    ['X-Remote-User', 'ada'],
    ['Remote-User', 'ada'],
    ['Authorization', 'Basic YWRhOmFuYWx5dGljYWwtZW5naW5l'],
    ['Cookie', [...Object.entries(claims), ['handstamp', adasId], ['session', adasId], ['connect.sid', adasId]].map((pair) => pair.join('=')).join('; ')],
  ] // biome-ignore format: a table

  const routes = [
    ['GET', '/auth/session'], ['GET', '/auth/sessions'], ['DELETE', '/auth/sessions'], ['DELETE', '/auth/sessions?others=true'], ['POST', '/auth/refresh'], ['POST', '/auth/sign-out'], ['POST', '/auth/sign-in'],
    ['GET', '/api/me'], ['GET', '/api/notes'], ['POST', '/api/notes'],
  ] as const // biome-ignore format: a list

  test.each(routes)(
    '%s %s: nobody is nobody, whatever the query, the body and the headers say',
    async (method, target) => {
      const type: readonly Header[] = method === 'POST' ? [['Content-Type', 'application/json']] : []
      const body = method === 'POST' ? { body: '{}' } : {}
      const plain = told(await server.ask({ method, target, headers: [...type, ...ownPage], ...body }))

      const query = `${target}${target.includes('?') ? '&' : '?'}${new URLSearchParams(claims)}`
      expect(told(await server.ask({ method, target: query, headers: [...type, ...ownPage], ...body }))).toEqual(plain)
      expect(
        told(await server.ask({ method, target, headers: [...headersOf(), ...type, ...ownPage], ...body })),
      ).toEqual(plain)
      const said = { ...claims, text: undefined }
      const bodies = [
        said,
        { ...said, user: { id: 'ada', role: 'admin' } },
        { session: { id: adasId, user: { id: 'ada' } } },
      ]
      // A sign-in reads its body; without a password it says nothing.
      for (const each of method === 'POST' ? bodies : [])
        expect(
          told(await server.ask({ method, target, headers: [...type, ...ownPage], body: JSON.stringify(each) })),
        ).toEqual(plain)
      expect(await whoIs(ada)).toBe('ada')
    },
  )

  test('ending ada’s session by its public id is not nobody’s to do', async () => {
    for (const headers of [[], headersOf()]) {
      const answer = await server.ask({
        method: 'DELETE',
        target: `/auth/sessions/${adasId}?${new URLSearchParams(claims)}`,
        headers: [...headers, ...ownPage],
      })
      expect(answer.status).toBe(401)
    }
    expect(await whoIs(ada)).toBe('ada')
  })

  test('somebody else stays who they are, and sees and ends nothing of ada’s', async () => {
    const other = await signedIn(server, transport, grace)
    const hints = headersOf().filter(([name]) => !['Cookie', 'Authorization'].includes(name))
    const query = new URLSearchParams(claims)
    const me = await other.ask('GET', `/api/me?${query}`, { headers: [...ownPage, ...hints] })
    expect(me.json).toMatchObject({ user: { id: 'grace', role: 'member' } })
    const { json } = await other.ask('GET', `/auth/sessions?${query}`, { headers: [...ownPage, ...hints] })
    expect((json as { sessions: { id: string }[] }).sessions.map(({ id }) => id)).not.toContain(adasId)
    const note = await other.ask('POST', `/api/notes?${query}`, {
      headers: [...ownPage, ...hints],
      json: { text: 'mine', by: 'ada', userId: 'ada' },
    })
    expect(note.json).toMatchObject({ by: 'grace' })
    expect((await other.ask('DELETE', `/auth/sessions/${adasId}`, { headers: [...ownPage, ...hints] })).status).toBe(
      404,
    )
    expect((await other.ask('DELETE', `/auth/sessions?${query}`, { headers: [...ownPage, ...hints] })).status).toBe(204)
    expect(await whoIs(ada)).toBe('ada')
  })

  test('D1, D6: an id that somebody chose is adopted nowhere', async () => {
    const chosen = `hss1.${'B'.repeat(16)}.${'B'.repeat(42)}A`
    const victim = newVisitor(server, transport)
    const answer = await victim.ask('POST', `/auth/sign-in?sid=${chosen}&session=${chosen}`, {
      headers: [...ownPage, ['Cookie', `${server.access}=${chosen}; session=${chosen}`], ['X-Session-Id', chosen]],
      json: { ...grace, sessionId: chosen, sid: chosen },
    })
    expect([answer.status, answer.text.includes(chosen)]).toEqual([200, false])
    expect(victim.held()).not.toContain(chosen)
    const headers: readonly Header[] =
      transport === 'cookie' ? [['Cookie', `${server.access}=${chosen}`]] : [['Authorization', `Bearer ${chosen}`]]
    expect((await server.ask({ method: 'GET', target: '/api/me', headers })).status).toBe(401)
  })
})
