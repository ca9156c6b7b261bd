/**
 * Puts into words what became of the question who is there, from the result and the events of one request.
 * @module
 */
import type { StrategyKind } from '@handstamp/core/shape'
import type { AuthEvent, AuthResult } from '@handstamp/server'
import type { User } from './accounts.ts'
import type { Verdict } from './seen.ts'

/** What was witnessed while one request was answered. */
export interface Witness {
  result: AuthResult<User> | undefined
  readonly events: AuthEvent[]
  /** What went to the store meanwhile, in order. */
  readonly commands: string[]
  /** Whether the near-cache knew, where it was asked. */
  cache: 'hit' | 'miss' | undefined
}

function how(kind: StrategyKind, { commands, cache }: Witness): string {
  if (cache === 'hit') return 'the near-cache knew its record'
  const asked = commands.length > 0
  if (kind === 'session') return asked ? 'its record was looked up in the store' : 'its record was known'
  return asked ? 'the signature was checked, and the record looked up' : 'the signature was checked, nothing looked up'
}

const refreshed: { readonly [K in StrategyKind]: string } = {
  session: 'The same session and secret: its idle time starts anew',
  token: 'The same session, signed anew',
  'token+store': 'The same session, signed anew',
  hybrid: 'The live refresh token again: it is younger than the grace',
}

/** The verdict of one request; `path` and `status` tell what its routes did where no event does. */
export function verdictOf(
  witness: Witness,
  kind: StrategyKind,
  { pathname, status }: { readonly pathname: string; readonly status: number },
): Verdict {
  const { result, events } = witness
  for (const event of [...events].reverse()) {
    const told = tell(event)
    if (told !== undefined) return told
  }
  if (result?.ok === true)
    return {
      outcome: 'recognised',
      text: `${result.session.user.id}, session ${short(result.session.id)}: ${how(kind, witness)}`,
    }
  if (result !== undefined && result.reason === 'absent') return { outcome: 'nobody', text: 'Nothing was presented' }
  if (result !== undefined) return refusal(result.reason)
  if (pathname === '/auth/refresh' && status === 200) return { outcome: 'granted', text: refreshed[kind] }
  if (pathname === '/auth/sign-out' && status < 400)
    return {
      outcome: 'ended',
      text: status === 200 ? 'Nothing to revoke: the token lives until it expires' : 'Signed out',
    }
  if (status === 403) return refusal('cross_site')
  return { outcome: 'unasked', text: 'Nobody was asked who is there' }
}

function refusal(reason: string): Verdict {
  return { outcome: 'refused', reason, text: 'Refused' }
}

function tell(event: AuthEvent): Verdict | undefined {
  switch (event.type) {
    case 'session.created':
      return { outcome: 'granted', text: `A new session for ${event.userId}: ${short(event.sessionId)}` }
    case 'session.renewed':
      return {
        outcome: 'granted',
        text: `The session of ${event.userId} under a new secret: ${short(event.sessionId)}`,
      }
    case 'session.ended':
      return { outcome: 'ended', text: `Session ${short(event.sessionId)} of ${event.userId} ended` }
    case 'user.signed_out_everywhere':
      return { outcome: 'ended', text: `${event.sessions} of the sessions of ${event.userId} ended` }
    case 'refresh.rotated':
      return {
        outcome: 'granted',
        text: `Rotated to generation ${event.generation}, session ${short(event.sessionId)}`,
      }
    case 'refresh.replayed':
      return { outcome: 'granted', text: 'The token before the live one, within the grace: answered with the live one' }
    case 'refresh.reuse':
      return { outcome: 'refused', reason: 'reused', text: 'A spent refresh token came back: the session has ended' }
    case 'session.refused':
      return event.reason === 'absent' ? { outcome: 'nobody', text: 'Nothing was presented' } : refusal(event.reason)
    case 'sign_in.refused':
      return { outcome: 'refused', reason: event.reason, text: 'No session was made' }
    case 'error':
      return { outcome: 'failed', reason: event.code, text: 'It could not be found out' }
    default:
      return undefined
  }
}

/** A session id, which is public, cut to what tells it apart. */
function short(id: string): string {
  // The word joiner keeps the two ends on one line.
  return id.length > 24 ? `${id.slice(0, 6)}…\u2060${id.slice(-4)}` : id
}
