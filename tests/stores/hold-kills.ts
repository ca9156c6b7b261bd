/** The test of writers that are killed, for a run of any length. */
import { expect, test } from 'vitest'
import { type Kills, killWriters } from './file-kills.ts'

export function holdKills(options: Kills): void {
  const { fsync, kills, seconds, writers } = options
  test.skipIf(process.platform === 'win32')(
    `${kills} kills of ${writers} writers at random instants lose nothing, fsync ${fsync}`,
    { timeout: (seconds + 40) * 1_000 },
    async () => {
      const figures = await killWriters(options)
      console.log(JSON.stringify({ requirement: 'R1', fsync, ...figures }))
      expect(figures).toMatchObject({ lost: 0, revived: 0, torn: 0, leftAfterSweep: 0 })
      expect(figures.kills).toBeGreaterThanOrEqual(kills)
      expect(figures.acknowledged).toBeGreaterThanOrEqual(kills)
      expect(figures.leftHalfway).toBeGreaterThan(0)
      expect(figures.longestTakeover).toBeLessThanOrEqual(1_000)
    },
  )
}
