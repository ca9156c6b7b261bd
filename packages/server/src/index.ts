/**
 * Handstamp on the server.
 * @module
 */
export { AuthError, type AuthErrorCode, isAuthError } from '@handstamp/core/errors'
export { allowInsecureLoopback } from '@handstamp/core/unsafe'
export { type Auth, type AuthCore, createAuth, type InferUser, type Sessions } from './auth.ts'
export { memoryStore } from './stores/memory.ts'
export { hybrid } from './strategies/hybrid.ts'
export { session } from './strategies/session.ts'
export { token } from './strategies/token.ts'
export { createVerifier } from './verifier.ts'
