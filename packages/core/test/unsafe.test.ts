import { expect, test } from 'vitest'
import { allowInsecureLoopback, isLoopbackHost } from '../src/unsafe.ts'

const hostname = (url: string): string => new URL(url).hostname

test.each([
  'http://localhost',
  'http://LOCALHOST:80',
  'http://app.localhost',
  'http://127.0.0.1',
  'http://127.1',
  'http://127.255.0.9',
  'http://2130706433',
  'http://[::1]',
  'http://[0:0:0:0:0:0:0:1]',
])('%s is this machine', (url) => {
  expect(isLoopbackHost(hostname(url))).toBe(true)
})

test.each([
  'http://localhost.example',
  'http://mylocalhost',
  'http://localhost.',
  'http://127.0.0.1.example',
  'http://128.0.0.1',
  'http://0.0.0.0',
  'http://[::]',
  'http://[::ffff:127.0.0.1]',
  'http://10.0.0.1',
  'http://app.example',
])('%s need not be', (url) => {
  expect(isLoopbackHost(hostname(url))).toBe(false)
})

test('a switch cannot come out of a configuration file', () => {
  expect(typeof allowInsecureLoopback).toBe('symbol')
  expect(JSON.stringify([allowInsecureLoopback])).toBe('[null]')
})
