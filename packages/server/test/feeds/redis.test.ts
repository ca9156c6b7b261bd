import { expect, test } from 'vitest'
import { redisFeed } from '../../src/feeds/redis.ts'

test('a reader is no connection that others use', () => {
  const client = { sendCommand: async () => null }
  expect(() => redisFeed({ client, reader: client })).toThrow(TypeError)
  expect(() => redisFeed({ client, reader: client })).toThrow('redisFeed({ reader })')
  expect(() => redisFeed({ client, reader: { ...client } })).not.toThrow()
})
