import { holdKills } from './hold-kills.ts'

// Ten thousand of them in tests/matrix.
holdKills({ kills: 200, writers: 4, fsync: true, seconds: 180 })
