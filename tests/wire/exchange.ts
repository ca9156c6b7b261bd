/**
 * One exchange of HTTP/1.1, written and read byte by byte: a client that sends what no browser would let a page send.
 * @module
 */
import { connect } from 'node:net'

/** A header line, in the order in which it is sent; two of one name are two lines. */
export type Header = readonly [name: string, value: string]

export interface Question {
  /** Sent as it is written: `post` is not POST. */
  readonly method: string
  /** The request target, unencoded and unnormalised. */
  readonly target: string
  /** Characters are sent as Latin-1 bytes. `Host` is added unless it is here. */
  readonly headers?: readonly Header[]
  readonly body?: string | Uint8Array
  /** `length` (a Content-Length), `chunked` (in chunks of 4,000 bytes), or neither. `length` unless set, where there is a body. */
  readonly framing?: 'length' | 'chunked' | 'none'
}

export interface Answer {
  readonly status: number
  readonly headers: readonly Header[]
  readonly text: string
  /** All lines of that name, joined by a comma; null where there is none. */
  header(name: string): string | null
  /** The lines of `Set-Cookie`, each by itself. */
  readonly setCookies: readonly string[]
  /** The body as JSON; undefined where it is none. */
  readonly json: unknown
}

/** Sends the question to a port of this machine and reads the whole answer. */
export function exchange(port: number, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0)
    const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(bytesOf(question, port)))
    const settle = (last: boolean): void => {
      const answer = readAnswer(received, last, question.method === 'HEAD')
      if (answer === undefined && !last) return
      socket.destroy()
      if (answer === undefined) reject(new Error(`no answer to ${question.method} ${question.target.slice(0, 80)}`))
      else resolve(answer)
    }
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      settle(false)
    })
    socket.on('end', () => settle(true))
    // Who refuses a body half-way may reset the connection behind its answer.
    socket.on('error', () => settle(true))
  })
}

function bytesOf(question: Question, port: number): Buffer {
  const { method, target, headers = [], body, framing = body === undefined ? 'none' : 'length' } = question
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body ?? [])
  const given = new Set(headers.map(([name]) => name.toLowerCase()))
  const lines: Header[] = [
    ...(given.has('host') ? [] : [['Host', `localhost:${port}`] as const]),
    ...(given.has('connection') ? [] : [['Connection', 'close'] as const]),
    ...headers,
    ...(framing === 'length' ? [['Content-Length', String(bytes.length)] as const] : []),
    ...(framing === 'chunked' ? [['Transfer-Encoding', 'chunked'] as const] : []),
  ]
  const head = `${method} ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
  return Buffer.concat([Buffer.from(head, 'latin1'), framing === 'chunked' ? chunked(bytes) : bytes])
}

function chunked(bytes: Buffer): Buffer {
  const chunks: Buffer[] = []
  for (let at = 0; at < bytes.length; at += 4_000) {
    const chunk = bytes.subarray(at, at + 4_000)
    chunks.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...chunks, Buffer.from('0\r\n\r\n')])
}

/** Undefined: there is more to come. */
function readAnswer(received: Buffer, last: boolean, bodiless: boolean): Answer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [first = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n')
  const status = Number(first.split(' ')[1])
  const rest = received.subarray(end + 4)
  if (status < 200) return readAnswer(rest, last, bodiless)
  const headers = lines.map((line): Header => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
  })
  const body = bodiless || status === 204 || status === 304 ? Buffer.alloc(0) : readBody(rest, headers, last)
  return body && answerOf(status, headers, body.toString())
}

function readBody(rest: Buffer, headers: readonly Header[], last: boolean): Buffer | undefined {
  const value = (wanted: string) => headers.find(([name]) => name === wanted)?.[1]
  if (value('transfer-encoding') === 'chunked') return unchunk(rest)
  const length = value('content-length')
  if (length === undefined) return last ? rest : undefined
  return rest.length >= Number(length) ? rest.subarray(0, Number(length)) : undefined
}

function unchunk(rest: Buffer): Buffer | undefined {
  const chunks: Buffer[] = []
  for (let at = 0; ; ) {
    const line = rest.indexOf('\r\n', at)
    if (line === -1) return undefined
    const size = Number.parseInt(rest.subarray(at, line).toString('latin1'), 16)
    if (size === 0) return Buffer.concat(chunks)
    if (rest.length < line + 2 + size + 2) return undefined
    chunks.push(rest.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

function answerOf(status: number, headers: readonly Header[], text: string): Answer {
  const all = (wanted: string) => headers.filter(([name]) => name === wanted.toLowerCase()).map(([, value]) => value)
  return {
    status,
    headers,
    text,
    header: (name) => (all(name).length === 0 ? null : all(name).join(', ')),
    setCookies: all('set-cookie'),
    get json() {
      try {
        return JSON.parse(text) as unknown
      } catch {
        return undefined
      }
    },
  }
}
