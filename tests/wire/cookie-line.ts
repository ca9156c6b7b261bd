/**
 * A line of `Set-Cookie`, taken apart.
 * @module
 */

export interface CookieLine {
  readonly name: string
  readonly value: string
  /** As they are written, in alphabetical order, but for Max-Age. */
  readonly attributes: readonly string[]
  /** Seconds; undefined where the cookie goes with the browser. */
  readonly maxAge: number | undefined
}

export function readCookieLine(line: string): CookieLine {
  const [pair = '', ...attributes] = line.split('; ')
  const equals = pair.indexOf('=')
  const age = attributes.find((attribute) => attribute.startsWith('Max-Age='))
  return {
    name: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    attributes: attributes.filter((attribute) => attribute !== age).sort(),
    maxAge: age === undefined ? undefined : Number(age.slice('Max-Age='.length)),
  }
}

/** True where the line removes the cookie. */
export function removes({ value, maxAge }: CookieLine): boolean {
  return value === '' && maxAge === 0
}
