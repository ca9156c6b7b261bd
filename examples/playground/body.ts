/**
 * Reads a JSON body within a limit.
 * @module
 */
import { problem } from './problem.ts'

const longestBody = 16_384

/** The object that a request sends, or the refusal of what is none. */
export async function readJson(request: Request): Promise<Record<string, unknown> | Response> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/json') return problem(415, 'unsupported_media_type')
  const text = await readText(request)
  if (text === undefined) return problem(413, 'body_too_large')
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {}
  return problem(400, 'invalid_request')
}

/** What does not fit is not read to its end. */
async function readText(request: Request): Promise<string | undefined> {
  if (Number(request.headers.get('content-length') ?? 0) > longestBody) return undefined
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength
    if (size > longestBody) return undefined
    chunks.push(chunk)
  }
  return new TextDecoder().decode(Buffer.concat(chunks))
}
