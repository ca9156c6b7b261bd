/**
 * A client on kept connections that notes when each answer came.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { browser } from '../rows/browser.ts'

/** With this body every server of the bench answers. */
const bodyLength = 24

export interface Connection {
  /** Resolves with the status when the answer is there. */
  send(request: Buffer): Promise<number>
  close(): void
}

export function requestOf(header: string): Buffer {
  return Buffer.from(`GET / HTTP/1.1\r\nhost: app.example\r\nuser-agent: ${browser}\r\naccept: */*\r\n${header}\r\n`)
}

export function openConnection(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let settle: { resolve: (status: number) => void; reject: (error: Error) => void } = { resolve() {}, reject }
    let read = ''
    socket.on('error', (error) => settle.reject(error))
    socket.on('close', () => settle.reject(new Error('a server of the comparison closed a connection')))
    socket.on('data', (chunk: Buffer) => {
      read += chunk.toString('latin1')
      const end = read.indexOf('\r\n\r\n')
      if (end < 0 || read.length < end + 4 + bodyLength) return
      const status = Number(read.slice(9, 12))
      read = ''
      settle.resolve(status)
    })
    socket.once('connect', () =>
      resolve({
        send(request) {
          return new Promise((answered, failed) => {
            settle = { resolve: answered, reject: failed }
            socket.write(request)
          })
        },
        close() {
          settle = { resolve() {}, reject() {} }
          socket.destroy()
        },
      }),
    )
  })
}
