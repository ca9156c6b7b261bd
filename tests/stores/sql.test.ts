import { migrate, sqlStore } from '@handstamp/server/stores/sql'
import type { SessionStore } from '@handstamp/server/stores/store'
import { afterAll, beforeAll, describe } from 'vitest'
import { holdStore } from './hold-store.ts'
import { open, type Place, sites } from './sql-places.ts'

describe.each(sites)('$name', ({ name, isInstalled, start }) => {
  let place: Place
  let stop: () => Promise<void>
  /** The same for all stores of a place: every case makes its own users. */
  const prefix = 'Contract_'

  beforeAll(async () => {
    if (!isInstalled) return
    ;({ place, stop } = await start())
    const { database, close } = await open(place)
    await migrate(database, { prefix })
    await close()
  })
  afterAll(() => stop?.())

  holdStore(name, isInstalled, {
    async create({ clock }) {
      const { database, close } = await open(place)
      return { store: sqlStore({ database, clock, prefix }), close }
    },
  })

  holdStore(`${name}, by two servers in turn,`, isInstalled, {
    async create({ clock }) {
      const opened = [await open(place, 3), await open(place, 3)] as const
      const [one, other] = opened.map(({ database }) => sqlStore({ database, clock, prefix }))
      const close = async (): Promise<void> => {
        for (const { close: end } of opened) await end()
      }
      return { store: inTurn(one as SessionStore, other as SessionStore), close }
    },
  })
})

/** A store whose calls go to two, one after the other. */
function inTurn(one: SessionStore, other: SessionStore): SessionStore {
  let calls = 0
  const next = (): SessionStore => (calls++ % 2 === 0 ? one : other)
  return {
    find: (...given) => next().find(...given),
    save: (...given) => next().save(...given),
    replace: (...given) => next().replace(...given),
    delete: (...given) => next().delete(...given),
    listByUser: (...given) => next().listByUser(...given),
    deleteByUser: (...given) => next().deleteByUser(...given),
    sweep: (...given) => next().sweep(...given),
  }
}
