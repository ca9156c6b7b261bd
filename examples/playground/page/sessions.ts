/**
 * The user's sessions, on all devices: ended one by one, or all but this one.
 * @module
 */
import type { SessionListing } from '@handstamp/core/session'
import { sayDuration } from '../durations.ts'
import { byId, type Child, h, isNews, render } from './dom.ts'
import { sayAgo, sayBrowser, sayMoment, shorten } from './format.ts'
import type { Playground } from './playground.ts'

export function sessionsPanel(playground: Playground): () => void {
  const others = byId('end-others') as HTMLButtonElement
  others.addEventListener(
    'click',
    () =>
      void end(
        () => playground.client.sessions.revokeOthers(),
        () => 'All other sessions ended',
      ),
  )

  async function end(task: () => Promise<void>, done: () => string): Promise<void> {
    const failed = await playground.act(() =>
      task().then(
        () => undefined,
        (error: Error) => error,
      ),
    )
    await playground.reloadSessions()
    playground.say(failed === undefined ? done() : 'It could not be ended: it may be over already.')
  }

  return () => {
    const { sessions, client, configuration } = playground
    if (!isNews(byId('sessions'), sessions, !!client.session, configuration)) return
    const count = sessions?.filter(({ current }) => !current).length ?? 0
    const { access } = configuration.lifetimes
    const note = byId('sessions-note')
    // Where a feed carries the news, the token dies as well.
    note.hidden = configuration.strategy !== 'hybrid' || !sessions || configuration.servers.feed !== 'none'
    if (access !== undefined)
      note.textContent = `Ending a session takes its refresh token at once. An access token that is out already is good for ${sayDuration(access)} at most.`
    others.hidden = !sessions
    others.disabled = count === 0
    render(byId('sessions'), ...rows())

    function rows(): Child[] {
      if (configuration.strategy === 'token')
        return [empty('A token without a store has no record: there is nothing to list, and nobody can end it.')]
      if (!client.session) return [empty('Sign in to see your sessions, here and on other devices.')]
      if (sessions === undefined) return [empty('Asking the server.')]
      return [...sessions].sort((a, b) => Number(b.current) - Number(a.current) || b.lastSeenAt - a.lastSeenAt).map(row)
    }

    function row(session: SessionListing): HTMLElement {
      const { id, current, createdAt, lastSeenAt, expiresAt, ip, userAgent } = session
      const name = sayBrowser(userAgent)
      return h(
        'li',
        { class: current ? 'session current' : 'session' },
        h(
          'div',
          { class: 'session-name' },
          h('p', {}, h('strong', {}, name), current && h('span', { class: 'badge' }, 'this one')),
          h('code', { title: id }, shorten(id, 6, 6)),
        ),
        h(
          'dl',
          { class: 'session-facts' },
          fact('Address', ip ?? 'unknown'),
          fact('Created', sayMoment(createdAt)),
          fact('Last seen', sayAgo(lastSeenAt)),
          fact('Ends', sayMoment(expiresAt)),
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'button small',
            key: `end-${id}`,
            'aria-label': `End the session of ${name}, created ${sayMoment(createdAt)}`,
            onclick: () =>
              void end(
                () => client.sessions.revoke(id),
                () => (current ? 'This session ended: you are signed out' : 'The session ended'),
              ),
          },
          'End',
        ),
      )
    }
  }
}

function fact(name: string, value: string): HTMLElement {
  return h('div', {}, h('dt', {}, name), h('dd', {}, value))
}

function empty(text: string): HTMLElement {
  return h('li', { class: 'empty' }, text)
}
