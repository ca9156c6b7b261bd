import { expect, test } from 'vitest'
import * as client from '../src/index.ts'

test('the client has nothing that verifies a token or judges a session: that is for the server', () => {
  expect(Object.keys(client).sort()).toEqual(['ClientError', 'createAuthClient', 'interceptFetch'])
})
