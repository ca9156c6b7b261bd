/**
 * A member makes an admin of herself: her own credential is changed, or signed by what she has.
 * @module
 */
import { createPublicKey, type JsonWebKey } from 'node:crypto'
import { encodeBase64url, encodeTextBase64url } from '@handstamp/core/base64url'
import { parseSessionCredential } from '@handstamp/core/credential'
import { decodeUnverified, type UnverifiedToken } from '@handstamp/core/jwt/decode'
import { hmacSha256, userHandle, utf8 } from '@handstamp/core/secret'
import type { Attack, Fact, Finding, World } from './attack.ts'
import { outsider, present, sayPresented, signInAs } from './outsider.ts'

interface Forged {
  readonly what: string
  readonly credential: string
}

/** The attack by forgery. */
export function forgeryAttack(world: World): Attack {
  return {
    id: 'forgery',
    title: 'A forged credential',
    does: 'Grace, a member, signs in elsewhere and changes her own credential to be let in as an admin.',
    steps: { run: async () => ({ finding: await run(world) }) },
  }
}

async function run(world: World): Promise<Finding> {
  const grace = outsider(world)
  const own = await signInAs(grace, 'grace', world)
  try {
    const before = await present(own, world)
    const decoded = decodeUnverified(own)
    const forged = decoded === undefined ? forgeIds(own) : await forgeTokens(own, decoded, world)
    const facts: Fact[] = [{ what: 'Her own, unchanged', answer: sayPresented(before) }]
    if (before.status !== 200) return { ...untold, facts }
    for (const { what, credential } of forged) {
      const presented = await present(credential, world)
      facts.push({ what, answer: sayPresented(presented), good: presented.status !== 200 })
    }
    return {
      ...conclude(
        facts.filter(({ good }) => good === false),
        decoded !== undefined,
      ),
      facts,
    }
  } finally {
    await grace.send('POST', '/auth/sign-out')
  }
}

/** A refusal of what is forged says nothing where the genuine one is refused too. */
const untold: Omit<Finding, 'facts'> = {
  verdict: 'nothing',
  why: 'Her own credential was refused as well, so nothing can be told of a forged one.',
  advice: 'See in the list of requests why, and try again.',
}

function conclude(accepted: readonly Fact[], signed: boolean): Omit<Finding, 'facts'> {
  if (accepted.length > 0)
    return {
      verdict: 'succeeds',
      why: `A forged credential was let in: ${accepted.map(({ what }) => what).join(', ')}.`,
      advice: 'This must not be: please report it, as SECURITY.md says.',
    }
  return signed
    ? {
        verdict: 'fails',
        why: 'Each key is bound to one algorithm, so the header chooses nothing, and any other byte breaks the signature.',
        advice: 'Keep the private key private, and rotate it: whoever has it can sign as anybody.',
      }
    : {
        verdict: 'fails',
        why: 'An id says nothing that could be changed: it opens one record, and another id opens none.',
        advice: 'There is nothing to forge as long as ids are random; these have 256 bits.',
      }
}

/** The same claims with another role, under every signature that she can make. */
async function forgeTokens(own: string, { header, claims }: UnverifiedToken, world: World): Promise<Forged[]> {
  const signature = own.slice(own.lastIndexOf('.') + 1)
  const admin = { ...claims, user: { ...Object(claims.user), role: 'admin' } }
  const write = (changed: object) => `${encodeJson({ ...header, ...changed })}.${encodeJson(admin)}`
  const keys = await publicKeys(world)
  return [
    { what: 'role: admin, the old signature', credential: `${write({})}.${signature}` },
    { what: 'role: admin, alg: none', credential: `${write({ alg: 'none' })}.` },
    ...keys.map(({ form, bytes }) => {
      const input = write({ alg: 'HS256' })
      return {
        what: `role: admin, the public key (${form}) as HMAC secret`,
        credential: `${input}.${encodeBase64url(hmacSha256(bytes, utf8(input)))}`,
      }
    }),
  ]
}

/** What anybody can fetch, in the forms in which a careless verifier may hold it. */
async function publicKeys({ origin }: World): Promise<{ readonly form: string; readonly bytes: Uint8Array }[]> {
  const response = await fetch(`${origin}/auth/jwks.json`)
  const { keys } = (await response.json()) as { readonly keys: readonly JsonWebKey[] }
  return keys.slice(0, 1).flatMap((jwk) => {
    const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    return [
      { form: 'PEM', bytes: utf8(pem.toString()) },
      { form: 'JWK', bytes: utf8(JSON.stringify(jwk)) },
    ]
  })
}

/** An id has no role to change; what is left is its owner and its secret. */
function forgeIds(own: string): Forged[] {
  const [prefix = '', handle = '', secret = ''] = own.split('.')
  const other = secret.startsWith('A') ? 'B' : 'A'
  return [
    { what: 'Ada’s handle before Grace’s secret', credential: `${prefix}.${userHandle('ada')}.${secret}` },
    { what: 'One character of the secret changed', credential: `${prefix}.${handle}.${other}${secret.slice(1)}` },
    { what: 'The public id in place of the secret', credential: `${prefix}.${parseSessionCredential(own)?.id}` },
  ]
}

function encodeJson(value: unknown): string {
  return encodeTextBase64url(JSON.stringify(value))
}
