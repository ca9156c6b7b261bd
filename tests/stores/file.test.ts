import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileStore } from '@handstamp/server/stores/file'
import { holdStore } from './hold-store.ts'

const isPosix = process.platform !== 'win32'

holdStore('files', isPosix, {
  create({ clock }) {
    const directory = mkdtempSync(join(tmpdir(), 'handstamp-'))
    return { store: fileStore({ directory, clock }), close: () => rmSync(directory, { recursive: true }) }
  },
})
