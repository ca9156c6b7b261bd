import { expect } from 'vitest'
import { expectProblem, expectRefusal } from '../../wire/expectations.ts'
import { expected } from '../../wire/outward-answers.ts'
import { newVisitor, signedIn } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { acceptFor, hour, kidOf, minute, openRotation, publishedAt, type RotationStage, signerAt } from '../stages/token-rotation.ts' // biome-ignore format: one row
import { show } from '../stages/verifier.ts'

/** Issuer and service, each by its status or verdict. */
async function both({ served, verify }: RotationStage, token: string): Promise<readonly unknown[]> {
  const result = await verify(token)
  return [(await show(served, token)).status, result.ok ? 'ok' : result.reason]
}

async function published({ served }: RotationStage): Promise<readonly unknown[]> {
  const { json } = await served.wire.ask({ method: 'GET', target: '/auth/jwks.json' })
  return (json as { readonly keys: readonly { readonly kid: string }[] }).keys.map(({ kid }) => kid)
}

/** Runs with an issuer of its own, since time goes forward alone. */
async function rotating(
  use: (stage: RotationStage) => Promise<void>,
  kind: 'token' | 'hybrid' = 'token',
): Promise<void> {
  const stage = await openRotation(kind)
  try {
    await use(stage)
  } finally {
    await stage.close()
  }
}

export const rotation: Attack = attack({
  ids: ['A47'],
  title: 'keys that come and go while everybody is at work, and one that leaked',
  cost: 'A key that leaked could not be taken out of use without signing everybody out, so it would stay.',
  shows: ['ASVS 9.1.3'],
  stage: () => ({ close() {} }),
  legal: {
    ...each({ token: 'token', hybrid: 'hybrid' } as const, (_, kind) =>
      rotating(async (stage) => {
        const { wire, clock } = stage.served
        const visitor = await signedIn(wire, 'bearer')
        const signers = new Set<string | undefined>()
        // Every minute a request, every four minutes a refresh, for five hours and a half, over two changes of the key.
        for (let time = 0; time < 5.5 * hour; time += minute) {
          stage.at(time)
          if (time % (4 * minute) === 0) {
            expect((await visitor.refresh()).status).toBe(200)
            expect(kidOf(visitor.tokens.access)).toBe(signerAt(clock()))
            signers.add(kidOf(visitor.tokens.access))
          }
          expect([time, await both(stage, visitor.tokens.access ?? '')]).toEqual([time, [200, 'ok']])
          if (time % (5 * minute) === 0) expect(await published(stage)).toEqual(publishedAt(clock()))
        }
        expect([...signers]).toEqual(['key-0', 'key-1', 'key-2'])
      }, kind),
    ),
    'the last token of a key, until it expires': () =>
      rotating(async (stage) => {
        stage.at(2 * hour - 1_000)
        const { tokens } = await signedIn(stage.served.wire, 'bearer')
        const token = tokens.access ?? ''
        expect(kidOf(token)).toBe('key-0')
        stage.at(2 * hour)
        expect(kidOf((await signedIn(stage.served.wire, 'bearer')).tokens.access)).toBe('key-1')
        for (const time of [2 * hour, 2 * hour + minute, 2 * hour + 5 * minute - 2_000]) {
          stage.at(time)
          expect(await both(stage, token)).toEqual([200, 'ok'])
        }
      }),
    'a token from a server whose clock is ahead of the change': () =>
      rotating(async (stage) => {
        stage.at(2 * hour - 1_000)
        expect(await both(stage, stage.signBy(1))).toEqual([200, 'ok'])
      }),
  },
  hostile: {
    'a token made with the old key, once it is out of use': () =>
      rotating(async (stage) => {
        const { wire } = stage.served
        stage.at(2 * hour + acceptFor - 1)
        expect((await show(stage.served, stage.signBy(0))).status).toBe(200)
        stage.at(2 * hour + acceptFor)
        expectRefusal(await show(stage.served, stage.signBy(0)), expected('invalid token', wire))
        expect(await published(stage)).toEqual(['key-2', 'key-1'])
        // A service learns of it when its keys are due, which are good for five minutes.
        stage.at(2 * hour + acceptFor + 5 * minute)
        expect(await both(stage, stage.signBy(0))).toEqual([401, 'unknown_key'])
        stage.at(5 * hour)
        expect(await both(stage, stage.signBy(0))).toEqual([401, 'unknown_key'])
      }),
    'the same token that was taken a moment ago': () =>
      rotating(async (stage) => {
        stage.at(2 * hour + acceptFor - minute)
        const token = stage.signBy(0)
        expect(await both(stage, token)).toEqual([200, 'ok'])
        // It would live for four minutes yet, and it is remembered as verified.
        stage.at(2 * hour + acceptFor)
        expectRefusal(await show(stage.served, token), expected('invalid token', stage.served.wire))
      }),
    'a refresh of a token that the old key signed': () =>
      rotating(async (stage) => {
        stage.at(2 * hour + acceptFor)
        const visitor = newVisitor(stage.served.wire, 'bearer')
        visitor.tokens.access = stage.signBy(0)
        expectRefusal(await visitor.refresh(), expected('invalid grant', stage.served.wire))
      }),
    'to sign in when the last key has retired: nobody signs, rather than a key that had its time': () =>
      rotating(async (stage) => {
        const { wire } = stage.served
        stage.at(6 * hour - 1_000)
        const { tokens } = await signedIn(wire, 'bearer')
        stage.at(6 * hour)
        const answer = await newVisitor(wire, 'bearer').signIn()
        expectProblem(answer, { status: 503, code: 'temporarily_unavailable' })
        // Who is signed in goes on until the token ends.
        expect(await both(stage, tokens.access ?? '')).toEqual([200, 'ok'])
      }),
    'a token of the old key under the name of the new one': () =>
      rotating(async (stage) => {
        const [header = '', claims, signature] = stage.signBy(0).split('.')
        const renamed = Buffer.from(Buffer.from(header, 'base64url').toString().replace('key-0', 'key-1'))
        expect((await show(stage.served, `${renamed.toString('base64url')}.${claims}.${signature}`)).status).toBe(401)
      }),
  },
})
