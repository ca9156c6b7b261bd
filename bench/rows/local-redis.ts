/**
 * A Redis of the bench's own for the rows that need one. Where none is installed they say so instead of a number.
 * @module
 */
import { redisIsInstalled, startRedis } from '@handstamp/local-servers/redis'
import { type Pace, type RowFacts, type RowResult, type RowSource, skippedRow } from '../harness/row.ts'

/** Rows that are measured while `servers` of Redis are up, empty at first. */
export function redisRows(
  facts: readonly RowFacts[],
  measured: (ports: readonly number[], pace: Pace) => Promise<readonly RowResult[]>,
  { servers = 1 }: { readonly servers?: number } = {},
): RowSource {
  return {
    names: facts.map(({ name }) => name),
    async run(pace) {
      if (!redisIsInstalled()) return facts.map((row) => skippedRow(row, 'redis-server is not installed'))
      const started = await Promise.all(Array.from({ length: servers }, () => startRedis()))
      try {
        return await measured(
          started.map(({ port }) => port),
          pace,
        )
      } finally {
        await Promise.all(started.map((server) => server.stop()))
      }
    },
  }
}
