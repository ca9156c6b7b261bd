import { expect } from 'vitest'
import { type Attack, attack, type Closable, type Inputs } from '../attack.ts'
import { type ProxyStage, proxyStage } from '../stages/signal-proxy.ts'

interface Guesses extends Closable {
  /** A server that takes five failed sign-ins from one source. */
  open(): Promise<ProxyStage>
}

function guesses(): Guesses {
  const all: ProxyStage[] = []
  return {
    async open() {
      const stage = await proxyStage({ limits: { signIn: { address: 5, identifier: 1_000_000 } } })
      all.push(stage)
      return stage
    },
    close: () => Promise.all(all.map((stage) => stage.close())),
  }
}

/** How many guesses at the password were verified. */
async function verified({ open }: Guesses, addresses: readonly string[]): Promise<number> {
  const stage = await open()
  let count = 0
  for (const [at, address] of addresses.entries()) {
    const { status } = await stage.signIn({ address }, { email: 'ada@example.com', password: `guess-${at}` })
    expect([401, 429]).toContain(status)
    if (status === 401) count += 1
  }
  return count
}

const spellings = [
  '2001:db8::1',
  '2001:DB8::1',
  '2001:0db8:0000:0000:0000:0000:0000:0001',
  '2001:db8:0:0:0:0:0:1',
  '2001:db8::0:1',
  '2001:db8::0.0.0.1',
  '[2001:db8::1]:443',
  '2001:db8::1%eth0',
]
const mapped = [
  '192.0.2.1',
  '::ffff:192.0.2.1',
  '::FFFF:c000:201',
  '0:0:0:0:0:ffff:192.0.2.1',
  '192.0.2.1:8080',
  '"192.0.2.1"',
]

function many(count: number, address: (at: number) => string): readonly string[] {
  return Array.from({ length: count }, (_, at) => address(at))
}

const sources: Readonly<Record<string, readonly string[]>> = {
  'one address in every spelling': [...spellings, ...spellings],
  'one IPv4 address, plain and inside IPv6': [...mapped, ...mapped],
  'addresses of one /64': many(200, (at) => `2001:db8:1:2::${at.toString(16)}`),
  'addresses of one /64, spread over it': many(200, (at) => `2001:db8:1:2:${(at * 327).toString(16)}:${at}:1:1`),
  'a list whose left end is made up': many(40, (at) => `2001:db8:${at}::1, 192.0.2.9`),
}

export const ipv6Spellings: Attack = attack({
  ids: ['CVE-2026-45364', 'GHSA-p6v2-xcpg-h6xw'],
  title: 'one source that writes its address in many ways',
  cost: 'A single household could guess passwords without a limit, with a new spelling or address for each guess.',
  shows: [],
  stage: guesses,
  legal: {
    'as many sources as guesses': async (stage) => {
      expect(
        await verified(
          stage,
          many(20, (at) => `2001:db8:${at}:1::1`),
        ),
      ).toBe(20)
      expect(
        await verified(
          stage,
          many(20, (at) => `192.0.2.${at}`),
        ),
      ).toBe(20)
    },
    'a success takes nothing away': async ({ open }) => {
      const stage = await open()
      for (let turn = 0; turn < 20; turn += 1) expect((await stage.signIn({ address: '2001:db8::1' })).status).toBe(200)
    },
  },
  hostile: {
    ...(Object.fromEntries(
      Object.entries(sources).map(([name, addresses]) => [
        name,
        async (stage: Guesses) => expect(await verified(stage, addresses)).toBe(5),
      ]),
    ) as Inputs<Guesses>),
  },
})
