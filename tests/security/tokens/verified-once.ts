import { expect } from 'vitest'
import { type Attack, attack } from '../attack.ts'
import { compact, newHandKey, signerOf } from '../stages/token-keys.ts'
import { expectExpired, expectRefused, expectTaken, show, type VerifierStage, verifierStage } from '../stages/verifier.ts' // biome-ignore format: one row

const stranger = newHandKey('ES256')

/** Tokens of many users, alike in all but the user. */
function crowd({ sign }: VerifierStage, size: number): readonly (readonly [id: string, token: string])[] {
  return Array.from({ length: size }, (_, at) => {
    const id = `user-${String(at).padStart(5, '0')}`
    return [id, sign({ claims: { sub: id, jti: 'same', user: { id, role: 'member' } } })] as const
  })
}

async function whoIs({ verify }: VerifierStage, token: string): Promise<string | undefined> {
  const result = await verify(token)
  return result.ok ? result.session.user.id : result.reason
}

export const verifiedOnce: Attack = attack({
  ids: ['CVE-2026-35039'],
  title: 'a token that is taken for another one that was verified before',
  cost: 'One user would be given the session of another, without either having done anything.',
  shows: ['ASVS 9.1.1', 'RFC 8725 §3.3'],
  stage: verifierStage,
  legal: {
    'the same token again and again': async (stage) => {
      for (let times = 0; times < 3; times += 1) await expectTaken(stage, stage.token)
    },
    'a thousand users, each as often as any, in any order': async (stage) => {
      const tokens = crowd(stage, 1_000)
      // 7,919 and 1,000 have no divisor in common, so each comes as often, and far from its neighbours.
      for (let at = 0; at < 10_000; at += 1) {
        const [id = '', token = ''] = tokens[(at * 7_919) % tokens.length] ?? []
        if ((await whoIs(stage, token)) !== id) expect([at, id]).toBe('somebody else')
      }
      for (const [id, token] of tokens.slice(0, 50))
        expect((await show(stage.served, token)).json).toEqual({ user: { id, role: 'member' } })
    },
    'a thousand users at once': async (stage) => {
      const tokens = crowd(stage, 1_000)
      const found = await Promise.all([...tokens, ...tokens.toReversed()].map(([, token]) => whoIs(stage, token)))
      expect(found).toEqual([...tokens, ...tokens.toReversed()].map(([id]) => id))
    },
  },
  hostile: {
    'its header and claims with the signature of a stranger': async (stage) => {
      await expectTaken(stage, stage.token)
      await expectRefused(stage, compact(stage.header, stage.claims, signerOf('ES256', stranger.key)))
    },
    'its signature under other claims': async (stage) => {
      await expectTaken(stage, stage.token)
      const [header, , signature] = stage.token.split('.')
      const claims = Buffer.from(JSON.stringify({ ...stage.claims, user: { id: 'ada', role: 'root' } }))
      await expectRefused(stage, `${header}.${claims.toString('base64url')}.${signature}`)
    },
    'every single letter changed': async (stage) => {
      const token = stage.sign()
      await expectTaken(stage, token)
      for (let at = 0; at < token.length; at += 1) {
        const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1)
        if ((await stage.verify(changed)).ok) expect(at).toBe('refused')
      }
    },
    'the same text with more behind it': async (stage) => {
      await expectTaken(stage, stage.token)
      await expectRefused(stage, `${stage.token}A`)
      await expectRefused(stage, `${stage.token}.`)
    },
    'what one request does to the user that it was given': async (stage) => {
      const token = stage.sign({ claims: { user: { id: 'ada', role: 'member' } } })
      const first = await stage.verify(token)
      if (!first.ok) throw new Error(first.reason)
      try {
        Object.assign(first.session.user, { id: 'root', role: 'admin' })
      } catch {
        // It may as well be refused.
      }
      expect(await stage.verify(token)).toMatchObject({ ok: true, session: { user: { id: 'ada', role: 'member' } } })
    },
    'the same token once it has expired': async (stage) => {
      const token = stage.sign({ claims: { exp: stage.now() + 60 } })
      await expectTaken(stage, token)
      stage.served.clock.advance('65s')
      await expectExpired(stage, token)
    },
  },
})
