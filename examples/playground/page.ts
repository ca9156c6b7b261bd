/**
 * `/`: the page, with what the server knows already inside of it, so that nothing jumps when the script starts.
 * @module
 */
import { readFileSync } from 'node:fs'
import type { Session } from '@handstamp/server'
import type { User } from './accounts.ts'
import type { AttackCard } from './attacks/attack.ts'
import type { Found } from './attacks/found.ts'
import type { Configuration } from './configuration.ts'
import { pageHeaders } from './page-headers.ts'

/** What the page's script starts with. A session that is undefined is not known yet: the script asks. */
export interface Boot {
  readonly configuration: Configuration
  readonly attacks: readonly AttackCard[]
  readonly found: readonly Found[]
  readonly session?: Session<User> | null
}

const template = readFileSync(new URL('page/index.html', import.meta.url), 'utf8')

export function frontPage(boot: Boot): Response {
  // Data, not a script: the policy needs no exception for it. An escaped `<` cannot end the element.
  const json = JSON.stringify(boot).replaceAll('<', '\\u003c')
  return new Response(
    template.replace('id="boot">null<', () => `id="boot">${json}<`),
    { headers: pageHeaders('text/html; charset=utf-8') },
  )
}
