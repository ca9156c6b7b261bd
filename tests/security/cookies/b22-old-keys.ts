import { hybrid, token } from '@handstamp/server'
import { expect } from 'vitest'
import { expectRefusal } from '../../wire/expectations.ts'
import { newKeyPair } from '../../wire/key-pair.ts'
import { expected } from '../../wire/outward-answers.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { newVisitor, signedIn, type Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'

const [old, next] = [newKeyPair('old'), newKeyPair('new')]
const times = { accessLifetime: '5m', lifetime: '8h' } as const

/** The same application before its keys change, while both are configured, and after the old ones are gone. */
interface Deploys {
  readonly before: Served
  readonly between: Served
  readonly after: Served
  close(): Promise<unknown>
}

async function deploys(kind: 'token' | 'hybrid'): Promise<Deploys> {
  const first = await serveAuth({
    strategy: kind === 'token' ? token({ keys: [old.jwk], ...times }) : 'hybrid',
    transport: 'cookie',
  })
  const { clock, store } = first
  const activeFrom = clock()
  const both = [old.jwk, { ...next.jwk, activeFrom }]
  const secrets = { old: first.keys.secret, next: next.secret }
  const serve = (keys: typeof both, given: readonly string[]) =>
    serveAuth({
      strategy:
        kind === 'token'
          ? token({ keys, ...times })
          : hybrid({ keys, secrets: given, store, ...times, idleTimeout: '1h' }),
      transport: 'cookie',
    })
  const [between, after] = await Promise.all([
    serve(kind === 'token' ? both : [first.keys.jwk, { ...next.jwk, activeFrom }], [secrets.next, secrets.old]),
    serve([{ ...next.jwk, activeFrom }], [secrets.next]),
  ])
  return {
    before: first,
    between,
    after,
    close: () => Promise.all([first, between, after].map((served) => served.stop())),
  }
}

/** The same browser at another deploy. */
function movedTo(visitor: Visitor, { wire }: Served): Visitor {
  return newVisitor(wire, visitor.transport, visitor)
}

function signedBy(visitor: Visitor): unknown {
  const token = visitor.cookies.get(visitor.wire.access) ?? ''
  return (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid?: unknown }).kid
}

export const oldKeys: Attack = attack({
  ids: ['B22'],
  title: 'a cookie made by a key that was taken out of the configuration',
  cost: 'A key that leaked would go on signing people in after it was thrown away.',
  shows: ['ASVS 9.1.3'],
  stage: async () => {
    const [tokens, hybrids] = await Promise.all([deploys('token'), deploys('hybrid')])
    return { tokens, hybrids, close: () => Promise.all([tokens.close(), hybrids.close()]) }
  },
  legal: {
    'a token of the old key while both are there, which comes back signed by the new one': async ({ tokens }) => {
      const visitor = movedTo(await signedIn(tokens.before.wire, 'cookie'), tokens.between)
      expect([signedBy(visitor), (await visitor.ask('GET', '/api/me')).status]).toEqual(['old', 200])
      expect((await visitor.refresh()).status).toBe(200)
      expect([signedBy(visitor), (await movedTo(visitor, tokens.after).ask('GET', '/api/me')).status]).toEqual([
        'new',
        200,
      ])
    },
    'a refresh cookie of the old secret, which the record holds and no key': async ({ hybrids }) => {
      const visitor = movedTo(await signedIn(hybrids.before.wire, 'cookie'), hybrids.after)
      expect((await visitor.refresh()).status).toBe(200)
      expect([signedBy(visitor), (await visitor.ask('GET', '/api/me')).status]).toEqual(['new', 200])
    },
  },
  hostile: {
    'a token of the old key after it is gone': async ({ tokens }) => {
      const visitor = movedTo(await signedIn(tokens.before.wire, 'cookie'), tokens.after)
      expectRefusal(await visitor.ask('GET', '/api/me'), expected('invalid token', tokens.after.wire))
    },
    'the same for a refresh: nothing new comes of it': async ({ tokens }) => {
      const visitor = movedTo(await signedIn(tokens.before.wire, 'cookie'), tokens.after)
      expect((await visitor.refresh()).json).toMatchObject({ code: 'invalid_grant' })
    },
    'a token of the new key at a server that does not have it yet': async ({ tokens }) => {
      const visitor = movedTo(await signedIn(tokens.after.wire, 'cookie'), tokens.before)
      expectRefusal(await visitor.ask('GET', '/api/me'), expected('invalid token', tokens.before.wire))
    },
    'a spent refresh cookie whose secret is gone: no answer, and nobody is signed out for it': async ({ hybrids }) => {
      const visitor = await signedIn(hybrids.before.wire, 'cookie')
      const spent = visitor.copy()
      expect((await visitor.refresh()).status).toBe(200)
      expect((await movedTo(spent, hybrids.after).refresh()).status).toBe(503)
      expect((await visitor.ask('GET', '/api/me')).status).toBe(200)
    },
  },
})
