import { expect, test } from 'vitest'
import { killWriters } from '../stores/file-kills.ts'

/** Ten writers, a thousand kills of each, or as many as the time allows; HANDSTAMP_KILLS and HANDSTAMP_KILLS_SECONDS say otherwise. */
const kills = Number(process.env.HANDSTAMP_KILLS ?? 10_000)
const seconds = Number(process.env.HANDSTAMP_KILLS_SECONDS ?? 480)

test.skipIf(process.platform === 'win32').each([true, false])(
  'writers killed at random instants lose nothing, fsync %s',
  { timeout: (seconds + 60) * 1_000 },
  async (fsync) => {
    const figures = await killWriters(Math.ceil(kills / 2), 10, { fsync, seconds: seconds / 2 })
    console.log(JSON.stringify(figures))
    expect(figures).toMatchObject({ lost: 0, revived: 0, torn: 0, leftAfterSweep: 0 })
    expect(figures.left).toBeGreaterThan(0)
  },
)
