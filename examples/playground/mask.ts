/**
 * Makes credentials recognisable and useless: what leaves the server's memory for the page is masked first.
 * @module
 */

const dots = '•••'

/** A credential's kind and a few characters of its public part: `hss1.k3Jw…•••`. What is none of ours shows nothing. */
export function maskCredential(text: string): string {
  if (/^hs[sr]1\./.test(text)) return `${text.slice(0, 9)}…${dots}`
  if (text.startsWith('eyJ')) return `${text.slice(0, 4)}…${dots}`
  return dots
}

/** Masks whatever looks like a credential inside of a text, and bounds its length. */
export function maskText(text: string, longest = 300): string {
  const masked = text
    .replace(/hs[sr]1\.[\w-]*(?:\.[\w-]*)?/g, (found) => maskCredential(found))
    .replace(/eyJ[\w-]*(?:\.[\w-]*)*/g, (found) => maskCredential(found))
  return masked.length > longest ? `${masked.slice(0, longest)}…` : masked
}

/** A path with its query: values are masked unless they are words that the playground itself writes. */
export function maskPath({ pathname, searchParams }: URL): string {
  const known = new Set(['true', 'false', 'invalid_credentials', 'rate_limited'])
  const query = [...searchParams].map(([name, value]) => `${maskText(name, 40)}=${known.has(value) ? value : dots}`)
  return maskText(pathname, 160) + (query.length > 0 ? `?${query.join('&')}` : '')
}

/** A `Set-Cookie` line in parts; the value is masked, or empty where the cookie is removed. */
export function maskSetCookie(line: string): { readonly name: string; readonly value: string; readonly rest: string } {
  const [pair = '', ...attributes] = line.split('; ')
  const equals = pair.indexOf('=')
  const value = pair.slice(equals + 1)
  return { name: pair.slice(0, equals), value: value === '' ? '' : maskCredential(value), rest: attributes.join('; ') }
}
