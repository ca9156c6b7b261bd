/**
 * Renewing: the same session under a new secret, after a step-up or a change of privileges.
 * @module
 */
import type { Granted, Rejected } from '@handstamp/core/auth-result'
import type { UserLike } from '@handstamp/core/schema'
import { authenticate, reject } from './authenticate.ts'
import { checkSize, deliver } from './grants.ts'
import type { Settings } from './options.ts'
import { readCredential } from './read-credential.ts'
import { conflict } from './records.ts'
import { clientOf, type RequestFace } from './request-face.ts'
import { checkPending, checkUser } from './sign-in.ts'

/**
 * Old secret dead and new one alive in one commit; the factor that was owed is owed no more, unless `pending` says so.
 *
 * @throws TypeError when the user is another one than the session's.
 */
export async function renewSession<User extends UserLike>(
  given: User,
  pending: string | undefined,
  request: RequestFace,
  settings: Settings<User>,
): Promise<Granted<User> | Rejected> {
  const result = await authenticate(request, settings, { readOnly: true, allowPending: true })
  if (!result.ok) return result
  const user = await checkUser(given, settings)
  checkPending(pending)
  if (result.session.user.id !== user.id)
    throw new TypeError('renew takes the user of the session: sign in to change who it is')
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const now = settings.clock()
    const draft = await settings.strategy.renew(readCredential(request, settings), {
      user,
      now,
      ...(pending === undefined ? {} : { pending }),
      ...clientOf(request),
    })
    if ('ok' in draft) return reject(settings, draft.reason, draft)
    checkSize(draft.grant, settings)
    if ((await draft.save()) === 'saved') {
      const { id } = draft.grant.session
      settings.emit({ type: 'session.renewed', sessionId: id, previousId: result.session.id, userId: user.id })
      return deliver(draft.grant, now, settings)
    }
  }
  // Its old secret was told to have ended before each attempt, and what was told to have ended does not live on.
  if (settings.feed) await settings.strategy.revoke(readCredential(request, settings), settings.clock())
  throw conflict()
}
