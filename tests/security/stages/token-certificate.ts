/**
 * A certificate that signs itself (RFC 5280 §4.1), for a key of P-256, written byte by byte.
 * @module
 */
import { createPublicKey, type KeyObject, sign } from 'node:crypto'

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts)
const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'))
const time = (text: string): Buffer => der(0x17, Buffer.from(text))

export function certificate(key: KeyObject): Buffer {
  const commonName = sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('app.example')))
  const name = sequence(der(0x31, commonName))
  const signed = sequence(
    der(0xa0, Buffer.from('020102', 'hex')),
    Buffer.from('020101', 'hex'),
    ecdsaWithSha256,
    name,
    sequence(time('200101000000Z'), time('491231235959Z')),
    name,
    createPublicKey(key).export({ format: 'der', type: 'spki' }),
  )
  return sequence(signed, ecdsaWithSha256, der(0x03, Buffer.from([0]), sign('sha256', signed, key)))
}
