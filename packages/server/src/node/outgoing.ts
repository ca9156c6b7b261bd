/**
 * Writes a web `Response` to a response of node:http.
 * @module
 */
import type { ServerResponse } from 'node:http'

/**
 * Writes a web `Response`, e.g. `auth.challenge(result)`, and resolves when all is handed over. Headers that are set
 * already stay: Set-Cookie is added to, each cookie a line of its own, and Vary is joined. Where an answer has begun or
 * the client has left, nothing is written. A body that fails half-way ends the connection, so that nobody takes it for
 * whole, and rejects.
 *
 * @example
 * ```ts
 * if (!result.ok) await sendResponse(res, auth.challenge(result))
 * ```
 */
export async function sendResponse(res: ServerResponse, response: Response): Promise<void> {
  if (res.headersSent || res.destroyed) {
    await response.body?.cancel()
    return
  }
  res.statusCode = response.status
  writeHeaders(res, response.headers)
  if (response.body === null || res.req?.method === 'HEAD') {
    res.end()
    await response.body?.cancel()
    return
  }
  await writeBody(res, response.body)
}

function writeHeaders(res: ServerResponse, headers: Headers): void {
  for (const [name, value] of headers) {
    if (name === 'set-cookie') continue
    const before = name === 'vary' ? res.getHeader(name) : undefined
    res.setHeader(name, before === undefined ? value : `${String(before)}, ${value}`)
  }
  const cookies = headers.getSetCookie()
  if (cookies.length === 0) return
  const before = res.getHeader('set-cookie') ?? []
  res.setHeader('set-cookie', [...(Array.isArray(before) ? before : [String(before)]), ...cookies])
}

async function writeBody(res: ServerResponse, body: ReadableStream<Uint8Array>): Promise<void> {
  const reader = body.getReader()
  let left = false
  const stop = (): void => {
    left = true
    reader.cancel().catch(() => {})
  }
  res.once('close', stop)
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      if (!res.write(read.value)) await drained(res)
    }
    res.end()
  } catch (error) {
    if (left) return
    res.destroy()
    throw error
  } finally {
    res.off('close', stop)
  }
}

function drained(res: ServerResponse): Promise<void> {
  if (res.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done)
      res.off('close', done)
      resolve()
    }
    res.on('drain', done)
    res.on('close', done)
  })
}
