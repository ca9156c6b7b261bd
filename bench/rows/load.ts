/**
 * Sends a fixed number of requests over a few kept connections on loopback, and costs little itself.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { browser } from './browser.ts'

export interface Load {
  /** Sends so many requests, one at a time on each connection, and resolves when all are answered by 200. */
  send(count: number): Promise<void>
  close(): void
}

/** `headers` are the lines that make clients differ, used in turn. */
export async function openLoad(port: number, headers: readonly string[], connections = 8): Promise<Load> {
  const requests = headers.map((line) =>
    Buffer.from(`GET / HTTP/1.1\r\nhost: app.example\r\nuser-agent: ${browser}\r\naccept: */*\r\n${line}\r\n`),
  )
  const sockets = await Promise.all(Array.from({ length: connections }, () => opened(port)))
  let turn = 0

  function next(): Buffer {
    turn = (turn + 1) % requests.length
    return requests[turn] as Buffer
  }

  return {
    async send(count) {
      let left = count
      const take = (): boolean => left-- > 0
      await Promise.all(sockets.map((socket) => drive(socket, take, next)))
    },
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

/** An answer is over when its 24 bytes of body are there, with which every server of the bench answers. */
function drive(socket: Socket, take: () => boolean, next: () => Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    let read = ''
    const finish = (error?: Error): void => {
      socket.off('data', onData)
      socket.off('error', finish)
      socket.off('close', onClose)
      if (error === undefined) resolve()
      else reject(error)
    }
    const onClose = (): void => finish(new Error('a server of the bench closed a connection'))
    function onData(chunk: Buffer): void {
      read += chunk.toString('latin1')
      const end = read.indexOf('\r\n\r\n')
      if (end < 0 || read.length < end + 4 + 24) return
      const refused = read.startsWith('HTTP/1.1 200 ') ? undefined : read.slice(0, 40)
      read = ''
      if (refused !== undefined) finish(new Error(`a server of the bench answered ${refused}`))
      else if (take()) socket.write(next())
      else finish()
    }
    if (socket.destroyed) return onClose()
    socket.on('data', onData)
    socket.on('error', finish)
    socket.on('close', onClose)
    if (take()) socket.write(next())
    else finish()
  })
}
