/**
 * Attacks under vitest: each a group, its legal neighbours first.
 * @module
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Closable } from './attack.ts'
import { type Area, attacksOf } from './attacks.ts'

/** Registers the attacks of a folder. */
export async function runAttacks(area: Area): Promise<void> {
  for (const { attack } of await attacksOf(area)) {
    describe(`${attack.ids.join(', ')}: ${attack.title}`, () => {
      let stage: Closable
      beforeAll(async () => {
        stage = await attack.stage()
      })
      afterAll(() => stage?.close())
      for (const [kind, inputs] of [['passes', attack.legal] as const, ['is refused', attack.hostile] as const]) {
        test(`has an input that ${kind}`, () => expect(Object.keys(inputs)).not.toEqual([]))
        for (const [name, attempt] of Object.entries(inputs)) test(`${name} ${kind}`, async () => attempt(stage))
      }
    })
  }
}
