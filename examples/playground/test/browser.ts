/**
 * A browser without a page: it keeps the cookies of a playground that runs as a process.
 * @module
 */
import type { Running } from './running.ts'

export interface Browser {
  ask(method: string, path: string, body?: unknown): Promise<Response>
  signIn(): Promise<Response>
  /** Which node answered what, so many times. */
  answers(count: number, question?: readonly [method: string, path: string]): Promise<readonly string[]>
  /** Somebody who has what this one holds now, and is told nothing of it later. */
  copy(): Browser
}

export async function openBrowser({ ready }: Pick<Running, 'ready'>): Promise<Browser> {
  return browserAt(await ready, new Map())
}

function browserAt(origin: string, jar: Map<string, string>): Browser {
  async function ask(method: string, path: string, body?: unknown): Promise<Response> {
    const headers: Record<string, string> = { origin, 'sec-fetch-site': 'same-origin' }
    if (jar.size > 0) headers.cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    if (body !== undefined) headers['content-type'] = 'application/json'
    const response = await fetch(origin + path, {
      method,
      headers,
      redirect: 'manual',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') jar.delete(name)
      else jar.set(name, value)
    }
    return response
  }
  return {
    ask,
    signIn: () => ask('POST', '/auth/sign-in', { email: 'ada@example.com', password: 'analytical-engine' }),
    async answers(count, [method, path] = ['GET', '/api/me']) {
      const all: string[] = []
      for (let turn = 0; turn < count; turn += 1) {
        const response = await ask(method, path)
        all.push(`${response.headers.get('x-playground-node')} ${response.status}`)
      }
      return all
    },
    copy: () => browserAt(origin, new Map(jar)),
  }
}
