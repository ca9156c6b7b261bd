/**
 * A server as its clients see it. Every answer is searched for credentials, those issued before and those of this answer:
 * one that stands where the protocol has no place for it fails the test, whatever the test is about. So does a cookie
 * that a cache may keep.
 * @module
 */
import { readCookieLine } from './cookie-line.ts'
import { type Answer, exchange, type Question } from './exchange.ts'

export interface Wire {
  /** The server's own origin. */
  readonly origin: string
  readonly host: string
  readonly port: number
  /** The names of its two cookies. */
  readonly access: string
  readonly refresh: string
  /** Everything that was ever issued over this wire. */
  readonly issued: ReadonlySet<string>
  ask(question: Question): Promise<Answer>
}

/** `port` is where it listens, which need not be the port of its origin. */
export function openWire({ origin, port }: { readonly origin: string; readonly port: number }): Wire {
  const { protocol, host } = new URL(origin)
  const local = new URL(origin).port || '80'
  const secure = protocol === 'https:'
  const names = {
    access: secure ? '__Host-handstamp' : `handstamp-${local}`,
    refresh: secure ? '__Host-handstamp-refresh' : `handstamp-${local}-refresh`,
  }
  const issued = new Set<string>()
  return {
    origin,
    host,
    port,
    ...names,
    issued,
    async ask(question) {
      const answer = await exchange(port, question)
      const { credentials, rest } = takeOut(question, answer)
      for (const credential of credentials) issued.add(credential)
      const leaked = credentialsIn(rest, issued)
      if (leaked.length > 0) {
        throw new Error(`${question.method} ${question.target} answers ${answer.status} with ${leaked.join(' and ')}`)
      }
      if (answer.setCookies.length > 0) checkUncached(answer)
      return answer
    },
  }
}

/** G15: what sets or clears a cookie is kept by no cache, and handed to nobody else by one that keeps it all the same. */
function checkUncached(answer: Answer): void {
  const [cache, vary] = [answer.header('cache-control') ?? '', answer.header('vary') ?? '']
  if (cache !== 'private, no-store' || !/(?:^|, *)cookie(?:,|$)/i.test(vary))
    throw new Error(`a cookie is set by an answer with Cache-Control ${cache} and Vary ${vary}`)
}

/** The credentials that stand where they may, and everything else of the answer. */
function takeOut(question: Question, answer: Answer): { readonly credentials: string[]; readonly rest: string } {
  const path = question.target.split('?')[0] ?? ''
  const grants = question.method === 'POST' && /\/(?:sign-in|refresh)$/.test(path) && [200, 303].includes(answer.status)
  // A page can write cookies, and so refreshes what has expired.
  const page = ['GET', 'HEAD'].includes(question.method) && ['/', '/plain'].includes(path)
  const cookies = grants || page ? answer.setCookies.map((line) => readCookieLine(line).value) : []
  const body =
    grants && answer.status === 200 ? ((answer.json ?? {}) as { access_token?: string; refresh_token?: string }) : {}
  const credentials = [...cookies, body.access_token ?? '', body.refresh_token ?? ''].filter((text) => text !== '')
  const headers = answer.headers.map((header) => header.join(': ')).join('\n')
  const whole = `${headers}\n\n${answer.text}`
  // Each once: one that is repeated elsewhere stays where it should not be.
  return { credentials, rest: credentials.reduce((text, credential) => text.replace(credential, ''), whole) }
}

const shapes = /hs[sr]1\.[\w-]{16}\.[\w-]{20,}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}/g

/** What looks like a credential of ours in a text, and the secret end of any that was issued. */
function credentialsIn(text: string, issued: ReadonlySet<string>): readonly string[] {
  const known = [...issued].filter((credential) => text.includes(secretOf(credential)))
  return [...(text.match(shapes) ?? []), ...known]
}

/** Without it a credential is worth nothing: the secret of an opaque one, the signature of a token. */
function secretOf(credential: string): string {
  return credential.slice(credential.lastIndexOf('.') + 1)
}
