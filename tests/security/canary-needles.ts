/**
 * Secrets in all the forms in which one might come out, and everything that came out as one text to look for them in.
 * @module
 */
import { inspect } from 'node:util'

/** The forms of one secret: as it is, and its bytes as base64, base64url, hex, and as Node prints and JSON writes them. */
export function formsOf(secret: string | Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret as string)
  // Shorter ones are found by chance.
  if (bytes.length < 12) return []
  const [text, ...encoded] = [bytes.toString('latin1'), bytes.toString('base64url'), bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')] // biome-ignore format: a list
  const decimals = [...bytes.subarray(0, 12)].join(',')
  const printed = bytes
    .subarray(0, 12)
    .toString('hex')
    .replace(/..(?!$)/g, '$& ')
  return [...(typeof secret === 'string' ? [text ?? ''] : []), ...encoded, decimals, printed].filter(
    ({ length }) => length >= 12,
  )
}

/** What must not come out, by name. */
export class Needles {
  readonly #forms = new Map<string, string>()

  add(name: string, secret: string | Uint8Array | undefined): void {
    if (secret === undefined) return
    for (const form of formsOf(secret)) this.#forms.set(form, name)
  }

  /** A credential of ours: whole, and whatever of it is secret by itself. */
  addCredential(name: string, text: string | undefined): void {
    if (text === undefined) return
    this.add(name, text)
    const end = text.slice(text.lastIndexOf('.') + 1)
    this.add(`${name}: its end`, end)
    const bytes = Buffer.from(end, 'base64url')
    this.add(`${name}: its bytes`, bytes)
    if (!text.startsWith('hsr1.')) return
    this.add(`${name}: the family`, bytes.subarray(0, 32))
    this.add(`${name}: the generation's own`, bytes.subarray(36))
  }

  get size(): number {
    return this.#forms.size
  }

  /** The names of those that are in the text. Nothing is told of where, so that a failing test prints none either. */
  in(text: string): readonly string[] {
    const dense = text.replace(/\s+/g, '')
    const found = [...this.#forms].filter(([form]) => text.includes(form) || dense.includes(form.replace(/\s+/g, '')))
    return [...new Set(found.map(([, name]) => name))]
  }
}

const whole = { breakLength: Number.POSITIVE_INFINITY, maxArrayLength: null, maxStringLength: null } as const

/** A value as text, in all the ways in which a log might write it. */
export function written(value: unknown, { showHidden = true }: { readonly showHidden?: boolean } = {}): string {
  return [inspect(value, { depth: 10, showHidden, ...whole }), json(value), ...causes(value)].join('\n')
}

function json(value: unknown): string {
  try {
    return `${JSON.stringify(value)} ${String(value)}`
  } catch {
    return ''
  }
}

/** Message, stack and own properties of an error and of what it says caused it. */
function causes(value: unknown): readonly string[] {
  const texts: string[] = []
  for (let error = value; error instanceof Error && texts.length < 20; error = error.cause) {
    const own = Object.getOwnPropertyNames(error).map((name) =>
      inspect((error as unknown as Record<string, unknown>)[name], { depth: 10, showHidden: true, ...whole }),
    )
    texts.push(error.message, error.stack ?? '', ...own)
  }
  return texts
}
