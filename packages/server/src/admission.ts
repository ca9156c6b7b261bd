/**
 * What refuses a genuine credential for reasons outside of it: its transport, an order to prove oneself anew, the client.
 * @module
 */
import type { Rejection } from '@handstamp/core/rejection'
import { networkOf } from './address.ts'
import type { EmitEvent } from './events.ts'
import { addressOf, type RequestFace } from './request-face.ts'
import { type Admit, type Standing, travelsBy, type Via } from './strategies/strategy.ts'

/** What happens when a session is used from elsewhere than it began: told, or refused until the user signs in again, or ended. */
export type OnMismatch = false | 'event' | 'reauthenticate' | 'revoke'

/** Judged by the record: at each request where one is read, under hybrid() at each refresh. token() without a store has none. */
export interface BindingOptions {
  /** Compared by /24 and /64; a change between IPv4 and IPv6 is told and never refused. `false` unless set. */
  readonly ip?: OnMismatch
  /** Compared without version numbers. `event` unless set. */
  readonly userAgent?: OnMismatch
}

export interface AdmissionRules {
  readonly binding: { readonly ip: OnMismatch; readonly userAgent: OnMismatch }
  /** Milliseconds since the epoch; proofs from before count no more. */
  readonly notBefore: number
  readonly emit: EmitEvent
  /** Ends a session that `revoke` speaks of. */
  readonly revoke: (id: string) => Promise<unknown>
  readonly defer: (work: Promise<unknown>) => void
}

/** Admission of what one request presents, as access or as refresh credential. */
export function admission(request: RequestFace, credential: 'access' | 'refresh', rules: AdmissionRules): Admit {
  return (standing, via) => admit(request, credential, rules, standing, via)
}

/** Why this one is not admitted, or undefined. */
export function admit(
  request: RequestFace,
  credential: 'access' | 'refresh',
  rules: AdmissionRules,
  standing: Standing,
  via: Via,
): Rejection | undefined {
  // A session or token that refreshes itself is presented as it is for access.
  const kind = credential === 'refresh' && via === 'authorization' ? 'access' : credential
  if (!travelsBy(standing.transport, kind, via)) return 'transport_mismatch'
  if (standing.authTime < rules.notBefore) return 'revoked'
  const ip = addressMismatch(request, standing, rules)
  const userAgent = agentMismatch(request, standing, rules)
  if (ip === 'revoke' || userAgent === 'revoke') rules.defer(rules.revoke(standing.id))
  return refuses(ip) || refuses(userAgent) ? 'binding' : undefined
}

function refuses(outcome: OnMismatch): boolean {
  return outcome === 'revoke' || outcome === 'reauthenticate'
}

function addressMismatch(request: RequestFace, standing: Standing, rules: AdmissionRules): OnMismatch {
  const { ip } = rules.binding
  if (ip === false || standing.ip === undefined) return false
  const now = addressOf(request)
  const change = now === undefined ? 'same' : compareAddresses(standing.ip, now)
  return change !== 'same' && tell(standing, 'ip', change === 'family' ? 'event' : ip, rules)
}

function agentMismatch(request: RequestFace, standing: Standing, rules: AdmissionRules): OnMismatch {
  const { userAgent } = rules.binding
  if (userAgent === false || standing.userAgent === undefined) return false
  const now = request.headers.get('user-agent')
  if (now === standing.userAgent) return false
  if (now !== null && browserFamily(now) === browserFamily(standing.userAgent)) return false
  return tell(standing, 'user_agent', userAgent, rules)
}

function tell(
  standing: Standing,
  signal: 'ip' | 'user_agent',
  outcome: OnMismatch,
  { emit }: AdmissionRules,
): OnMismatch {
  emit({ type: 'binding.mismatch', sessionId: standing.id, userId: standing.userId, signal })
  return outcome
}

function compareAddresses(before: string, now: string): 'same' | 'family' | 'network' {
  const [a, b] = [networkOf(before), networkOf(now)]
  if (a === undefined || b === undefined || a === b) return 'same'
  return a.includes(':') === b.includes(':') ? 'network' : 'family'
}

/** The user agent without its version numbers, so that an update changes nothing. */
function browserFamily(userAgent: string): string {
  return userAgent.slice(0, 512).replace(/[\d._]+/g, '')
}
