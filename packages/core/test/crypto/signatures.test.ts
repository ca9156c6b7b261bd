import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import * as node from '../../src/crypto/node.ts'
import * as web from '../../src/crypto/web.ts'
import { algorithms, keyFor, publicHalf } from '../jwt/keys.ts'
import { vectors } from '../jwt/vectors.ts'

const engines = [
  ['node', node],
  ['web', web],
] as const
type Engine = (typeof engines)[number][1]

/** The members that an engine is given: as signature.ts picks them, without alg and kid. */
function members(jwk: object): Record<string, string> {
  const { alg: _alg, kid: _kid, ...rest } = jwk as Record<string, string>
  return rest
}

function publicMembers(alg: (typeof algorithms)[number]): Record<string, string> {
  return members(alg.startsWith('HS') ? keyFor(alg) : publicHalf(keyFor(alg)))
}

/** What was signed, and the signature. */
function signed(token: string): [signingInput: string, signature: Uint8Array] {
  const dot = token.lastIndexOf('.')
  return [token.slice(0, dot), Buffer.from(token.slice(dot + 1), 'base64url')]
}

describe.each(engines)('the %s engine', (_, engine: Engine) => {
  test.each(vectors)('verifies $source', async ({ jwk, token }) => {
    const verify = await engine.importVerifier(members(jwk), jwk.alg as 'ES256')
    const [signingInput, signature] = signed(token)
    expect(await verify(signingInput, signature)).toBe(true)
    expect(await verify(`${signingInput}A`, signature)).toBe(false)
  })

  test.each(algorithms)('signs %s for the other engine', async (alg) => {
    const [other] = engines.filter(([, candidate]) => candidate !== engine)
    const sign = await engine.importSigner(members(keyFor(alg)), alg)
    const verify = await (other as readonly [string, Engine])[1].importVerifier(publicMembers(alg), alg)
    for (let run = 0; run < 20; run += 1) {
      const token = await sign({ alg, kid: 'k', typ: 'at+jwt' }, `{"run":${run},"text":"é"}`)
      const [signingInput, signature] = signed(token)
      expect(await verify(signingInput, signature)).toBe(true)
      expect(await verify(`${signingInput}A`, signature)).toBe(false)
    }
  })

  test('shows no key', async () => {
    for (const alg of ['HS256', 'ES256', 'RS256'] as const) {
      const { d, k, p } = keyFor(alg)
      const held = [await engine.importSigner(members(keyFor(alg)), alg)]
      await held[0]?.({ alg, kid: 'k', typ: 'at+jwt' }, '{}')
      const shown = inspect(held, { depth: 12, showHidden: true }) + JSON.stringify(held)
      for (const secret of [d, k, p]) if (secret !== undefined) expect(shown).not.toContain(secret.slice(0, 12))
    }
  })
})

test('one key writes one header after the other: none is left over from before', async () => {
  const sign = await node.importSigner(members(keyFor('HS256')), 'HS256')
  const header = async (kid: string, typ: string): Promise<string> =>
    Buffer.from((await sign({ alg: 'HS256', kid, typ }, '{}')).split('.')[0] ?? '', 'base64url').toString()
  for (const [kid, typ] of ['a b', 'a b', 'a c', 'b c', 'a b'].map((pair) => pair.split(' ') as [string, string]))
    expect(await header(kid, typ)).toBe(JSON.stringify({ alg: 'HS256', kid, typ }))
})

test('a text beyond ASCII is not the one with the same low bytes', async () => {
  const sign = await node.importSigner(members(keyFor('ES256')), 'ES256')
  const verify = await node.importVerifier(publicMembers('ES256'), 'ES256')
  const token = await sign({ alg: 'ES256', kid: 'k', typ: 'at+jwt' }, '{}')
  const [signingInput, signature] = signed(token)
  const disguised = String.fromCharCode(signingInput.charCodeAt(0) + 256) + signingInput.slice(1)
  expect(Buffer.from(disguised, 'latin1').toString('latin1')).toBe(signingInput)
  expect(await verify(disguised, signature)).toBe(false)
})
