import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unstorageStore } from '@handstamp/server/stores/unstorage'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs'
import { holdStore } from './hold-store.ts'

holdStore('unstorage in memory', true, {
  create: ({ clock }) => ({ store: unstorageStore({ storage: createStorage(), clock }) }),
})

holdStore('unstorage in files', true, {
  create({ clock }) {
    const base = mkdtempSync(join(tmpdir(), 'handstamp-unstorage-'))
    const storage = createStorage({ driver: fsDriver({ base }) })
    return { store: unstorageStore({ storage, clock }), close: () => rmSync(base, { recursive: true, force: true }) }
  },
})
