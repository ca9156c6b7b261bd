/**
 * The few assertions that contract cases need, without a test runner or anything of one runtime.
 * @module
 */

/** Throws unless the condition holds. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

/** Throws unless both are the same JSON value, whatever the order of keys. */
export function assertEqual(actual: unknown, expected: unknown, what: string): void {
  const [found, wanted] = [canonical(actual), canonical(expected)]
  assert(found === wanted, `${what}: expected ${shortened(wanted)}, found ${shortened(found)}`)
}

/** Throws unless the promise rejects; answers the reason. */
export async function assertRejects(promise: Promise<unknown>, what: string): Promise<unknown> {
  const outcome = await promise.then(
    () => undefined,
    (reason: unknown) => ({ reason }),
  )
  assert(outcome !== undefined, `${what}: expected a rejection`)
  return outcome.reason
}

function canonical(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical((value as Record<string, unknown>)[key])}`).join()}}`
}

function shortened(text: string): string {
  return text.length > 300 ? `${text.slice(0, 300)}… (${text.length} characters)` : text
}
