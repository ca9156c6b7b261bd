import { expect } from 'vitest'
import { type Attack, attack, each } from '../attack.ts'
import { type ClientStage, clientStage, count, me } from '../stages/refresh-client.ts'

const hour = 3_600_000

export const clientClock: Attack = attack({
  ids: ['E19', 'E20'],
  title: 'a device whose clock is wrong, or that slept',
  cost: 'A device with a wrong clock would refresh without a pause, or never, and sign its user out.',
  shows: [],
  stage: clientStage,
  legal: {
    'five minutes by both clocks: one refresh, before the token runs out': async (stage) => {
      const { client } = await stage.signedIn()
      stage.pass(289_000)
      expect(await me(client)).toBe(200)
      expect(stage.asked).toEqual(['GET /api/me'])
      stage.pass(2_000)
      stage.served.clock.advance(291_000)
      expect(await me(client)).toBe(200)
      expect(stage.asked).toEqual(['GET /api/me', 'POST /auth/refresh', 'GET /api/me'])
    },
  },
  hostile: {
    ...each(
      {
        'an hour ahead': Date.now() + hour,
        'an hour behind': Date.now() - hour,
        'at the beginning of time': 0,
        'in the year 9999': Date.UTC(9999, 11, 31),
        'none at all': Number.NaN,
      },
      async (stage: ClientStage, time) => {
        const { client } = await stage.signedIn()
        stage.setWallClock(time)
        for (let turn = 0; turn < 20; turn += 1) expect(await me(client)).toBe(200)
        expect(count(stage, 'POST /auth/refresh')).toBe(0)
        stage.served.clock.advance('6m')
        stage.pass(360_000)
        for (let turn = 0; turn < 20; turn += 1) expect(await me(client)).toBe(200)
        expect([count(stage, 'POST /auth/refresh'), count(stage, 'GET /api/me')]).toEqual([1, 40])
      },
    ),
    'eight hours of sleep that the device counted: one refresh on waking, however many ask': async (stage) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('8h')
      stage.pass(8 * hour)
      expect(await Promise.all(Array.from({ length: 20 }, () => me(client)))).toEqual(new Array(20).fill(200))
      expect([count(stage, 'POST /auth/refresh'), count(stage, 'GET /api/me')]).toEqual([1, 20])
    },
    'eight hours of sleep that it did not count': async (stage) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('8h')
      expect(await Promise.all(Array.from({ length: 20 }, () => me(client)))).toEqual(new Array(20).fill(200))
      expect([count(stage, 'POST /auth/refresh'), count(stage, 'GET /api/me')]).toEqual([1, 40])
    },
    'asleep for longer than the session': async (stage) => {
      const { client, told } = await stage.signedIn()
      stage.served.clock.advance('15d')
      stage.pass(15 * 24 * hour)
      expect([await me(client), await me(client)]).toEqual([401, 401])
      expect([count(stage, 'POST /auth/refresh'), client.session, told]).toEqual([1, null, [null]])
    },
  },
})
