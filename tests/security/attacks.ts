/**
 * All attacks, read from the folders beside this file: one attack a file, its only export.
 * @module
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Attack } from './attack.ts'

/** A folder each, in the order of the docs. */
export const areas = [
  'tokens',
  'cookies',
  'sessions',
  'refresh',
  'cross-site',
  'headers',
  'signals',
  'process',
  'peers',
] as const

export type Area = (typeof areas)[number]

export interface Filed {
  /** From tests/security, `tokens/a01-unsigned.ts`. */
  readonly file: string
  readonly attack: Attack
}

export async function attacksOf(area: Area): Promise<readonly Filed[]> {
  const names = readdirSync(join(import.meta.dirname, area))
    .filter((name) => name.endsWith('.ts'))
    .sort()
  return Promise.all(
    names.map(async (name) => {
      const [attack, ...others] = Object.values((await import(`./${area}/${name}`)) as Record<string, Attack>)
      if (attack === undefined || others.length > 0) throw new Error(`${area}/${name} must export one attack`)
      return { file: `${area}/${name}`, attack }
    }),
  )
}
