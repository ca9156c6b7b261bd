import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as node from '../../src/crypto/node.ts'
import * as web from '../../src/crypto/web.ts'

const bytes = fc.uint8Array({ maxLength: 300 })

test('both engines offer the same', () => {
  expect(Object.keys(node).sort()).toEqual(Object.keys(web).sort())
  const asWeb: typeof web = node
  const asNode: typeof node = web
  expect(asWeb).not.toBe(asNode)
})

describe('both engines answer the same', () => {
  test('sha256', () => {
    fc.assert(
      fc.property(bytes, (data) => {
        const digest = node.sha256(data)
        expect(digest).toEqual(web.sha256(data))
        expect(digest).toEqual(new Uint8Array(createHash('sha256').update(data).digest()))
      }),
    )
  })

  test('hmacSha256, also with keys longer than a block', () => {
    fc.assert(
      fc.property(bytes, bytes, (key, data) => {
        expect(node.hmacSha256(key, data)).toEqual(web.hmacSha256(key, data))
      }),
    )
  })

  test('hkdfSha256', () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, fc.integer({ min: 1, max: 200 }), (ikm, salt, info, length) => {
        const key = node.hkdfSha256(ikm, salt, info, length)
        expect(key).toEqual(web.hkdfSha256(ikm, salt, info, length))
        expect(key).toHaveLength(length)
      }),
    )
  })

  test('random bytes of every length, all of them different', () => {
    for (const engine of [node, web]) {
      expect(engine.randomBytes(0)).toHaveLength(0)
      expect(engine.randomBytes(65_536)).toHaveLength(65_536)
      expect(engine.randomBytes(32)).not.toEqual(engine.randomBytes(32))
    }
  })
})

test('digests have a buffer of their own', () => {
  for (const engine of [node, web]) {
    expect(engine.sha256(new Uint8Array(1)).buffer.byteLength).toBe(32)
    expect(engine.hmacSha256(new Uint8Array(1), new Uint8Array(1)).buffer.byteLength).toBe(32)
  }
})
