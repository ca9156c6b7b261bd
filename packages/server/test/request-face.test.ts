import { expect, test } from 'vitest'
import { addressOf, withAddress } from '../src/request-face.ts'

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
