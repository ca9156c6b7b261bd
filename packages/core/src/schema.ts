/**
 * Standard Schema as Handstamp uses it: the one source of the user's type, of its claims and of the credentials.
 * @module
 */

/** The part of Standard Schema v1 (https://standardschema.dev) that Handstamp calls; zod, valibot and arktype all implement it. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** What a schema answers: the value as its own type, or what is wrong with it. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

/** The output type of a schema. */
export type Infer<S> = S extends StandardSchema<infer Output> ? Output : never

/** The least that a user has: `id` is 1–255 bytes and becomes the `sub` claim (RFC 7519 §4.1.2). */
export interface UserLike {
  readonly id: string
}

/** Registered claim names that a user's own field may not bear, since some reader would take one for the other. */
export type ReservedClaim = 'iss' | 'sub' | 'aud' | 'exp' | 'nbf' | 'iat' | 'jti' | 'sid'

/** Stands where a user schema is not usable, so that the compiler's message says why. */
export type CheckUser<U> = U extends UserLike
  ? [keyof U & ReservedClaim] extends [never]
    ? unknown
    : `the user's field "${keyof U & ReservedClaim}" is a registered JWT claim: rename it`
  : 'the user schema must have an output with id: string'
