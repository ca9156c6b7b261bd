import { expect } from 'vitest'
import { servedOrigin } from '../../wire/served-auth.ts'
import { type Attack, attack, each } from '../attack.ts'
import { type ClientStage, clientStage, count } from '../stages/refresh-client.ts'

function streamOf(text: string): ReadableStream<Uint8Array> {
  return new Blob([text]).stream()
}

const notes = `${servedOrigin}/api/notes`

/** Bodies that can be sent twice, and how often the request goes out. */
const bodies: Readonly<Record<string, () => BodyInit>> = {
  text: () => 'a note',
  bytes: () => new TextEncoder().encode('a note'),
  'a blob': () => new Blob(['a note']),
  'a form': () => new URLSearchParams({ text: 'a note' }),
}

export const spentBody: Attack = attack({
  ids: ['E16'],
  title: 'the repeat of a request whose body is gone',
  cost: 'A refused upload would be repeated as half of one or as nothing, and the answer would say that all is well.',
  shows: [],
  stage: clientStage,
  legal: {
    ...each(bodies, async (stage: ClientStage, body) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('6m')
      expect((await client.fetch(notes, { method: 'POST', body: body() })).status).toBe(200)
      expect(count(stage, 'POST /api/notes')).toBe(2)
    }),
    'a Request of text': async (stage) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('6m')
      expect((await client.fetch(new Request(notes, { method: 'POST', body: 'a note' }))).status).toBe(200)
    },
  },
  hostile: {
    'a stream: the refusal is shown, and the next request goes through': async (stage) => {
      const { client } = await stage.signedIn()
      stage.served.clock.advance('6m')
      const init = { method: 'POST', body: streamOf('a note'), duplex: 'half' }
      expect((await client.fetch(notes, init as RequestInit)).status).toBe(401)
      expect(count(stage, 'POST /api/notes')).toBe(1)
      expect((await client.fetch(notes, { method: 'POST', body: 'a note' })).status).toBe(200)
    },
    'a Request whose body was read before': async (stage) => {
      const { client } = await stage.signedIn()
      const request = new Request(notes, { method: 'POST', body: 'a note' })
      await request.text()
      await expect(client.fetch(request)).rejects.toThrow(TypeError)
      expect(count(stage, 'POST /api/notes')).toBe(0)
    },
    'a POST that was done and then refused for another reason': async (stage) => {
      const { client } = await stage.signedIn()
      stage.disturb((path) => (path === '/api/notes' ? new Response(null, { status: 403 }) : undefined))
      expect((await client.fetch(notes, { method: 'POST', body: 'a note' })).status).toBe(403)
      expect(stage.asked).toEqual(['POST /api/notes'])
    },
    'a POST that breaks off': async (stage) => {
      const { client } = await stage.signedIn()
      stage.disturb((path) => {
        if (path === '/api/notes') throw new TypeError('fetch failed')
        return undefined
      })
      await expect(client.fetch(notes, { method: 'POST', body: 'a note' })).rejects.toThrow(TypeError)
      expect(stage.asked).toEqual(['POST /api/notes'])
    },
  },
})
