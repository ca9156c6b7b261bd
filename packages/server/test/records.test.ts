import { describe, expect, test } from 'vitest'
import { ada, bench, verdict, whoIs, withStore } from './strategies/bench.ts'

const holdFind = ({ method }: { readonly method: string }) => (method === 'find' ? 'hold' : undefined)
const admin = { ...ada, role: 'admin' }

describe.each(withStore)('%s over %s: sessions.update', (kind, transport) => {
  test('reaches one that moves to another id under way', async () => {
    const bed = bench(kind, { transport })
    const agent = await bed.signedIn()
    bed.store.plan(holdFind)
    const updated = bed.auth.sessions.update(admin)
    await expect.poll(() => bed.store.held).toBe(1)
    bed.store.plan()
    const granted = await bed.auth.renew(ada, agent.request('POST', '/'))
    if (granted.ok) await agent.keep(bed.auth.apply(granted, Response.json(granted.body)))
    bed.store.release()
    expect(await updated).toBe(1)
    expect((await bed.record(agent))?.user).toEqual(admin)
    expect(await whoIs(bed, agent)).toBe('ok')
  })

  test('reaches one that begins under way', async () => {
    const bed = bench(kind, { transport })
    await bed.signedIn()
    bed.store.plan(holdFind)
    const updated = bed.auth.sessions.update(admin)
    await expect.poll(() => bed.store.held).toBe(1)
    bed.store.plan()
    const later = await bed.signedIn()
    bed.store.release()
    expect(await updated).toBe(2)
    expect((await bed.record(later))?.user).toEqual(admin)
  })

  test('gives up where others come without end', async () => {
    const bed = bench(kind, { transport })
    await bed.signedIn()
    const { replace } = bed.raw
    Object.assign(bed.raw, {
      replace: async (...call: Parameters<typeof replace>) => {
        await bed.signedIn()
        return replace(...call)
      },
    })
    expect(await verdict(bed.auth.sessions.update(admin) as never)).toBe('ERR_STORE_CONFLICT')
  })
})
