import { expect } from 'vitest'
import type { Answer } from '../../wire/exchange.ts'
import { type Served, serveAuth } from '../../wire/served-auth.ts'
import { ada, ownPage } from '../../wire/visitor.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'

type Stage = { readonly served: Served; close(): Promise<void> }

/** One of each kind, by its number; the table of the wire's own tests has the spellings. */
const elsewhere: Readonly<Record<string, string>> = {
  'G1, no scheme': '//evil.example',
  'G2, slash and backslash': '/\\evil.example',
  'G3, backslashes': '\\\\evil.example',
  'G4, a scheme without slashes': 'https:evil.example',
  'G5, an encoded tab': '/%09/evil.example',
  'G6, a tab that a browser drops': '/\t/evil.example',
  'G6, a line feed that a browser drops': '/\n/evil.example',
  'G7, dots that leave two slashes': '/..//evil.example',
  'G7, encoded dots that do': '/%2e%2e//evil.example',
  'G8, a script': 'javascript:alert(document.cookie)',
  'G9, a page of its own': 'data:text/html,<script>alert(1)</script>',
  'G10, our host as a user name': 'https://app.example@evil.example',
  'G11, our host as a label': 'https://app.example.evil.example',
  'G11, a sibling': 'https://evil.app.example',
  'G11, plain http to our host': 'http://app.example/',
  'G11, our host at another port': 'https://app.example:444/',
  'G12, a line break and a header': '/%0d%0aSet-Cookie:x=y',
  'G12, the same unencoded': '/x\r\nSet-Cookie: x=y',
  'a host that never ends (CVE-2022-31093)': 'http://[',
  'half of an address': '//[::1',
  'a broken percent sign': 'https://%',
  'the word undefined': 'undefined',
  'a list': '//evil.example,//evil.example',
  'a path of 5 KB before another host': `/${'../'.repeat(1_000)}/evil.example`,
  NUL: '/\0//evil.example',
  'a no-break space': '\u00a0//evil.example',
  'a full-width slash': '／／evil.example',
  'a full-width dot in a scheme': 'https://evil。example',
} // biome-ignore format: a table

const ours: Readonly<Record<string, readonly [given: string, path: string]>> = {
  'a path': ['/notes', '/notes'],
  'a query that holds an address': ['/notes?next=//evil.example', '/notes?next=//evil.example'],
  'two slashes in the middle': ['/a//evil.example', '/a//evil.example'],
  'an at sign': ['/@evil.example', '/@evil.example'],
  'a colon': ['/https://evil.example', '/https://evil.example'],
  'encoded slashes, which are no slashes': ['/%2F%2Fevil.example', '/%2F%2Fevil.example'],
  'dots that stay within': ['/a/../notes', '/notes'],
} // biome-ignore format: a table

const forms = { 'signing in': '/auth/sign-in', 'signing out': '/auth/sign-out' }

function submit({ served: { wire } }: Stage, target: string, redirect: string): Promise<Answer> {
  const fields = new URLSearchParams({ ...(target.includes('sign-in') ? ada : {}), redirect })
  const headers = [['Content-Type', 'application/x-www-form-urlencoded'], ...ownPage] as const
  return wire.ask({ method: 'POST', target, headers, body: fields.toString() })
}

/** Where a browser goes. */
function expectLed(answer: Answer, path: string): void {
  expect(answer.status).toBe(303)
  const { href } = new URL(answer.header('location') ?? 'missing:', 'https://app.example/auth/sign-in')
  expect(href).toBe(`https://app.example${path}`)
  expect(answer.headers.filter(([name, value]) => name === 'x' || value.startsWith('x=y'))).toEqual([])
}

function onForms<Value>(
  values: Readonly<Record<string, Value>>,
  attempt: (stage: Stage, target: string, value: Value) => Promise<void>,
): Inputs<Stage> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) =>
      Object.entries(forms).map(([form, target]) => [
        `${name}, ${form}`,
        (stage: Stage) => attempt(stage, target, value),
      ]),
    ),
  )
}

/** The page that asks once more leads to the path that was asked for, whatever that looks like. */
const bounced = ['//evil.example', '/\\evil.example', '/"><script>alert(1)</script>', "/'onload='x", '/;url=//evil.example', '/%0d%0a', '/..//evil.example'] // biome-ignore format: a list

export const redirects: Attack = attack({
  ids: ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9', 'G10', 'G11', 'G12', 'CVE-2022-31093', 'CVE-2022-29214', 'CVE-2022-24858', 'CVE-2022-24794'], // biome-ignore format: a list
  title: 'a sign-in that leads somewhere else',
  cost: 'A link to our own sign-in would end on a copy of it, where the victim types the password once more.',
  shows: ['ASVS 3.7.2', 'RFC 9700 §4.11'],
  stage: async (): Promise<Stage> => {
    const served = await serveAuth({ strategy: 'session', transport: 'cookie' })
    return { served, close: () => served.stop() }
  },
  legal: {
    ...onForms(ours, async (stage, target, [given, path]) => expectLed(await submit(stage, target, given), path)),
    'a page that brings a strict cookie along': async ({ served: { auth } }) => {
      const html = await auth.bounce(new Request('https://app.example/notes?a=1&b=2')).text()
      expect(html).toContain('href="/notes?a=1&#38;b=2"')
    },
  },
  hostile: {
    ...onForms(elsewhere, async (stage, target, redirect) => expectLed(await submit(stage, target, redirect), '/')),
    ...onForms({ 'in the query of the form itself': '//evil.example' }, async (stage, target, redirect) => {
      const query = new URLSearchParams({ redirect, callbackUrl: redirect, returnTo: redirect, next: redirect })
      expectLed(await submit(stage, `${target}?${query}`, ''), '/')
    }),
    ...onForms({ 'named as in other libraries': '//evil.example' }, async ({ served: { wire } }, target, redirect) => {
      const fields = new URLSearchParams({
        ...ada,
        callbackUrl: redirect,
        returnTo: redirect,
        next: redirect,
        'redirect[]': redirect,
      })
      const headers = [['Content-Type', 'application/x-www-form-urlencoded'], ...ownPage] as const
      expectLed(await wire.ask({ method: 'POST', target, headers, body: fields.toString() }), '/')
    }),
    ...Object.fromEntries(
      bounced.map((path) => [
        `${path} on the page that brings a strict cookie along`,
        async ({ served: { auth } }: Stage) => {
          const face = { method: 'GET', url: `https://app.example${path}`, headers: { get: () => null } }
          const html = await auth.bounce(face).text()
          const [, led = 'missing:'] = /<a href="([^"]*)">Continue<\/a>/.exec(html) ?? []
          const read = led.replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)))
          expect(new URL(read, 'https://app.example/').origin).toBe('https://app.example')
          expect(html).not.toMatch(/<script|['\r\n]/)
          expect(html.match(/url=/g)?.length).toBe(path.includes('url=') ? 3 : 1)
        },
      ]),
    ),
    'a form from another page, which would sign the victim in as the attacker': async ({ served: { wire } }) => {
      const answer = await wire.ask({
        method: 'POST',
        target: '/auth/sign-in',
        headers: [
          ['Content-Type', 'application/x-www-form-urlencoded'],
          ['Origin', 'https://evil.example'],
        ],
        body: new URLSearchParams({ ...ada, redirect: '/' }).toString(),
      })
      expect([answer.status, answer.header('location'), answer.setCookies]).toEqual([403, null, []])
    },
  },
})
