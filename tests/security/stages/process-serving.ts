/**
 * The playground as a process, with its end in sight, and a client that tells a whole answer from half of one.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { ada } from '../../wire/visitor.ts'

export interface Serving {
  readonly port: number
  readonly origin: string
  /** Sends SIGTERM, once or twice, and answers how the process ended and after how many milliseconds. */
  end(signals?: number): Promise<{ readonly code: number | null; readonly took: number; readonly stderr: string }>
  kill(): void
}

const main = fileURLToPath(new URL('../../../examples/playground/main.ts', import.meta.url))

export async function startServing(...flags: readonly string[]): Promise<Serving> {
  const args = ['--conditions=handstamp-source', main, '--port', '0', '--no-open', '--sign-in-limit', 'off', ...flags]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err] = [child.stdout.setEncoding('utf8'), child.stderr.setEncoding('utf8')]
  let stderr = ''
  err.on('data', (text: string) => {
    stderr += text
  })
  const closed = once(child, 'close')
  const origin = await new Promise<string>((resolve, reject) => {
    let printed = ''
    out.on('data', (text: string) => {
      printed += text
      const ready = /^ready (\S+)$/m.exec(printed)?.[1]
      if (ready !== undefined) resolve(ready)
    })
    closed.then(([code]) => reject(new Error(`the playground ended with ${code}: ${stderr}`)))
  })
  return {
    origin,
    port: Number(new URL(origin).port),
    async end(signals = 1) {
      const since = performance.now()
      for (let sent = 0; sent < signals; sent += 1) child.kill('SIGTERM')
      const [code] = await closed
      return { code: code as number | null, took: performance.now() - since, stderr }
    },
    kill: () => void child.kill('SIGKILL'),
  }
}

/** `none`: not a byte came back, so nothing was promised. */
export type Received = { readonly kind: 'none' | 'half' } | { readonly kind: 'whole'; readonly status: number; readonly text: string } // biome-ignore format: one row

/** One request, and all that came back until the connection was over. */
export function send(port: number, head: readonly string[], body = ''): Promise<Received> {
  return new Promise((resolve) => {
    let received = ''
    const lines = [
      ...head,
      `Host: localhost:${port}`,
      'Connection: close',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ]
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`))
    socket.setEncoding('latin1')
    socket.on('data', (text: string) => {
      received += text
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(read(received)))
  })
}

export function signIn({ port, origin }: Serving): Promise<Received> {
  const head = ['POST /auth/sign-in HTTP/1.1', `Origin: ${origin}`, 'Content-Type: application/json']
  return send(port, head, JSON.stringify(ada))
}

function read(received: string): Received {
  if (received === '') return { kind: 'none' }
  const end = received.indexOf('\r\n\r\n')
  const [head, text] = [received.slice(0, end), received.slice(end + 4)]
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1])
  const length = /^content-length: (\d+)$/im.exec(head)?.[1]
  const chunked = /^transfer-encoding: chunked$/im.test(head)
  const whole =
    status === 204 || (length !== undefined ? text.length === Number(length) : chunked && text.endsWith('0\r\n\r\n'))
  return end === -1 || !whole ? { kind: 'half' } : { kind: 'whole', status, text }
}
