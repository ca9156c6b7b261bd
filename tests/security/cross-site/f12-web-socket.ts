import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { servedOrigin } from '../../wire/served-auth.ts'
import type { Visitor } from '../../wire/visitor.ts'
import { type Attack, attack } from '../attack.ts'
import { expectForeign, joined, listed, onSites, openSites } from '../stages/site-pages.ts'

const upgrade: readonly Header[] = [
  ['Connection', 'Upgrade, close'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ=='],
]

/** As a browser opens one: a GET, with the cookies, and always with an Origin. */
function open(visitor: Visitor, headers: readonly Header[], protocol = 'websocket') {
  return visitor.ask('GET', '/api/me', { headers: [...upgrade, ['Upgrade', protocol], ...headers] })
}

const foreign: Readonly<Record<string, readonly Header[]>> = {
  'of a foreign page': [['Origin', 'https://evil.example']],
  'of a foreign page that says so': [
    ['Sec-Fetch-Site', 'cross-site'],
    ['Origin', 'https://evil.example'],
  ],
  'of a longer name': [['Origin', `${servedOrigin}.evil.com`]],
  'of a sandboxed frame': [['Origin', 'null']],
  'of a sibling': [['Origin', 'https://blog.app.example']],
  'without an Origin': [],
}

export const webSocket: Attack = attack({
  ids: ['F12'],
  title: 'a WebSocket that a foreign page opens with the user’s cookies',
  cost: 'A foreign page could read and write as the user for as long as it is open, as no CORS stands before a socket.',
  shows: ['ASVS 3.5.1'],
  stage: openSites(),
  legal: onSites('of the own page and of a listed one', async (visitor) => {
    for (const origin of [servedOrigin, listed]) expect((await open(visitor, [['Origin', origin]])).status).toBe(200)
  }),
  hostile: joined(
    Object.entries(foreign).map(([name, headers]) =>
      onSites(name, async (visitor, served) => {
        for (const protocol of ['websocket', 'WebSocket', 'h2c, websocket', 'websocket/13'])
          await expectForeign(visitor, served, () => open(visitor, headers, protocol))
      }),
    ),
  ),
})
