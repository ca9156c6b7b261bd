/**
 * The cookies of one configuration: their names and attributes.
 * @module
 */
import { cookieName, localCookieName } from '@handstamp/core/cookie/prefix'
import { type CookieAttributes, serializeCookie } from '@handstamp/core/cookie/serialize'

export interface CookieOptions {
  /** `strict` unless set. `lax` lets the session come along when a page is opened from elsewhere; `none` is for applications on another site. The refresh cookie stays strict, except with `none`. */
  readonly sameSite?: 'strict' | 'lax' | 'none'
  /** Shares the session with all subdomains of this domain. The refresh cookie stays with its host unless `shareRefresh`. */
  readonly domain?: string
  readonly shareRefresh?: boolean
  /** Sends the refresh cookie to the base path alone: no refresh while rendering on the server. */
  readonly narrowRefresh?: boolean
}

/** A cookie's name and what goes with it each time it is set or cleared. */
export interface PlannedCookie {
  readonly name: string
  readonly attributes: CookieAttributes
}

export interface CookiePlan {
  readonly access: PlannedCookie
  readonly refresh: PlannedCookie
}

/** What decides on the cookies besides their own options. */
export interface CookieSetting {
  readonly origin: URL
  /** Origins beyond the first, exact. */
  readonly others: readonly string[]
  readonly basePath: string
}

/**
 * Names and attributes for one configuration.
 *
 * @throws TypeError naming the option where a browser would drop the cookie or anybody could send it.
 */
export function planCookies(options: CookieOptions, setting: CookieSetting): CookiePlan {
  const { origin, others, basePath } = setting
  const sameSite = options.sameSite ?? 'strict'
  const secure = origin.protocol === 'https:'
  if (!['strict', 'lax', 'none'].includes(sameSite))
    throw new TypeError("cookie.sameSite must be 'strict', 'lax' or 'none'")
  if (sameSite === 'none' && (others.length === 0 || !secure)) {
    throw new TypeError("cookie.sameSite 'none' is for applications on other sites: list them in `origins`, over https")
  }
  for (const name of ['shareRefresh', 'narrowRefresh'] as const) {
    if (typeof (options[name] ?? false) !== 'boolean') throw new TypeError(`cookie.${name} must be true or false`)
  }
  if (options.domain !== undefined) checkDomain(options.domain, origin.hostname)
  if (options.shareRefresh === true && options.domain === undefined) {
    throw new TypeError('cookie.shareRefresh goes with cookie.domain: leave it out')
  }
  const partitioned = sameSite === 'none' ? { partitioned: true } : {}
  const domain = options.domain === undefined ? {} : { domain: options.domain }
  const common = { httpOnly: true, ...(secure ? { secure } : {}), ...partitioned }
  const access: CookieAttributes = { ...common, sameSite, path: '/', ...domain }
  const refresh: CookieAttributes = {
    ...common,
    sameSite: sameSite === 'none' ? 'none' : 'strict',
    path: options.narrowRefresh === true ? basePath : '/',
    ...(options.shareRefresh === true ? domain : {}),
  }
  const port = Number(origin.port || 80)
  const plan = {
    access: { name: secure ? cookieName('handstamp', access) : localCookieName('handstamp', port), attributes: access },
    refresh: {
      name: secure ? cookieName('handstamp-refresh', refresh) : localCookieName('handstamp', port, 'refresh'),
      attributes: refresh,
    },
  }
  // Once at the start rather than at the first sign-in.
  for (const { name, attributes } of [plan.access, plan.refresh]) serializeCookie(name, '', attributes)
  return plan
}

function checkDomain(domain: string, host: string): void {
  if (host !== domain && !host.endsWith(`.${domain}`)) {
    throw new TypeError(
      `cookie.domain "${domain}" is neither the host of the origin nor a parent of it: a browser would drop the cookie`,
    )
  }
  if (domain.split('.').length < 2) {
    throw new TypeError(`cookie.domain "${domain}" is a single label: write a registrable domain such as app.example`)
  }
}
