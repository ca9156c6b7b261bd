import { expect } from 'vitest'
import { type Served, serveAuth, strategyOf } from '../../wire/served-auth.ts'
import { grace, newVisitor, signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { expectOver, expectRefreshed, type FamilyStage, familyStage, overEach } from '../stages/refresh-family.ts'

/** What ends a session, by somebody who holds it or by the application. */
const endings: Readonly<Record<string, (visitor: Visitor, served: Served) => unknown>> = {
  'signed out': (visitor) => visitor.copy().ask('POST', '/auth/sign-out'),
  'ended from another device': async (visitor, served) => {
    const other = await signedIn(served.wire, visitor.transport)
    await other.ask('DELETE', '/auth/sessions?others=true')
    await expectRefreshed(other)
  },
  'signed out everywhere, as after a new password': (_, { auth }) => auth.sessions.revokeAll('ada'),
  'ended by an administrator': async (_, { auth }) => {
    for (const { id } of await auth.sessions.list('ada')) await auth.sessions.revoke(id)
  },
  'replaced by another sign-in of the same browser': (visitor) => visitor.copy().signIn(),
}

/** A captured copy, once the session has ended: of the live token, and of the one before it. */
function captured(turned: boolean): Inputs<FamilyStage> {
  return Object.fromEntries(
    Object.entries(endings).flatMap(([ending, end]) =>
      Object.entries(
        overEach(
          `${ending}, ${turned ? 'the spent token' : 'the live token'}`,
          async (visitor, served) => {
            const copy = visitor.copy()
            if (turned) await expectRefreshed(visitor)
            await end(visitor, served)
            await expectOver(copy)
          },
          ending.startsWith('replaced') ? ['cookie'] : undefined,
        ),
      ),
    ),
  )
}

export const ended: Attack = attack({
  ids: ['E6'],
  title: 'a captured refresh token after its session has ended',
  cost: 'Signing out, or a new password, would not shut out whoever had copied the token before.',
  shows: ['ASVS 7.3.1', 'ASVS 7.3.2', 'ASVS 7.4.1', 'ASVS 7.4.2', 'ASVS 7.4.3', 'ASVS 7.4.5', 'RFC 9700 §4.14.2'],
  stage: familyStage,
  legal: overEach('the session of somebody else goes on', async (visitor, served) => {
    const other = await signedIn(served.wire, visitor.transport, grace)
    await visitor.ask('POST', '/auth/sign-out')
    await served.auth.sessions.revokeAll('ada')
    await expectRefreshed(other)
  }),
  hostile: {
    ...captured(false),
    ...captured(true),
    ...overEach('everybody was signed out, by a restart with notBefore', async (visitor, { store, keys, clock }) => {
      const { transport } = visitor
      const strategy = strategyOf('hybrid', store, keys)
      const restarted = await serveAuth({ strategy, transport, notBefore: new Date(clock() + 1_000) })
      restarted.clock.set(clock() + 2_000)
      const copy = newVisitor(restarted.wire, transport, visitor)
      await expectOver(copy)
      expect((await copy.ask('GET', '/api/me')).status).toBe(401)
      await expectRefreshed(await signedIn(restarted.wire, transport))
      await restarted.stop()
    }),
    ...overEach('after an hour without a refresh', async (visitor, served) => {
      served.clock.advance('1h')
      await expectOver(visitor)
    }),
    ...overEach('refreshed every half an hour, after eight hours', async (visitor, served) => {
      for (let turn = 1; turn < 16; turn += 1) {
        served.clock.advance('30m')
        await expectRefreshed(visitor)
      }
      served.clock.advance('30m')
      await expectOver(visitor)
    }),
  },
})
