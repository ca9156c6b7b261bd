import { describe, expect, test } from 'vitest'
import { withAddress } from '../src/index.ts'
import type { Agent } from '../src/testing/index.ts'
import { ada, type Bench, bench, legal, verdict, withStore } from './strategies/bench.ts'

const firefox = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0'

interface Where {
  readonly ip?: string
  readonly agent?: string
}

function from(request: Request, { ip, agent }: Where): Request {
  const headers = new Headers(request.headers)
  if (agent === undefined) headers.delete('user-agent')
  else headers.set('user-agent', agent)
  return withAddress(new Request(request, { headers }), ip)
}

async function signedIn(bed: Bench, where: Where): Promise<Agent> {
  const agent = bed.agent()
  const granted = await bed.auth.signIn(ada, from(agent.request('POST', '/'), where))
  await agent.keep(bed.auth.apply(granted, Response.json(granted.body)))
  return agent
}

function access(bed: Bench, agent: Agent, where: Where): Promise<string> {
  return verdict(bed.auth.authenticate(from(agent.request('GET', '/'), where)))
}

function refresh(bed: Bench, agent: Agent, where: Where): Promise<string> {
  const options = agent.tokens.refresh === undefined ? {} : { refreshToken: agent.tokens.refresh }
  return verdict(bed.auth.refresh(from(agent.request('POST', '/'), where), options))
}

function told(bed: Bench): string[] {
  return bed.events.flatMap((event) => (event.type === 'binding.mismatch' ? [event.signal] : []))
}

describe('what is the same client', () => {
  const agents: readonly (readonly [string, string | undefined, boolean])[] = [
    ['the same', firefox, true],
    ['a newer minor version', firefox.replaceAll('153.0', '153.0.1'), true],
    ['a newer version', firefox.replaceAll('153.0', '154.2'), true],
    ['another system', firefox.replace('X11; Linux x86_64', 'Windows NT 10.0; Win64; x64'), false],
    ['another browser', 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36', false],
    ['none', undefined, false],
    ['curl', 'curl/8.5.0', false],
  ]
  test.each(agents)('a user agent that is %s', async (_name, agent, same) => {
    const bed = bench('session')
    const session = await signedIn(bed, { agent: firefox })
    expect(await access(bed, session, agent === undefined ? {} : { agent })).toBe('ok')
    expect(told(bed)).toEqual(same ? [] : ['user_agent'])
  })

  const addresses: readonly (readonly [string, string, string | undefined, 'same' | 'family' | 'network'])[] = [
    ['the same', '192.0.2.1', '192.0.2.1', 'same'],
    ['of the same /24', '192.0.2.1', '192.0.2.254', 'same'],
    ['of the next /24', '192.0.2.1', '192.0.3.1', 'network'],
    ['the same in another spelling', '2001:db8::1', '2001:0DB8:0:0:0:0:0:1', 'same'],
    ['of the same /64', '2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', 'same'],
    ['of the next /64', '2001:db8:1:2::1', '2001:db8:1:3::1', 'network'],
    ['IPv6 after IPv4', '192.0.2.1', '2001:db8::1', 'family'],
    ['IPv4 after IPv6', '2001:db8::1', '192.0.2.1', 'family'],
    ['the same, mapped into IPv6', '192.0.2.1', '::ffff:192.0.2.9', 'same'],
    ['not known', '192.0.2.1', undefined, 'same'],
    ['nonsense', '192.0.2.1', 'unix:', 'same'],
  ]
  test.each(addresses)('an address that is %s', async (_name, before, now, change) => {
    const bed = bench('session', { auth: { binding: { ip: 'reauthenticate', userAgent: false } } })
    const session = await signedIn(bed, { ip: before })
    expect(await access(bed, session, now === undefined ? {} : { ip: now })).toBe(
      change === 'network' ? 'binding' : 'ok',
    )
    expect(told(bed)).toEqual(change === 'same' ? [] : ['ip'])
  })
})

describe('what becomes of another client', () => {
  const home = { ip: '192.0.2.1', agent: firefox }
  const away = { ip: '198.51.100.1', agent: 'curl/8.5.0' }

  test.each(withStore)('%s over %s: event tells and admits', async (kind, transport) => {
    const bed = bench(kind, { transport, auth: { binding: { ip: 'event' } } })
    const agent = await signedIn(bed, home)
    expect(await refresh(bed, agent, away)).toBe('ok')
    expect(told(bed)).toEqual(['ip', 'user_agent'])
    for (const event of bed.events) if (event.type === 'binding.mismatch') expect(event.userId).toBe('ada')
  })

  test.each(withStore)(
    '%s over %s: reauthenticate refuses, and the session lives on at home',
    async (kind, transport) => {
      const bed = bench(kind, { transport, auth: { binding: { userAgent: 'reauthenticate' } } })
      const agent = await signedIn(bed, home)
      expect(await refresh(bed, agent, away)).toBe('binding')
      expect(await refresh(bed, agent, home)).toBe('ok')
      // An access token of hybrid does not say where it began, so only its refresh is bound.
      expect(await access(bed, agent, away)).toBe(kind === 'hybrid' ? 'ok' : 'binding')
    },
  )

  test.each(withStore)('%s over %s: revoke ends it', async (kind, transport) => {
    const bed = bench(kind, { transport, auth: { binding: { ip: 'revoke', userAgent: false } } })
    const agent = await signedIn(bed, home)
    expect(await refresh(bed, agent, away)).toBe('binding')
    await bed.auth.close()
    expect(await refresh(bed, agent, home)).not.toBe('ok')
    expect(await bed.auth.sessions.list('ada')).toEqual([])
  })

  test.each(withStore)('%s over %s: from IPv4 to IPv6 is told and never more', async (kind, transport) => {
    const bed = bench(kind, { transport, auth: { binding: { ip: 'revoke' } } })
    const agent = await signedIn(bed, home)
    expect(await refresh(bed, agent, { ...home, ip: '2001:db8::1' })).toBe('ok')
    expect(told(bed)).toEqual(['ip'])
    await bed.auth.close()
    expect(await bed.auth.sessions.list('ada')).toHaveLength(1)
  })

  test.each(legal)('%s over %s: false looks at nothing', async (kind, transport) => {
    const bed = bench(kind, { transport, auth: { binding: { ip: false, userAgent: false } } })
    const agent = await signedIn(bed, home)
    expect(await refresh(bed, agent, away)).toBe('ok')
    expect(told(bed)).toEqual([])
  })

  test('a revocation that fails is refused all the same, and kept from crashing anything', async () => {
    const bed = bench('session', { auth: { binding: { userAgent: 'revoke' } } })
    const agent = await signedIn(bed, home)
    bed.store.plan(({ method }) => (method === 'delete' ? 'reject' : undefined))
    expect(await access(bed, agent, away)).toBe('binding')
    await bed.auth.close()
    expect(await access(bed, agent, home)).toBe('ok')
  })

  test('hybrid: a tampered tail from elsewhere ends nothing, whatever is bound', async () => {
    const bed = bench('hybrid', { transport: 'bearer', auth: { binding: { userAgent: 'revoke' } } })
    const agent = await signedIn(bed, home)
    const forger = agent.copy()
    const token = forger.tokens.refresh ?? ''
    forger.tokens.refresh = token.slice(0, -3) + (token.endsWith('AAA') ? 'BBA' : 'AAA')
    expect(await refresh(bed, forger, away)).toBe('unknown')
    await bed.auth.close()
    expect(await refresh(bed, agent, home)).toBe('ok')
  })
})
