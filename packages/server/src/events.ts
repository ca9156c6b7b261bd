/**
 * What an application is told about, as a closed union; no event holds a credential.
 * @module
 */
import type { AuthErrorCode } from '@handstamp/core/errors'
import type { Rejection } from '@handstamp/core/rejection'

/** Ids are the public ones; addresses and user agents are as the client sent them. */
export type AuthEvent =
  | { readonly type: 'session.created'; readonly sessionId: string; readonly userId: string }
  | {
      readonly type: 'session.renewed'
      readonly sessionId: string
      readonly previousId: string
      readonly userId: string
    }
  | { readonly type: 'session.ended'; readonly sessionId: string; readonly userId: string }
  | { readonly type: 'user.signed_out_everywhere'; readonly userId: string; readonly sessions: number }
  | {
      readonly type: 'session.refused'
      readonly reason: Rejection
      readonly sessionId?: string
      readonly userId?: string
    }
  | {
      readonly type: 'sign_in.refused'
      readonly reason: 'invalid_credentials' | 'rate_limited'
      readonly address?: string
    }
  | {
      readonly type: 'refresh.rotated' | 'refresh.replayed' | 'refresh.ahead'
      readonly sessionId: string
      readonly userId: string
      readonly generation: number
    }
  | {
      readonly type: 'refresh.reuse'
      readonly sessionId: string
      readonly userId: string
      readonly presented: number
      readonly live: number
    }
  | {
      readonly type: 'binding.mismatch'
      readonly sessionId: string
      readonly userId: string
      readonly signal: 'ip' | 'user_agent'
    }
  | { readonly type: 'store.corrupt'; readonly sessionId: string }
  | {
      readonly type: 'error'
      readonly code: AuthErrorCode
      readonly message: string
      /** What was thrown beneath, by name and code: its message may hold a credential. */
      readonly cause?: { readonly name: string; readonly code?: string }
    }

export type EmitEvent = (event: AuthEvent) => void

/** A listener that throws or rejects harms nobody: a log must not decide who is signed in. */
export function emitTo(listener: ((event: AuthEvent) => unknown) | undefined): EmitEvent {
  if (listener === undefined) return () => {}
  return (event) => {
    try {
      const outcome = listener(event)
      if (outcome instanceof Promise) outcome.catch(() => {})
    } catch {}
  }
}
