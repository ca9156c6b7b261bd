import { expect, test } from 'vitest'
import { addressOf, clientOf, withAddress } from '../src/request-face.ts'

test('an address travels beside a web Request', () => {
  const request = withAddress(new Request('https://app.example/'), '192.0.2.1')
  expect(addressOf(request)).toBe('192.0.2.1')
  expect(addressOf(request.clone())).toBeUndefined()
  expect(addressOf(withAddress(new Request('https://app.example/'), undefined))).toBeUndefined()
})

test('an address on the face itself is read', () => {
  const face = { method: 'GET', url: 'https://app.example/', headers: new Headers({ 'x-forwarded-for': '6.6.6.6' }) }
  expect(addressOf({ ...face, address: '192.0.2.1' })).toBe('192.0.2.1')
  expect(addressOf(face)).toBeUndefined()
})

test('a user agent is noted as well-formed text, also where it is cut within a character', () => {
  const noted = (userAgent: string) =>
    clientOf({ method: 'GET', url: 'https://app.example/', headers: { get: () => userAgent } }).userAgent
  expect(noted(`${'x'.repeat(511)}\u{1f511}`)).toBe(`${'x'.repeat(511)}\ufffd`)
  expect(noted('\ud800')).toBe('\ufffd')
  expect(noted(`${'x'.repeat(510)}\u{1f511}y`)).toBe(`${'x'.repeat(510)}\u{1f511}`)
})
