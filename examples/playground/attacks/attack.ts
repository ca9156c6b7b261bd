/**
 * What an attack is: who it is on the page, its steps, and what was found once it was really run.
 * @module
 */
import type { SessionStore } from '@handstamp/server'
import type { Configuration } from '../configuration.ts'
import type { CookieNames } from '../seen.ts'

/** `limited`: something was taken, and is of use for a short time alone. `nothing`: this configuration has no such thing to attack. */
export type VerdictName = 'fails' | 'limited' | 'succeeds' | 'nothing'

/** One thing that was tried, and what came of it. */
export interface Fact {
  readonly what: string
  readonly answer: string
  /** For the defence or for the attacker; neither where it is only told. */
  readonly good?: boolean
}

/** What an attack came to; computed from what was answered, and from nothing else. */
export interface Finding {
  readonly verdict: VerdictName
  /** One sentence. */
  readonly why: string
  /** What would change it, or keep it so. */
  readonly advice: string
  readonly facts: readonly Fact[]
  /** What the attacker looked at, where that is worth seeing; it holds no credential. */
  readonly shown?: string
  /** Where the attacker's page can be opened by hand. */
  readonly link?: string
}

/** The end of an attack, or what the page needs for its next step. */
export type Step = { readonly finding: Finding } | { readonly told: Readonly<Record<string, unknown>> }

/** What the page brings to a step. */
export interface Brought {
  /** The page's own request, with the cookies that its browser sends. */
  readonly request: Request
  readonly body: Readonly<Record<string, unknown>>
}

/** The attack as the page shows it before it is run. */
export interface AttackCard {
  readonly id: string
  readonly title: string
  readonly does: string
  /** What it costs whoever runs it. */
  readonly warning?: string
}

export interface Attack extends AttackCard {
  /** In order; an attack without a part of the page has one step, `run`. */
  readonly steps: { readonly [name: string]: (brought: Brought) => Promise<Step> }
}

/** The playground as an attack finds it. */
export interface World {
  readonly origin: string
  readonly names: CookieNames
  readonly configuration: () => Configuration
  /** What the present configuration keeps its records in. */
  readonly store: () => SessionStore
}
