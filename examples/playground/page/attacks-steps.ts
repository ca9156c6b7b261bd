/**
 * The steps of an attack that the server's side takes, as the page asks for them.
 * @module
 */
import type { Finding, Step } from '../attacks/attack.ts'
import type { StorageName } from '../configuration.ts'
import { plainFetch } from './client.ts'
import type { Playground } from './playground.ts'

/** What an attack needs of the page. */
export interface Attacking {
  readonly playground: Playground
  /** Says what is being done now. */
  note(text: string): void
}

/** Takes a step on the server's side. */
export type Take = (name: string, body?: Readonly<Record<string, unknown>>) => Promise<Step>

/** Takes a step on the server's side of an attack on a page that keeps its credentials in `storage`. */
export async function askForStep(
  id: string,
  name: string,
  body: Readonly<Record<string, unknown>> & { readonly storage: StorageName },
): Promise<Step> {
  const response = await plainFetch(`/playground/attacks/${id}/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${id} ${name} was answered ${response.status}`)
  return (await response.json()) as Step
}

/** The end of an attack's last step. */
export function findingOf(step: Step): Finding {
  if (!('finding' in step)) throw new Error('there is no finding yet')
  return step.finding
}
