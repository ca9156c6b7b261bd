/**
 * The command `keys`: makes the keys and secrets that a configuration asks for, ready to paste.
 * @module
 */
import { generateKeyPairSync } from 'node:crypto'
import { parseArgs } from 'node:util'
import { encodeBase64url } from '@handstamp/core/base64url'
import { type Algorithm, algorithmFacts, isAlgorithm } from '@handstamp/core/jwt/algorithm'
import { checkJwk, type Jwk } from '@handstamp/core/jwt/key'
import { randomBytes } from '@handstamp/core/secret'

const help = `npx @handstamp/server keys [--alg ES256] [--secrets-only] [--format env|json]

Makes a signing key (a private JWK whose kid is its RFC 7638 thumbprint) and a secret of 32 bytes for refresh tokens.

  --alg ALG         ${Object.keys(algorithmFacts).join(', ')}; ES256 unless said otherwise
  --secrets-only    the secret alone
  --format env      HANDSTAMP_KEYS='[…]' and HANDSTAMP_SECRETS='[…]', lines for a .env file (the default)
  --format json     { "keys": […], "secrets": […] }
  --help            this text

What is made goes to the standard output, how to rotate it to the standard error:

  npx @handstamp/server keys >> .env
`

const reading = `
Keep these out of version control: whoever has a key can sign in as anybody.

  keys: JSON.parse(process.env.HANDSTAMP_KEYS), secrets: JSON.parse(process.env.HANDSTAMP_SECRETS)
`

const rotatingKeys = `
To rotate the key
  1. Make another and add it to the list with "activeFrom", a time at least an hour ahead: {"activeFrom":"2027-01-31T12:00:00Z",…}
  2. Deploy everywhere before that time. The new key is published at once, signs from then on, and the old one stops by itself.
  3. Remove the old one a day later; the longest access lifetime and a minute would do.
`

const rotatingSecrets = `
To rotate the secret
  1. Make another and add it as the second of the list; deploy everywhere.
  2. Swap the two; deploy everywhere. Nobody is signed out.
  3. Remove the old one an hour later; \`grace\` and the time that a deployment takes would do.
`

/** What is wrong with the command line; its message is the one line that is shown. */
class UsageError extends Error {}

/** What a command says, and the exit code. */
export interface CommandResult {
  readonly exitCode: 0 | 1 | 2
  readonly out: string
  readonly err: string
}

/**
 * Answers what `npx @handstamp/server <args>` prints. A wrong command line is one line and exit code 2.
 *
 * @example
 * ```ts
 * runCommand(['keys', '--format', 'json']).out
 * ```
 */
export function runCommand(args: readonly string[]): CommandResult {
  try {
    return { exitCode: 0, ...answer(args) }
  } catch (error) {
    // parseArgs says what is wrong in its first sentence, and then how to write something else.
    const message = error instanceof Error ? error.message.split(/\.(?: |$)/)[0] : 'it failed'
    const exitCode = error instanceof UsageError || isParseError(error) ? 2 : 1
    return { exitCode, out: '', err: `handstamp: ${message}; --help shows what there is\n` }
  }
}

function answer(args: readonly string[]): Pick<CommandResult, 'out' | 'err'> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      alg: { type: 'string' },
      'secrets-only': { type: 'boolean', default: false },
      format: { type: 'string', default: 'env' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { alg = 'ES256', format, help: wantsHelp, 'secrets-only': secretsOnly } = values
  if (wantsHelp) return { out: help, err: '' }
  const [command, ...rest] = positionals
  if (command !== 'keys')
    throw new UsageError(command === undefined ? 'the command is missing' : `no command "${command}"`)
  if (rest.length > 0) throw new UsageError(`keys takes no "${rest[0]}"`)
  if (!isAlgorithm(alg)) throw new UsageError(`--alg "${alg}" is none of ${Object.keys(algorithmFacts).join(', ')}`)
  if (secretsOnly && values.alg !== undefined)
    throw new UsageError('--secrets-only makes no key, so --alg has no meaning')
  if (format !== 'env' && format !== 'json') throw new UsageError(`--format "${format}" is neither env nor json`)

  const made = { ...(secretsOnly ? {} : { keys: [makeKey(alg)] }), secrets: [encodeBase64url(randomBytes(32))] }
  return {
    out: format === 'json' ? `${JSON.stringify(made, undefined, 2)}\n` : envLines(made),
    err: `${secretsOnly ? '' : reading + rotatingKeys}${rotatingSecrets}`,
  }
}

function envLines(made: Readonly<Record<string, readonly unknown[]>>): string {
  // Nothing in the JSON of a key or a secret can end the quotes.
  return Object.entries(made)
    .map(([name, list]) => `HANDSTAMP_${name.toUpperCase()}='${JSON.stringify(list)}'\n`)
    .join('')
}

function makeKey(alg: Algorithm): Jwk {
  return checkJwk({ ...makeMaterial(alg), alg }, { use: 'sign' }, 'the new key')
}

function makeMaterial(alg: Algorithm): Jwk {
  const facts = algorithmFacts[alg]
  if (facts.kty === 'oct') return { kty: 'oct', k: encodeBase64url(randomBytes(facts.signatureBytes)) }
  const pair =
    facts.kty === 'RSA'
      ? generateKeyPairSync('rsa', { modulusLength: 3072 })
      : facts.crv === 'Ed25519'
        ? generateKeyPairSync('ed25519')
        : generateKeyPairSync('ec', { namedCurve: facts.crv })
  return pair.privateKey.export({ format: 'jwk' }) as Jwk
}

function isParseError(error: unknown): boolean {
  return error instanceof TypeError && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS')
}
