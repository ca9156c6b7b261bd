/**
 * Times, sizes and browsers in words.
 * @module
 */

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const day = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
})

export function sayTime(at: number): string {
  return clock.format(at)
}

/** The time of a day that may not be today. */
export function sayMoment(at: number): string {
  return new Date(at).toDateString() === new Date().toDateString() ? clock.format(at) : day.format(at)
}

/** `just now`, `4 min ago`, or the moment. */
export function sayAgo(at: number): string {
  const seconds = Math.max(0, Math.round((Date.now() - at) / 1000))
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${seconds} s ago`
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min ago` : sayMoment(at)
}

/** What is left of a time: `4:05`, or hours and days. */
export function sayLeft(until: number): string {
  const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000))
  if (seconds >= 172_800) return `${Math.floor(seconds / 86_400)} days`
  if (seconds >= 7_200) return `${Math.floor(seconds / 3_600)} h`
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/** A user agent as a person would name it; guessed, since that is all that a user agent allows. */
export function sayBrowser(userAgent: string | undefined): string {
  if (userAgent === undefined) return 'Unknown browser'
  const browsers = [
    ['Edg/', 'Edge'],
    ['OPR/', 'Opera'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
    ['curl/', 'curl'],
  ] as const
  const systems = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'macOS'],
    ['Linux', 'Linux'],
  ] as const
  const browser = browsers.find(([mark]) => userAgent.includes(mark))?.[1]
  const system = systems.find(([mark]) => userAgent.includes(mark))?.[1]
  if (browser === undefined) return userAgent.slice(0, 40)
  return system === undefined ? browser : `${browser} on ${system}`
}

/** The first and last characters of a long text. */
export function shorten(text: string, head = 8, tail = 4): string {
  return text.length > head + tail + 4 ? `${text.slice(0, head)}…${text.slice(-tail)}` : text
}
