import { createAuthClient } from '@handstamp/client'
import { expect } from 'vitest'
import { type Playground, startPlayground } from '../../wire/playground.ts'
import { ada } from '../../wire/visitor.ts'
import { type Attack, attack, type Closable, each } from '../attack.ts'
import { listener } from '../stages/refresh-client.ts'

/** A page that speaks by the platform's own `fetch` to the auth server, an API of its own, and somebody else. */
async function openPage() {
  const server: Playground = await startPlayground('--strategy hybrid --transport bearer')
  const evil = await listener(() => ({ status: 200 }))
  const api = await listener((path) => ({
    status: Number(path.slice(1, 4)) || 200,
    headers: { location: `${evil.origin}/` },
  }))
  const client = createAuthClient({ baseURL: server.origin, storage: 'memory', allowedOrigins: [api.origin] })
  const signedIn = await client.signIn(ada)
  if (!signedIn.ok) throw new Error('signing in was refused')
  return {
    server,
    evil,
    api,
    client,
    close: () => Promise.all([server.stop(), evil.close(), api.close()]),
  }
}

type OpenPage = Closable & Awaited<ReturnType<typeof openPage>>

/** Sends, and answers what was heard where it arrived. Names that no resolver knows fail, which is as good. */
async function heardAt(place: { readonly heard: (string | undefined)[] }, send: () => Promise<unknown>) {
  place.heard.length = 0
  await send().catch(() => {})
  return [...place.heard]
}

export const otherOrigin: Attack = attack({
  ids: ['E17'],
  title: 'a request of the page that goes, or is led, to another origin',
  cost: 'The access token would be handed to whoever writes a link, an image or a redirect.',
  shows: [],
  stage: openPage,
  legal: {
    'to the server and to an origin that is listed': async ({ client, api, server }: OpenPage) => {
      expect((await client.fetch(`${server.origin}/api/me`)).status).toBe(200)
      expect(await heardAt(api, () => client.fetch(`${api.origin}/`))).toEqual([expect.stringMatching(/^Bearer eyJ/)])
    },
  },
  hostile: {
    ...each(
      {
        'a redirect 301': 301,
        'a redirect 302': 302,
        'a redirect 303': 303,
        'a redirect 307': 307,
        'a redirect 308': 308,
      },
      async ({ client, api, evil }: OpenPage, status) => {
        expect(await heardAt(evil, () => client.fetch(`${api.origin}/${status}`))).toEqual([undefined])
        const post = { method: 'POST', body: 'x' }
        expect(await heardAt(evil, () => client.fetch(`${api.origin}/${status}`, post))).toEqual([undefined])
      },
    ),
    ...each(
      {
        'another port of the same host': ({ evil }) => evil.origin,
        'another spelling of the host': ({ evil }) => evil.origin.replace('127.0.0.1', '127.1'),
      } as Readonly<Record<string, (page: OpenPage) => string>>,
      async (page: OpenPage, target) => {
        expect(await heardAt(page.evil, () => page.client.fetch(target(page)))).toEqual([undefined])
      },
    ),
    ...each(
      {
        'a relative protocol': (origin) => origin.replace('http:', ''),
        'a longer name': (origin) => origin.replace(/(localhost)/, '$1.evil.example'),
        'another scheme': (origin) => origin.replace('http:', 'https:'),
        'another name for this machine': (origin) => origin.replace('localhost', '127.0.0.1'),
        'no port': (origin) => origin.replace(/:\d+$/, ''),
        'a name with a dot at its end': (origin) => origin.replace('localhost', 'localhost.'),
        'a blob of the same origin': (origin) => `blob:${origin}/0`,
      } as Readonly<Record<string, (origin: string) => string>>,
      async ({ server, client }: OpenPage, change) => {
        const sent: (string | null)[] = []
        const via = async (input: RequestInfo | URL, init?: RequestInit) => {
          sent.push(new Headers(init?.headers).get('authorization'))
          return new Response(String(input))
        }
        const target = change(server.origin)
        expect(target).not.toBe(server.origin)
        await client.fetch(target.startsWith('//') ? `https:${target}` : target, {}, via)
        expect(sent).toEqual([null])
        await client.fetch(`${server.origin}/api/me`, {}, via)
        expect(sent).toEqual([null, expect.stringMatching(/^Bearer eyJ/)])
      },
    ),
    'the listed origin as a user of another host': async ({ client, api, evil }) => {
      const target = `${api.origin}@${new URL(evil.origin).host}/`
      for (const via of [undefined, () => Promise.reject(new Error('was sent'))])
        await expect(client.fetch(target, {}, via)).rejects.toThrow(TypeError)
      expect(await heardAt(evil, () => client.fetch(target))).toEqual([])
    },
    'an origin that is listed with a pattern, a path or no TLS': ({ server }: OpenPage) => {
      for (const origin of [
        '*',
        'https://*.example',
        'http://api.example',
        'https://api.example/',
        'https://API.example',
        'null',
        'https://a@b.example',
        `${server.origin}/x`,
      ])
        expect(() => createAuthClient({ baseURL: server.origin, storage: 'memory', allowedOrigins: [origin] })).toThrow(
          TypeError,
        )
    },
  },
})
