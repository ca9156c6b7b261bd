import { expect } from 'vitest'
import { type Attack, attack, type Closable, type Inputs } from '../attack.ts'
import { type Client, type ProxyStage, proxyStage } from '../stages/signal-proxy.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'
const chrome = 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36'
const outcomes = ['event', 'reauthenticate', 'revoke'] as const
type Outcome = (typeof outcomes)[number]

/** A server for each outcome. */
type Bound = Closable & Readonly<Record<Outcome, ProxyStage>>

async function bound(): Promise<Bound> {
  const open = (outcome: Outcome) => proxyStage({ binding: { ip: outcome, userAgent: outcome } })
  const [event, reauthenticate, revoke] = [await open('event'), await open('reauthenticate'), await open('revoke')]
  return {
    event,
    reauthenticate,
    revoke,
    close: () => Promise.all([event, reauthenticate, revoke].map((stage) => stage.close())),
  }
}

/** Where a session began, where it is used, and how many signals that is. */
type Move = readonly [began: Client, used: Client, signals: number]

const here = { address: '2001:db8:1:2::1', userAgent: firefox }
const at = (address: string): Client => ({ address, userAgent: firefox })

const stays: Readonly<Record<string, Move>> = {
  'the same': [here, here, 0],
  'another address of the same /64': [here, at('2001:db8:1:2:ffff:ffff:ffff:ffff'), 0],
  'the same in capitals': [here, at('2001:DB8:1:2::1'), 0],
  'the same with all its zeros': [here, at('2001:0db8:0001:0002:0000:0000:0000:0001'), 0],
  'the same with zeros in between': [here, at('2001:db8:1:2:0:0::1'), 0],
  'the same with the end as IPv4': [here, at('2001:db8:1:2::0.0.0.1'), 0],
  'the same IPv4, inside IPv6': [at('192.0.2.1'), at('::ffff:192.0.2.1'), 0],
  'the same IPv4, inside IPv6 and in hex': [at('192.0.2.1'), at('::FFFF:c000:201'), 0],
  'another address of the same /24': [at('192.0.2.1'), at('192.0.2.254'), 0],
  'from IPv6 to IPv4, as a telephone does all day': [here, at('192.0.2.1'), 1],
  'the browser was updated': [here, { ...here, userAgent: firefox.replaceAll('140', '141') }, 0],
}

const moves: Readonly<Record<string, Move>> = {
  'the next /64': [here, at('2001:db8:1:3::1'), 1],
  'the next /24': [at('192.0.2.1'), at('192.0.3.1'), 1],
  'another browser': [here, { ...here, userAgent: chrome }, 1],
  'no user agent': [here, { address: here.address }, 1],
  'another browser in another network': [here, { address: '2001:db8:9::1', userAgent: chrome }, 2],
}

/** The session is used from elsewhere: what is answered, what is told, and whether it lives on where it began. */
function used(name: string, [began, from, signals]: Move, refuses: boolean): Inputs<Bound> {
  return Object.fromEntries(
    outcomes.map((outcome) => [
      `${name}, ${outcome}`,
      async (stages: Bound) => {
        const stage = stages[outcome]
        const { events } = stage.served
        const visitor = await stage.signedIn(began)
        const before = events.filter(({ type }) => type === 'binding.mismatch').length
        const refused = refuses && outcome !== 'event'
        expect(await stage.me(visitor, from)).toBe(refused ? 401 : 200)
        expect(events.filter(({ type }) => type === 'binding.mismatch')).toHaveLength(before + signals)
        await new Promise((resolve) => setImmediate(resolve))
        expect(await stage.me(visitor, began)).toBe(refused && outcome === 'revoke' ? 401 : 200)
      },
    ]),
  )
}

function all(table: Readonly<Record<string, Move>>, refuses: boolean): Inputs<Bound> {
  return Object.assign({}, ...Object.entries(table).map(([name, move]) => used(name, move, refuses)))
}

export const movedSession: Attack = attack({
  ids: ['I1'],
  title: 'a session that is used from another network or by another browser',
  cost: 'A cookie that was copied would work everywhere without a word, or an honest user would be signed out on every train.',
  shows: [],
  stage: bound,
  legal: all(stays, false),
  hostile: all(moves, true),
})
