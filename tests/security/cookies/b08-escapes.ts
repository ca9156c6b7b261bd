import { expect } from 'vitest'
import { exchange } from '../../wire/exchange.ts'
import { ownPage, signedIn, whoIs } from '../../wire/visitor.ts'
import { type Attack, attack, each } from '../attack.ts'
import { askWithCookie, type BrowserStage, browserStage } from '../stages/cookie-browser.ts'

async function heldBy({ served: { wire } }: BrowserStage): Promise<string> {
  return (await signedIn(wire, 'cookie')).cookies.get(wire.access) ?? ''
}

/** Ways to write the first letter otherwise, or to add to the value what another reader would take away. */
const rewritten: Readonly<Record<string, (value: string) => string>> = {
  'a letter percent-encoded': (value) => `%68${value.slice(1)}`,
  'a letter as an octal escape': (value) => `"\\150${value.slice(1)}"`,
  'an escaped semicolon behind it': (value) => `${value}\\073`,
  'a broken percent sign behind it': (value) => `${value}%zz`,
  'a percent-encoded NUL behind it': (value) => `${value}%00`,
  'half of a character behind it': (value) => `${value}%E0%A4%A`,
  'quotes around it': (value) => `"${value}"`,
  'a comma behind it': (value) => `${value},`,
  'a plus for nothing': (value) => `+${value}`,
  'the padding of base64': (value) => `${value}=`,
  'upper case': (value) => value.toUpperCase(),
  'a JSON cookie, as express reads it': (value) => `j:"${value}"`,
  'a signed cookie, as express reads it': (value) => `s:${value}.x`,
}

/** Bytes that a server in front may let through. */
const bytes = { NUL: '\0', CR: '\r', LF: '\n', DEL: '\x7f', 'a line of its own': '\r\nSet-Cookie: x=y', '0x80': '\x80', '0xFF': '\xff', 'a no-break space': '\xa0' } // biome-ignore format: a list

export const escapes: Attack = attack({
  ids: ['B8', 'B9'],
  title: 'a cookie written in escapes, control characters and bytes that are no text',
  cost: 'One request with a bent cookie would end the process, or write a header of its own into the answer.',
  shows: ['RFC 6265bis §4.1.1'],
  stage: browserStage({ strategy: 'session', transport: 'cookie' }),
  legal: {
    'the value as it was set': async (stage) => {
      const cookie = `${stage.served.wire.access}=${await heldBy(stage)}`
      expect((await askWithCookie(stage, cookie)).json).toMatchObject({ user: { id: 'ada' } })
    },
    'bent cookies of other names around it': async (stage) => {
      const cookie = `a=%zz; b="\\073"; c=%00; =d; e; f="${await heldBy(stage)}; ${stage.served.wire.access}=${await heldBy(stage)}; g=\xff; h=%E0%A4%A`
      expect((await askWithCookie(stage, cookie)).json).toMatchObject({ user: { id: 'ada' } })
    },
  },
  hostile: {
    ...each(rewritten, async (stage: BrowserStage, rewrite) => {
      const answer = await askWithCookie(stage, `${stage.served.wire.access}=${rewrite(await heldBy(stage))}`)
      expect([answer.status, answer.setCookies]).toEqual([401, []])
    }),
    ...Object.fromEntries(
      Object.entries(bytes).flatMap(([name, byte]) => [
        [
          `${name}, over the wire`,
          async (stage: BrowserStage) => {
            const { wire } = stage.served
            const held = await signedIn(wire, 'cookie')
            const cookie = `${wire.access}=${held.cookies.get(wire.access)}${byte}`
            // Node's own parser refuses some of them with 400 before they reach us.
            const answer = await exchange(wire.port, {
              method: 'GET',
              target: '/api/me',
              headers: [['Cookie', cookie], ...ownPage],
            })
            if (byte.startsWith('\r\n')) expect(answer.status).toBe(200)
            else expect([400, 401]).toContain(answer.status)
            expect(answer.setCookies).toEqual([])
            expect(await whoIs(held)).toBe('ada')
          },
        ],
        [
          `${name}, past a server that lets it through`,
          async (stage: BrowserStage) => {
            const { auth, wire } = stage.served
            const cookie = `${wire.access}=${await heldBy(stage)}${byte}x`
            const headers = { get: (header: string) => (header === 'cookie' ? cookie : null) }
            const result = await auth.authenticate({ method: 'GET', url: `${auth.origin}/`, headers })
            expect(result).toMatchObject({ ok: false, reason: 'absent' })
          },
        ],
      ]),
    ),
  },
})
