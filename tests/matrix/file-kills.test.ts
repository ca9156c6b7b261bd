import { expect, test } from 'vitest'
import { killWriters } from '../stores/file-kills.ts'

/** Ten writers, a thousand kills of each; HANDSTAMP_KILLS says how many in all. */
const kills = Number(process.env.HANDSTAMP_KILLS ?? 10_000)
const isPosix = process.platform !== 'win32'

for (const fsync of [true, false]) {
  const share = Math.ceil(kills / 2)
  test.skipIf(!isPosix)(
    `${share} writers killed at random instants lose nothing, fsync ${fsync}`,
    async () => {
      const figures = await killWriters(share, 10, { fsync })
      console.log(JSON.stringify(figures))
      expect(figures).toMatchObject({ kills: share, lost: 0, revived: 0, torn: 0, leftAfterSweep: 0 })
      expect(figures.left).toBeGreaterThan(0)
    },
    kills * 500,
  )
}
