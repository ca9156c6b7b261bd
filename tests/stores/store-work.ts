/** What several processes do to one store at once, in tests of races. */
import { handleOf, sessionIdOf } from '@handstamp/core/credential'
import { randomBytes } from '@handstamp/core/secret'
import type { SessionRecord } from '@handstamp/core/session'
import type { SessionStore } from '@handstamp/server/stores/store'

/** Raises the number in the session's user by one, by compare-and-swap. */
export async function count(store: SessionStore, id: string): Promise<void> {
  for (;;) {
    const found = await store.find(id)
    if (found === undefined) throw new Error('the session is lost')
    const user = { count: (found.record.user as { readonly count: number }).count + 1 }
    if (await store.replace(id, found.version, { ...found.record, user })) return
  }
}

/** Another session of the same user. */
export async function signIn(store: SessionStore, template: SessionRecord, cap: number): Promise<void> {
  const { epoch } = template
  const id = sessionIdOf(handleOf(template.id), randomBytes(32))
  const saved = await store.save(id, { ...template, id }, { epoch, cap })
  if (saved !== 'saved') throw new Error(`a sign-in was answered "${saved}"`)
}
