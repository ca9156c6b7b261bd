/**
 * The cookies of a browser: tough-cookie's rules of RFC 6265bis, by the clock of the test.
 * @module
 */
import type { Clock } from '@handstamp/core/clock'
import { Cookie, CookieJar } from 'tough-cookie'

/** Where a request comes from, as SameSite sees it. */
export type SiteContext = 'strict' | 'lax' | 'none'

export interface Jar {
  /** Keeps what a `Set-Cookie` line says. A cookie that a browser would drop is an error here. */
  set(line: string, url: string, from: SiteContext): void
  /** The `Cookie` header of a request; empty where there is none. */
  header(url: string, from: SiteContext): string
  /** `document.cookie` of a page with this address: what a script sees. */
  visible(url: string): string
  /** All that is kept, by name; for the test alone. */
  all(): ReadonlyMap<string, string>
  /** Changes the value of a cookie that is there, as somebody with the disk in their hands could. */
  overwrite(name: string, value: string): void
  clear(): void
  /** The browser closes: what has no date of its own goes. */
  close(): void
}

export function createJar(clock: Clock): Jar {
  let jar = emptyJar()

  function live(cookies: readonly Cookie[]): readonly Cookie[] {
    return cookies.filter((cookie) => (cookie.expiryTime() ?? Number.POSITIVE_INFINITY) > clock())
  }

  function everything(): readonly Cookie[] {
    return live(jar.serializeSync()?.cookies.flatMap((kept) => Cookie.fromJSON(kept) ?? []) ?? [])
  }

  function keepOnly(cookies: readonly Cookie[]): void {
    jar = emptyJar()
    for (const cookie of cookies) jar.setCookieSync(cookie, `https://${cookie.domain}${cookie.path}`, { http: true })
  }

  return {
    set(line, url, from) {
      const cookie = Cookie.parse(line)
      if (cookie === undefined) throw new Error(`no browser reads this Set-Cookie: ${line}`)
      // Another site's request may not set it, whatever the answer says.
      if (from === 'none' && cookie.sameSite !== 'none') return
      // Turned into a date now, as browsers do, since the jar itself reads the clock of the machine.
      const { maxAge } = cookie
      if (typeof maxAge === 'number') cookie.setExpires(new Date(maxAge > 0 ? clock() + maxAge * 1_000 : 0))
      cookie.maxAge = null
      jar.setCookieSync(cookie, url, { http: true, sameSiteContext: from })
    },
    header(url, from) {
      const cookies = live(jar.getCookiesSync(url, { expire: false, http: true, sameSiteContext: from }))
      return cookies.map((cookie) => cookie.cookieString()).join('; ')
    },
    visible(url) {
      const cookies = live(jar.getCookiesSync(url, { expire: false, http: false, sameSiteContext: 'strict' }))
      return cookies.map((cookie) => cookie.cookieString()).join('; ')
    },
    all: () => new Map(everything().map(({ key, value }) => [key, value])),
    overwrite(name, value) {
      const cookies = everything()
      for (const cookie of cookies) {
        if (cookie.key === name) cookie.value = value
      }
      keepOnly(cookies)
    },
    clear: () => keepOnly([]),
    close: () => keepOnly(everything().filter((cookie) => cookie.isPersistent())),
  }
}

function emptyJar(): CookieJar {
  return new CookieJar(undefined, { prefixSecurity: 'strict', rejectPublicSuffixes: true })
}
