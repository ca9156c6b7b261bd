/**
 * Sends a fixed number of requests over a few kept connections on loopback, and costs little itself.
 *
 * All connections go in step: each sends one request, and the next ones go out when all were answered. A server then finds
 * about as many requests each time it wakes, however quick it is; otherwise a quick one sleeps and wakes more often, and
 * what that costs would be counted for or against what it was asked to do. For the same reason the client never sleeps
 * while answers are due: on loopback the server's write pays for waking whoever waits, and only for a slow server it does.
 * @module
 */
import { connect, type Socket } from 'node:net'
import { browser } from './browser.ts'

export interface Load {
  /** Sends at least so many requests and resolves when all are answered by 200; answers how many there were. */
  send(count: number): Promise<number>
  close(): void
}

/** With this body every server of the bench answers, so an answer is over when its bytes are there. */
const bodyLength = 24

/** `headers` are the lines that make clients differ, used in turn. */
export async function openLoad(port: number, headers: readonly string[], connections = 16): Promise<Load> {
  const requests = headers.map((line) =>
    Buffer.from(`GET / HTTP/1.1\r\nhost: app.example\r\nuser-agent: ${browser}\r\naccept: */*\r\n${line}\r\n`),
  )
  const sockets = await Promise.all(Array.from({ length: connections }, () => opened(port)))
  let turn = 0
  let unanswered = 0
  let onStep: (error?: Error) => void = () => {}

  for (const socket of sockets) {
    let read = ''
    socket.on('error', (error) => onStep(error))
    socket.on('close', () => onStep(new Error('a server of the bench closed a connection')))
    socket.on('data', (chunk: Buffer) => {
      read += chunk.toString('latin1')
      const end = read.indexOf('\r\n\r\n')
      if (end < 0 || read.length < end + 4 + bodyLength) return
      const refused = read.startsWith('HTTP/1.1 200 ') ? undefined : read.slice(0, 40)
      read = ''
      unanswered -= 1
      if (refused !== undefined) onStep(new Error(`a server of the bench answered ${refused}`))
      else if (unanswered === 0) onStep()
    })
  }

  function stayAwake(): void {
    if (unanswered > 0) setImmediate(stayAwake)
  }

  function step(): Promise<void> {
    return new Promise((resolve, reject) => {
      onStep = (error) => {
        if (error === undefined) return resolve()
        unanswered = 0
        reject(error)
      }
      if (sockets.some(({ destroyed }) => destroyed)) return onStep(new Error('a connection of the bench is gone'))
      unanswered = sockets.length
      for (const socket of sockets) {
        turn = (turn + 1) % requests.length
        socket.write(requests[turn] as Buffer)
      }
      stayAwake()
    })
  }

  return {
    async send(count) {
      const steps = Math.ceil(count / sockets.length)
      for (let done = 0; done < steps; done += 1) await step()
      return steps * sockets.length
    },
    close() {
      onStep = () => {}
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
