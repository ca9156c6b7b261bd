import { expect, test } from 'vitest'
import { killWriters } from './file-kills.ts'

/** In half a minute at most; ten thousand of them in tests/matrix. */
const kills = 200

test.skipIf(process.platform === 'win32')(
  `up to ${kills} writers killed at random instants lose nothing`,
  { timeout: 240_000 },
  async () => {
    const figures = await killWriters(kills, 4, { seconds: 30 })
    console.log(JSON.stringify(figures))
    expect(figures).toMatchObject({ lost: 0, revived: 0, torn: 0, leftAfterSweep: 0 })
    expect(figures.left).toBeGreaterThan(0)
  },
)
