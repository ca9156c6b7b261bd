import { expect } from 'vitest'
import { grace, signedIn } from '../../wire/visitor.ts'
import { type Attack, attack, each, type Inputs } from '../attack.ts'
import { askWithCookie, type BrowserStage, browserOf, browserStage, newBrowser } from '../stages/cookie-browser.ts'

/** What other code of the same host may set: lines of Set-Cookie, some of which no grammar knows. */
const lines: readonly string[] = [
  'foo=bar', 'foo=bar; Secure', 'foo=', '=bar', '=', '', ';', 'foo', 'foo;', ';foo=bar', ' foo=bar', 'foo=bar ', 'foo =bar', 'foo= bar', '\tfoo\t=\tbar\t', 'foo bar=baz', 'foo=bar baz',
  'foo=bar; foo=baz', 'foo=bar, baz=qux', 'foo=bar;;;;', 'foo==bar', 'foo=bar=', '==foo', 'foo="bar"', 'foo="bar; baz"', 'foo="', "foo='bar'", '"foo"=bar', 'foo=\\"bar', 'foo=b\\073r', 'foo=%22%3B', 'foo=%', 'foo=%zz',
  'foo=bar; Expires=Thu, 10 Apr 2053 16:33:12 GMT', 'foo=bar; expires=Foo', 'foo=bar; Expires=', 'foo=bar; Max-Age=9999999999999', 'foo=bar; Max-Age=-1', 'foo=bar; max-age=1e9', 'foo=bar; Max-Age=0x10',
  'foo=bar; Path', 'foo=bar; Path=', 'foo=bar; Path=x', 'foo=bar; Path=/api; Path=/', 'foo=bar; PATH=/', 'foo=bar; path="/"', 'foo=bar; Domain=', 'foo=bar; Domain=.', 'foo=bar; domain=app.example', 'foo=bar; Domain=.APP.example', 'foo=bar; Domain=evil.example',
  'foo=bar; HttpOnly=false', 'foo=bar; secure=no', 'foo=bar; SameSite', 'foo=bar; SameSite=Foo', 'foo=bar; Partitioned', 'foo=bar; Priority=x', 'foo=bar; a=b; c', 'foo=bar; =', 'foo=bar; ; Secure', 'foo=bar\x01', 'foo=bär', 'f\xf6o=bar', 'foo=\xff\xfe', '\xa0foo=bar',
  'a=b=c=d', '$Version=1', '$Path=/; a=b', 'foo=bar; $Path=/', '__proto__=x', 'toString=x', 'Cookie: foo=bar', 'Set-Cookie: foo=bar', 'expires=Thu', 'Secure', 'HttpOnly; Secure', '<script>=x', 'foo={"a":1}', 'foo=j:{"a":1}', 'foo=s:x.y', 'foo[]=1', 'foo[a]=1', 'foo.bar=1', 'foo:bar=1', 'foo/bar=1', 'foo@bar=1', 'foo\u2028=x',
] // biome-ignore format: a list

/** Cookie headers that some reader would take for our cookie. `{name}` is its name, `{value}` somebody else's credential. */
const nearly: readonly string[] = [
  '__host-handstamp={value}', '__HOST-HANDSTAMP={value}', '__Host-Handstamp={value}', '__Host_handstamp={value}', '"{name}"={value}', "'{name}'={value}", '={name}={value}', '=={name}={value}', '{name}', '{name}:{value}', '{name}{value}', '{name}%3D{value}', '%5F%5FHost-handstamp={value}',
  '{name}2={value}', 'x{name}={value}', '{name}[]={value}', '{name}[0]={value}', '{name}.x={value}', '$'+'{name}={value}', '{name}="{value}"', '{name}=="{value}"', '{name}=={value}', '{name}={value}=', '{name}=x {value}', '{name}={value} x', '{name}={value},x', '{name}=,{value}', 'a=b, {name}={value}', 'a=b,{name}={value}', 'a="b, {name}={value}"',
  '{name}\xa0={value}', '\xa0{name}={value}', '{name}=\xa0{value}', '\ufeff{name}={value}', '{name}\u0000={value}', '__Secure-handstamp={value}', 'handstamp={value}', 'handstamp-443={value}', '__Http-handstamp={value}', '__Host-Http-handstamp={value}', 'session={value}', 'connect.sid={value}', '{name}-refresh={value}', 'Cookie: {name}={value}', '$Version=1, {name}={value}',
] // biome-ignore format: a list

function named(texts: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(texts.map((text) => [JSON.stringify(text), text]))
}

/** Past the parser of a server, which refuses some of these bytes. */
async function judge({ served: { auth } }: BrowserStage, cookie: string): Promise<string> {
  const headers = { get: (name: string) => (name === 'cookie' ? cookie : null) }
  const result = await auth.authenticate({ method: 'GET', url: `${auth.origin}/`, headers }, { readOnly: true })
  return result.ok ? result.session.user.id : result.reason
}

const besideOurs: Inputs<BrowserStage> = each(named(lines), async (stage: BrowserStage, line) => {
  const browser = newBrowser(stage)
  browser.keep([line])
  const ours = await browserOf(stage)
  browser.keep([`${ours.cookie('/')}; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=60`])
  // The line as the other code meant it, the jar's own reading of it, and the line itself as a header.
  expect(await judge(stage, browser.cookie('/api/me'))).toBe('ada')
  expect(await judge(stage, `${line.split(';')[0]}; ${ours.cookie('/')}`)).toBe('ada')
  expect(await judge(stage, `${ours.cookie('/')}; ${line}`)).toBe('ada')
  expect(await judge(stage, line)).toBe('absent')
})

export const oddCookies: Attack = attack({
  ids: ['B19'],
  title: 'cookies that no grammar knows, beside ours or dressed up as ours',
  cost: 'A banner of another team would sign everybody out, or a cookie that one reader takes for another would sign in somebody else.',
  shows: ['RFC 6265bis §4.1.1', 'RFC 6265bis §5'],
  stage: browserStage({ strategy: 'session', transport: 'cookie' }),
  legal: {
    ...besideOurs,
    'all of them at once, over the wire': async (stage) => {
      const browser = await browserOf(stage)
      for (const line of lines) browser.keep([line])
      expect((await browser.get('/api/me')).json).toMatchObject({ user: { id: 'ada' } })
    },
    'white space around name and value': async (stage) => {
      const { wire } = stage.served
      const value = (await signedIn(wire, 'cookie')).cookies.get(wire.access)
      expect((await askWithCookie(stage, `\t ${wire.access} =\t ${value} ;;`)).status).toBe(200)
    },
  },
  hostile: each(named(nearly), async (stage: BrowserStage, text) => {
    const { wire } = stage.served
    const theirs = (await signedIn(wire, 'cookie', grace)).cookies.get(wire.access) ?? ''
    const cookie = text.replace('{name}', wire.access).replace('{value}', theirs)
    const verdict = await judge(stage, cookie)
    expect(['absent', 'malformed']).toContain(verdict)
    // Beside the victim's own it never wins: it is passed over, or the two are told apart by nobody.
    const ours = (await browserOf(stage)).cookie('/')
    expect(['ada', 'ambiguous']).toContain(await judge(stage, `${cookie}; ${ours}`))
    expect(['ada', 'ambiguous']).toContain(await judge(stage, `${ours}; ${cookie}`))
  }),
})
