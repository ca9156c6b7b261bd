/**
 * The door: signing in with one of two accounts, and who is in.
 * @module
 */
import type { SignedIn, SignedOut } from '@handstamp/client'
import type { User } from '../accounts.ts'
import { byId, h, isNews, render } from './dom.ts'
import { sayMoment } from './format.ts'
import type { Playground } from './playground.ts'
import { drawStamp } from './stamp.ts'

const presets = [
  { label: 'Ada', role: 'admin', email: 'ada@example.com', password: 'analytical-engine' },
  { label: 'Grace', role: 'member', email: 'grace@example.com', password: 'nanoseconds' },
] as const

export function signInPanel(playground: Playground): () => void {
  const form = byId('sign-in-form') as HTMLFormElement
  const [email, password] = [byId('email') as HTMLInputElement, byId('password') as HTMLInputElement]
  const error = byId('sign-in-error')
  const submit = byId('sign-in-submit') as HTMLButtonElement
  let aftermath = ''

  render(
    byId('presets'),
    ...presets.map((preset) =>
      h(
        'button',
        {
          type: 'button',
          class: 'preset',
          'data-email': preset.email,
          onclick: () => {
            email.value = preset.email
            password.value = preset.password
            error.textContent = ''
            mark()
          },
        },
        h('strong', {}, preset.label),
        ` ${preset.role}`,
      ),
    ),
  )
  email.addEventListener('input', mark)

  function mark(): void {
    for (const button of document.querySelectorAll<HTMLElement>('.preset')) {
      button.setAttribute('aria-pressed', String(button.dataset.email === email.value))
    }
  }
  mark()

  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void signIn()
  })
  byId('sign-out').addEventListener('click', () => void signOut())

  async function signIn(): Promise<void> {
    submit.disabled = true
    error.textContent = ''
    aftermath = ''
    await playground.act(async () => {
      const answer = await playground.client.signIn({ email: email.value, password: password.value })
      submit.disabled = false
      if (answer.ok) {
        playground.say(`Signed in as ${answer.session.user.name}`)
        byId('who').focus()
      } else {
        error.textContent = whyNot(answer)
        password.focus()
        password.select()
      }
    })
  }

  async function signOut(): Promise<void> {
    await playground.act(async () => {
      aftermath = whatRemains(await playground.client.signOut())
      update()
      playground.say(`Signed out. ${aftermath}`)
      email.focus()
    })
  }

  function update(): void {
    const { session, status } = playground.client
    byId('door').dataset.state = session ? 'in' : status === 'unknown' ? 'unknown' : 'out'
    form.hidden = !!session
    byId('identity').hidden = !session
    if (isNews(byId('stamp'), session?.user, session?.createdAt)) render(byId('stamp'), drawStamp(session))
    byId('sign-out-note').textContent = session ? '' : aftermath
    byId('unreachable').hidden = status !== 'unreachable'
    if (session) describe(session.user, session.createdAt, session.expiresAt)
  }

  function describe(user: User, createdAt: number, expiresAt: number): void {
    byId('who').textContent = user.name
    render(
      byId('who-facts'),
      fact('Email', user.email),
      fact('Role', user.role),
      fact('Signed in', sayMoment(createdAt)),
      fact('Ends', sayMoment(expiresAt)),
    )
  }

  return update
}

function fact(name: string, value: string): HTMLElement {
  return h('div', {}, h('dt', {}, name), h('dd', {}, value))
}

function whyNot(answer: SignedIn<User> & { readonly ok: false }): string {
  switch (answer.code) {
    case 'invalid_credentials':
      return 'Email and password do not go together. Nobody is told which of the two is wrong.'
    case 'rate_limited':
      return `Too many attempts for this account. Try again in ${answer.retryAfter ?? 60} seconds.`
    case 'unreachable':
      return 'The server cannot be reached. Try again in a moment.'
    default:
      return `The server refused: ${answer.code}.`
  }
}

function whatRemains({ revoked, validUntil }: SignedOut): string {
  if (revoked) return ''
  return validUntil === undefined
    ? 'The server could not be told; the session may live on there.'
    : `The token itself is good until ${sayMoment(validUntil)}: without a store, nobody can end it.`
}
