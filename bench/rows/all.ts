/**
 * Every row of the bench, in the order of the table.
 * @module
 */
import type { RowSource } from '../harness/row.ts'
import { httpRows } from './http.ts'
import { nearCacheRow } from './near-cache.ts'
import { redisFindRows } from './redis.ts'
import { redisAmongRow } from './redis-among.ts'
import { redisHttpRows } from './redis-http.ts'
import { secretRow } from './secrets.ts'
import { seenRow } from './seen.ts'
import { sessionRow } from './sessions.ts'
import { signRows } from './sign.ts'
import { storeRows } from './store.ts'
import { sweepRow } from './sweep.ts'
import { verifyRows } from './verify.ts'

export const rows: readonly RowSource[] = [
  ...verifyRows,
  ...signRows,
  seenRow,
  secretRow,
  sessionRow,
  nearCacheRow,
  redisFindRows,
  redisAmongRow,
  httpRows,
  redisHttpRows,
  storeRows,
  sweepRow,
]
