import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { expectRefusal } from '../../wire/expectations.ts'
import { expected } from '../../wire/outward-answers.ts'
import { ownPage } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { expectTaken, type VerifierStage, verifierStage } from '../stages/verifier.ts'

type Write = (token: string) => readonly Header[]

const one =
  (write: (token: string) => string): Write =>
  (token) => [['Authorization', write(token)]]

/** Legal by RFC 9110 §11.4 and RFC 6750 §2.1: a scheme in any case, `1*SP`, space around the whole. */
const read: Readonly<Record<string, Write>> = {
  Bearer: one((token) => `Bearer ${token}`),
  'in small letters': one((token) => `bearer ${token}`),
  'in capitals': one((token) => `BEARER ${token}`),
  'two spaces': one((token) => `Bearer  ${token}`),
  'space around it all': one((token) => ` \t Bearer ${token} \t `),
  'the name of the header in small letters': (token) => [['authorization', `Bearer ${token}`]],
}

const unread: Readonly<Record<string, Write>> = {
  'a tab': one((token) => `Bearer\t${token}`),
  'a space and a tab': one((token) => `Bearer \t${token}`),
  'a no-break space': one((token) => `Bearer\u00a0${token}`),
  'no space': one((token) => `Bearer${token.slice(0, 0)}:${token}`),
  'an equals sign': one((token) => `Bearer=${token}`),
  'a comma': one((token) => `Bearer ${token},`),
  'a parameter behind': one((token) => `Bearer ${token}, realm="x"`),
  'a parameter': one((token) => `Bearer token=${token} x`),
  quotes: one((token) => `Bearer "${token}"`),
  'the scheme twice': one((token) => `Bearer Bearer ${token}`),
  'the token twice': one((token) => `Bearer ${token} ${token}`),
  'two in one header': one((token) => `Bearer ${token}, Bearer ${token}`),
  'two headers': (token) => [['Authorization', `Bearer ${token}`], ['Authorization', `Bearer ${token}`]],
  'two headers, the genuine one first': (token) => [['Authorization', `Bearer ${token}`], ['Authorization', 'Bearer x']],
  'two headers, the genuine one last': (token) => [['Authorization', 'Bearer x'], ['Authorization', `Bearer ${token}`]],
  'behind another scheme': one((token) => `Basic eDp5, Bearer ${token}`),
  'the scheme alone': one(() => 'Bearer'),
} // biome-ignore format: a table

/** Other places for it, where there must be none. */
const elsewhere: Readonly<Record<string, (token: string) => { readonly target?: string; readonly headers?: readonly Header[] }>> = {
  'another scheme': (token) => ({ headers: [['Authorization', `JWT ${token}`]] }),
  'a scheme that begins as ours does': (token) => ({ headers: [['Authorization', `BearerX ${token}`]] }),
  'a scheme that ends as ours does': (token) => ({ headers: [['Authorization', `X-Bearer ${token}`]] }),
  'no scheme': (token) => ({ headers: [['Authorization', token]] }),
  'Basic with the token as the password': (token) => ({ headers: [['Authorization', `Basic ${Buffer.from(`x:${token}`).toString('base64')}`]] }),
  'the header of a proxy': (token) => ({ headers: [['Proxy-Authorization', `Bearer ${token}`]] }),
  'a header that was moved by a proxy': (token) => ({ headers: [['X-Forwarded-Authorization', `Bearer ${token}`]] }),
  'a header of its own': (token) => ({ headers: [['X-Access-Token', token]] }),
  'a cookie of the usual name': (token) => ({ headers: [['Cookie', `__Host-handstamp=${token}`]] }),
  'a cookie named access_token': (token) => ({ headers: [['Cookie', `access_token=${token}`]] }),
  'the query, by another name': (token) => ({ target: `/api/me?token=${token}` }),
  'the fragment': (token) => ({ target: `/api/me#access_token=${token}` }),
} // biome-ignore format: a table

function ask(
  { served }: VerifierStage,
  headers: readonly Header[],
  target = '/api/me',
): ReturnType<VerifierStage['served']['wire']['ask']> {
  return served.wire.ask({ method: 'GET', target, headers: [...headers, ...ownPage] })
}

export const authorizationHeader: Attack = attack({
  ids: ['A50'],
  title: 'a token at a place or in a form where none is read',
  cost: 'A token in the address is in the logs, the history and the referrer, and two readers of one header each see another user.',
  shows: ['SP 800-63B-4 §5.1'],
  stage: verifierStage,
  legal: each(read, async (stage: VerifierStage, write) => {
    expect((await ask(stage, write(stage.token))).status).toBe(200)
    const [[, authorization] = ['', '']] = write(stage.token)
    const request = { method: 'GET', url: 'https://api.example/', headers: new Headers({ authorization }) }
    expect(await stage.verify(request)).toMatchObject({ ok: true })
    await expectTaken(stage, stage.token)
  }),
  hostile: {
    ...each(unread, async (stage: VerifierStage, write) => {
      expectRefusal(await ask(stage, write(stage.token)), expected('invalid request', stage.served.wire))
      const headers = new Headers(write(stage.token).map(([name, value]): [string, string] => [name, value]))
      const result = await stage.verify({ method: 'GET', url: 'https://api.example/', headers })
      expect(result).toMatchObject({ ok: false, reason: 'malformed_request' })
    }),
    ...each(elsewhere, async (stage: VerifierStage, place) => {
      const { headers = [], target } = place(stage.token)
      expectRefusal(await ask(stage, headers, target), expected('unauthenticated', stage.served.wire))
      const url = `https://api.example${target ?? '/'}`
      const given = new Headers(headers.map(([name, value]): [string, string] => [name, value]))
      expect(await stage.verify({ method: 'GET', url, headers: given })).toMatchObject({ ok: false, reason: 'absent' })
    }),
    'the query, by its name in OAuth': async (stage) => {
      const answer = await ask(stage, [], `/api/me?access_token=${stage.token}`)
      expectRefusal(answer, expected('invalid request', stage.served.wire))
      const request = new Request(`https://api.example/?access_token=${stage.token}`)
      expect(await stage.verify(request)).toMatchObject({ ok: false })
    },
  },
})
