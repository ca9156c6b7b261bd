import { describe, expect, test } from 'vitest'
import type { Answer } from './exchange.ts'
import { pairs, unknownSession } from './outward-answers.ts'
import { serveAuth } from './served-auth.ts'
import { ada, newVisitor, signedIn, whoIs } from './visitor.ts'

describe('a store that cannot answer', () => {
  test.each(pairs.filter(({ strategy }) => strategy !== 'token'))(
    '$strategy over $transport: 503, nothing set, nothing cleared',
    async ({ strategy, transport }) => {
      const served = await serveAuth({ strategy, transport })
      const visitor = await signedIn(served.wire, transport)
      served.store.plan(() => 'reject')
      const questions = [
      ['POST', '/auth/refresh'],
      ['POST', '/auth/sign-out'],
      ['GET', '/auth/sessions'],
      ['DELETE', '/auth/sessions'],
      ['DELETE', `/auth/sessions/${unknownSession.slice(5)}`],
      ...(strategy === 'hybrid' ? [] : ([['GET', '/auth/session'], ['GET', '/api/me']] as const)),
    ] as const // biome-ignore format: a table
      for (const [method, target] of questions) {
        const answer = target === '/auth/refresh' ? await visitor.refresh() : await visitor.ask(method, target)
        if (target.startsWith('/auth/sessions/') && answer.status === 404) continue
        expectUnavailable(answer)
      }
      expectUnavailable(await newVisitor(served.wire, transport).signIn())
      served.store.plan()
      expect(await whoIs(visitor)).toBe('ada')
      expect((await visitor.refresh()).status).toBe(200)
      await served.stop()
    },
  )

  function expectUnavailable(answer: Answer): void {
    expect([
      answer.status,
      (answer.json as { code: string }).code,
      answer.header('retry-after'),
      answer.setCookies,
    ]).toEqual([503, 'temporarily_unavailable', '1', []])
  }

  test('the application’s own hook that throws is 503 too, and one user that fits no schema is 500', async () => {
    const throws = async () => {
      throw new Error(`the database said: ${ada.password}`)
    }
    for (const [verifyCredentials, status, code] of [
      [throws, 503, 'temporarily_unavailable'],
      [async () => ({ id: 'ada' }), 500, 'internal_error'],
      [async () => ({ id: '', role: 'x' }), 500, 'internal_error'],
    ] as const) {
      const served = await serveAuth({
        strategy: 'session',
        transport: 'cookie',
        verifyCredentials: verifyCredentials as never,
      })
      const answer = await newVisitor(served.wire, 'cookie').signIn()
      expect([answer.status, (answer.json as { code: string }).code, answer.setCookies]).toEqual([status, code, []])
      expect(JSON.stringify(served.events) + answer.text).not.toContain(ada.password)
      await served.stop()
    }
  })
})
