import { expect } from 'vitest'
import type { Header } from '../../wire/exchange.ts'
import { servedOrigin } from '../../wire/served-auth.ts'
import { type Attack, attack, type Inputs } from '../attack.ts'
import { changes, expectForeign, joined, listed, onSites, openSites, type Sites, send } from '../stages/site-pages.ts'

const site = (value: string): Header => ['Sec-Fetch-Site', value]
const origin = (value: string): Header => ['Origin', value]
const referer = (value: string): Header => ['Referer', value]

const own: Readonly<Record<string, readonly Header[]>> = {
  'of the same origin': [site('same-origin')],
  'of the own Origin, from a browser without Fetch Metadata': [origin(servedOrigin)],
  'of a listed sibling': [site('same-site'), origin(listed)],
  'of the own Referer alone': [referer(`${servedOrigin}/settings?tab=2`)],
}

/** Each stands next to one of those above. */
const foreign: Readonly<Record<string, readonly Header[]>> = {
  'no header at all': [],
  'Origin null': [origin('null')],
  'Origin null of a sandboxed frame': [site('cross-site'), origin('null')],
  'the own name as a beginning': [origin(`${servedOrigin}.evil.com`)],
  'the own name as an end': [origin('https://evil-app.example')],
  'the own name as a user': [origin('https://app.example@evil.com')],
  'without TLS': [origin('http://app.example')],
  'another port': [origin(`${servedOrigin}:444`)],
  'its own port, which no browser writes': [origin(`${servedOrigin}:443`)],
  'upper case, which no browser writes': [origin('https://APP.example')],
  'a slash at the end': [origin(`${servedOrigin}/`)],
  'a dot at the end': [origin('https://app.example.')],
  'two Origins': [origin(servedOrigin), origin('https://evil.example')],
  'an Origin that is no URL': [origin('app.example')],
  'an empty Origin': [origin('')],
  'a foreign Referer': [referer('https://evil.example/?https://app.example/')],
  'a Referer of a longer name': [referer(`${servedOrigin}.evil.com/`)],
  'a Referer with the own name as a user': [referer('https://app.example@evil.com/')],
  'a Referer that is no URL': [referer('app.example')],
  'cross-site': [site('cross-site')],
  'cross-site, from a foreign page': [site('cross-site'), origin('https://evil.example')],
  'same-site, from a sibling that is not listed': [site('same-site'), origin('https://blog.app.example')],
  'same-site without an Origin': [site('same-site')],
  'same-site with an own Referer': [site('same-site'), referer(`${servedOrigin}/`)],
  'none, which no page can send': [site('none')],
  'none, with the own Origin': [site('none'), origin(servedOrigin)],
  'a value that does not exist': [site('same-planet'), origin(servedOrigin)],
  'two values in one line': [site('same-origin, cross-site'), origin(servedOrigin)],
  'two lines': [site('same-origin'), site('cross-site')],
  'upper case': [site('Same-Origin'), origin(servedOrigin)],
}

export const foreignPage: Attack = attack({
  ids: ['F1', 'F2', 'F3', 'F4'],
  title: 'a change that a foreign page sends along with the user’s cookies',
  cost: 'Any page that a user opens could act in the application as that user.',
  shows: ['ASVS 3.5.1'],
  stage: openSites(),
  legal: inputs(own, (visitor, served, change, headers) => {
    served.store.reset()
    return send(visitor, change, headers).then(({ status }) => expect(status).toBeLessThan(300))
  }),
  hostile: inputs(foreign, (visitor, served, change, headers) =>
    expectForeign(visitor, served, () => send(visitor, change, headers)),
  ),
})

type Attempt = Parameters<typeof onSites>[1]

/** Every change from every one of these pages. */
function inputs(
  pages: Readonly<Record<string, readonly Header[]>>,
  attempt: (
    ...args: [
      ...(Parameters<Attempt> extends [infer V, infer S, unknown] ? [V, S] : never),
      Parameters<typeof send>[1],
      readonly Header[],
    ]
  ) => unknown,
): Inputs<Sites> {
  return joined(
    Object.entries(pages).map(([page, headers]) =>
      onSites(page, async (visitor, served) => {
        for (const change of Object.values(changes)) await attempt(await again(visitor), served, change, headers)
      }),
    ),
  )
}

/** The change before may have been a sign-out. */
async function again(visitor: Parameters<Attempt>[0]): Promise<Parameters<Attempt>[0]> {
  await visitor.signIn()
  return visitor
}
