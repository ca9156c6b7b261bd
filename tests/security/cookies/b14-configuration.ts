import { allowInsecureLoopback, createAuth, memoryStore, session } from '@handstamp/server'
import { expect } from 'vitest'
import { readCookieLine } from '../../wire/cookie-line.ts'
import { schemaOf } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'

const stage = () => ({ close: () => {} })
const loopback = { origin: 'http://localhost:4600', [allowInsecureLoopback]: true }
const other = 'https://shop.example'

function make(options: object) {
  const fixed = {
    transport: 'cookie',
    strategy: session({ store: memoryStore() }),
    user: schemaOf<{ id: string }>('id'),
  } as const
  return createAuth({ origin: 'https://auth.app.example', ...fixed, ...options })
}

/** The cookie that a sign-in sets under these options. */
async function cookieUnder(options: object) {
  const auth = make(options)
  const granted = await auth.signIn({ id: 'ada' }, new Request(`${auth.origin}/`))
  return readCookieLine(auth.apply(granted, new Response()).headers.getSetCookie()[0] ?? '')
}

const strict = ['HttpOnly', 'Path=/', 'SameSite=Strict', 'Secure']

export const configuration: Attack = attack({
  ids: ['B14', 'B15'],
  title: 'options by which a browser would send the session elsewhere, or anybody could set it',
  cost: 'One word in a configuration would hand the session to every host of a registry, or to whoever listens on the way.',
  shows: ['ASVS 3.3.1', 'ASVS 3.3.2', 'ASVS 3.3.3', 'ASVS 3.3.4'],
  stage,
  legal: each<unknown, readonly [object, string, readonly string[]]>(
    {
      'nothing said': [{}, '__Host-handstamp', strict],
      lax: [{ cookie: { sameSite: 'lax' } }, '__Host-handstamp', ['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']],
      'none, with the other site listed': [
        { cookie: { sameSite: 'none' }, origins: [other] },
        '__Host-handstamp',
        ['HttpOnly', 'Partitioned', 'Path=/', 'SameSite=None', 'Secure'],
      ],
      'a parent domain': [
        { cookie: { domain: 'app.example' } },
        '__Secure-handstamp',
        ['Domain=app.example', ...strict],
      ],
      'a loopback over http, asked for': [loopback, 'handstamp-4600', ['HttpOnly', 'Path=/', 'SameSite=Strict']],
    },
    async (_stage, [options, name, attributes]) => {
      expect(await cookieUnder(options)).toMatchObject({ name, attributes })
    },
  ),
  hostile: each<unknown, readonly [object, string]>(
    {
      'none, with no other site listed': [{ cookie: { sameSite: 'none' } }, 'origins'],
      'none over http': [{ ...loopback, origins: [other], cookie: { sameSite: 'none' } }, 'sameSite'],
      'no sameSite at all': [{ cookie: { sameSite: false } }, 'sameSite'],
      'plain http': [{ origin: 'http://auth.app.example' }, 'origin'],
      'a loopback over http, not asked for': [{ origin: loopback.origin }, 'allowInsecureLoopback'],
      'a loopback over http, asked for by a text': [{ origin: loopback.origin, allowInsecureLoopback: true }, 'allowInsecureLoopback'],
      'no HttpOnly': [{ cookie: { httpOnly: false } }, 'httpOnly'],
      'no Secure': [{ cookie: { secure: false } }, 'secure'],
      'a name of its own': [{ cookie: { name: '__Host-x' } }, 'name'],
      'a registry': [{ cookie: { domain: 'example' } }, 'domain'],
      'another host': [{ cookie: { domain: 'evil.example' } }, 'domain'],
      'a leading dot': [{ cookie: { domain: '.app.example' } }, 'domain'],
      'the end of a label': [{ cookie: { domain: 'pp.example' } }, 'domain'],
      'an attribute in the domain': [{ cookie: { domain: 'app.example; Secure' } }, 'domain'],
      'a line break in the domain': [{ cookie: { domain: 'app.example\r\nSet-Cookie: x=y' } }, 'domain'],
      'an address': [{ origin: 'https://192.0.2.1', cookie: { domain: '192.0.2.1' } }, 'domain'],
      'the end of an address': [{ origin: 'https://192.0.2.1', cookie: { domain: '2.1' } }, 'domain'],
      'an attribute in the path of the refresh cookie': [{ basePath: '/auth; Domain=evil.example', cookie: { narrowRefresh: true } }, 'basePath'],
      'a line break in that path': [{ basePath: '/auth\r\nSet-Cookie: x=y', cookie: { narrowRefresh: true } }, 'basePath'],
      'the refresh cookie shared without a domain': [{ cookie: { shareRefresh: true } }, 'shareRefresh'],
    }, // biome-ignore format: a table
    (_stage, [options, named]) => {
      expect(() => make(options)).toThrow(named)
    },
  ),
})
