/**
 * Asking a user schema, of the application's own choice and code.
 * @module
 */
import { AuthError, safeCause } from '@handstamp/core/errors'
import type { Eventual } from '@handstamp/core/jwt/eventual'
import type { SchemaResult, StandardSchema } from '@handstamp/core/schema'

/** Most schemas answer at once. What one throws may repeat the value, so no word of it goes further. */
export function validateUser<User>(schema: StandardSchema<User>, value: unknown): Eventual<SchemaResult<User>> {
  try {
    const result = schema['~standard'].validate(value)
    return 'then' in result ? Promise.resolve(result).catch(blame) : result
  } catch (error) {
    return blame(error)
  }
}

function blame(error: unknown): never {
  throw new AuthError('ERR_CLAIMS_INVALID', 'the user schema threw instead of answering', { cause: safeCause(error) })
}
