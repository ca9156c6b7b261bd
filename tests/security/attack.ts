/**
 * An attack as data, without a runner: what is tried on a real surface, beside the nearest thing that must go through.
 * A refusal alone proves nothing, since a server that refuses everybody refuses the attacker too.
 * @module
 */
import type { Requirement } from './requirements.ts'

/** By the name of the input; each asserts, and throws where the library fails. */
export type Inputs<Stage> = Readonly<Record<string, (stage: Stage) => unknown>>

export interface Closable {
  close(): unknown
}

export interface Attack<Stage extends Closable = Closable> {
  /** Its stable names: `A1`, `CVE-2022-23540`. */
  readonly ids: readonly [string, ...string[]]
  readonly title: string
  /** One sentence: what it would have cost, had it gone through. */
  readonly cost: string
  /** The requirements that it shows to be met. */
  readonly shows: readonly Requirement[]
  /** What is attacked, set up once for all the inputs and closed after them. */
  readonly stage: () => Stage | Promise<Stage>
  /** The nearest neighbours that must pass. */
  readonly legal: Inputs<Stage>
  readonly hostile: Inputs<Stage>
}

/** Types an attack by its stage, and forgets the type: a list holds attacks on many surfaces. */
export function attack<Stage extends Closable>(described: Attack<Stage>): Attack {
  return described as unknown as Attack
}

/** Inputs of one shape from a table: each value is tried by `attempt`. */
export function each<Stage, Value>(
  values: Readonly<Record<string, Value>>,
  attempt: (stage: Stage, value: Value) => unknown,
): Inputs<Stage> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, (stage: Stage) => attempt(stage, value)]),
  )
}
