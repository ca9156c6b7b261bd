/** Ten writers, a thousand kills of each, half of them with fsync and half without. */
import { holdKills } from '../stores/hold-kills.ts'

/** `HANDSTAMP_KILLS` says how many each half has, `HANDSTAMP_KILLS_SECONDS` after how long it fails. */
export function holdHalf(fsync: boolean): void {
  const kills = Number(process.env.HANDSTAMP_KILLS ?? 5_000)
  const seconds = Number(process.env.HANDSTAMP_KILLS_SECONDS ?? 540)
  holdKills({ kills, writers: 10, fsync, seconds })
}
