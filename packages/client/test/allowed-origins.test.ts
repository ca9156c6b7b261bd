import { isLoopbackHost } from '@handstamp/core/unsafe'
import { expect, test } from 'vitest'
import { isSafeOrigin } from '../src/allowed-origins.ts'

test.each([
  ...['localhost', 'app.localhost', 'a.b.localhost', '127.0.0.1', '127.9.8.7', '[::1]'],
  ...[
    'example.com',
    'localhost.example',
    'evil-localhost',
    'notlocalhost',
    '128.0.0.1',
    '10.0.0.1',
    '0.0.0.0',
    '[::2]',
  ],
])('http on %s is judged as core judges it', (host) => {
  expect(isSafeOrigin(`http://${host}`)).toBe(isLoopbackHost(host))
  expect(isSafeOrigin(`http://${host}:8080`)).toBe(isLoopbackHost(host))
  expect(isSafeOrigin(`https://${host}`)).toBe(true)
})
