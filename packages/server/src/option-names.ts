/**
 * Refuses options that do not exist, since a misspelt one would be a silent default.
 * @module
 */

/** A TypeError for the first name that is not among `known`. `where` is how the user writes it: `cookie`, `session()`. */
export function checkNames(options: object, known: readonly string[], where: string): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`${where} takes an object of options`)
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`${where} has no option "${unknown.slice(0, 64)}": it has ${known.join(', ')}`)
}
