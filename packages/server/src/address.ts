/**
 * Owns IP addresses: reading them in every spelling, the network and the source they belong to, and the peer behind proxies.
 * @module
 */

/** An address by its value. An IPv4 address inside IPv6 (`::ffff:192.0.2.1`) is the IPv4 address (RFC 4291 §2.5.5.2). */
export interface Address {
  readonly family: 4 | 6
  /** Most significant first: 4 bytes of IPv4, 8 groups of 16 bits of IPv6. */
  readonly parts: readonly number[]
}

/**
 * Answers the address that a text spells, or undefined. IPv4 is four decimal numbers without leading zeros, since some
 * readers take those as octal; IPv6 is any spelling of RFC 4291 §2.2, and a zone (`%eth0`) is dropped.
 *
 * @example
 * ```ts
 * parseAddress('::FFFF:192.0.2.1') // { family: 4, parts: [192, 0, 2, 1] }
 * ```
 */
export function parseAddress(text: string): Address | undefined {
  // The longest spelling has 45 characters; the rest is room for a zone.
  if (text.length > 80) return undefined
  if (!text.includes(':')) {
    const parts = readIPv4(text)
    return parts && { family: 4, parts }
  }
  const groups = readIPv6(text.replace(/%[A-Za-z0-9_.-]+$/, ''))
  if (groups === undefined) return undefined
  const [high = 0, low = 0] = groups.slice(6)
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0)
  return mapped ? { family: 4, parts: [high >> 8, high & 255, low >> 8, low & 255] } : { family: 6, parts: groups }
}

/**
 * Answers the network that an address is compared by when a session is bound to it: /24 of IPv4, /64 of IPv6; equal
 * networks have equal texts, and the families never meet. Undefined where the text is no address.
 *
 * @example
 * ```ts
 * networkOf('192.0.2.1') // '192.0.2.0/24'
 * ```
 */
export function networkOf(text: string): string | undefined {
  const address = parseAddress(text)
  if (address?.family === 4) return `${address.parts.slice(0, 3).join('.')}.0/24`
  return address && network64(address)
}

/**
 * Answers what one household or machine is counted by: the whole of IPv4, /64 of IPv6, of which every customer has at
 * least one to choose addresses from. Undefined where the text is no address.
 *
 * @example
 * ```ts
 * sourceOf('2001:db8::1') === sourceOf('2001:0DB8:0:0:ffff::2') // true
 * ```
 */
export function sourceOf(text: string): string | undefined {
  const address = parseAddress(text)
  if (address?.family === 4) return address.parts.join('.')
  return address && network64(address)
}

/** What is known of the way a request came. */
export interface Hops {
  /** The socket's own peer, e.g. `socket.remoteAddress`. */
  readonly remote: string | undefined
  /** `X-Forwarded-For`, if that is the header that the proxies write. */
  readonly forwardedFor?: string | null | undefined
  /** `Forwarded` (RFC 7239), if that is the header that the proxies write. */
  readonly forwarded?: string | null | undefined
  /** How many proxies stand in front, or their addresses and networks (`10.0.0.0/8`). Absent or 0: no header is believed. */
  readonly trustedProxies?: TrustedProxies | undefined
}

/** How many proxies stand in front, or which: addresses, or networks such as `10.0.0.0/8`. */
export type TrustedProxies = number | readonly string[]

/**
 * Answers the address of the peer: the right-most hop that is not one of our proxies, since each proxy appends the one
 * it saw and everything further left is the client's own claim. Where a hop cannot be read, or two headers say
 * different things, it is the nearest hop that is certain, so that nobody becomes unknown by sending nonsense.
 *
 * @throws TypeError when `trustedProxies` is no count, or an entry neither an address nor a network. With `remote`
 * undefined it answers undefined at once, which is how an adapter checks its options.
 *
 * @example
 * ```ts
 * peerAddress({ remote: '10.0.0.1', forwardedFor: '6.6.6.6, 192.0.2.1', trustedProxies: 1 }) // '192.0.2.1'
 * ```
 */
export function peerAddress(hops: Hops): string | undefined {
  const { remote, trustedProxies = 0 } = hops
  const trusted = typeof trustedProxies === 'number' ? byCount(trustedProxies) : byAddress(trustedProxies)
  const lists = [readForwardedFor(hops.forwardedFor), readForwarded(hops.forwarded)].filter((list) => list.length > 0)
  const [first = [], second] = lists
  const before = second === undefined || first.join() === second.join() ? first : []
  let certain = remote
  for (let hop = 0; hop < before.length && trusted(certain, hop); hop += 1) {
    const next = before[before.length - 1 - hop]
    if (next === undefined || parseAddress(next) === undefined) break
    certain = next
  }
  return certain
}

const proxiesWanted = "trustedProxies takes how many proxies there are, or addresses and networks such as '10.0.0.0/8'"

function byCount(count: number): (address: string | undefined, hop: number) => boolean {
  if (!Number.isInteger(count) || count < 0) throw new TypeError(proxiesWanted)
  return (_address, hop) => hop < count
}

// The list is an option, the same array at every request, and read once.
const networksOf = new WeakMap<readonly string[], readonly Network[]>()

function byAddress(entries: readonly string[]): (address: string | undefined) => boolean {
  if (!Array.isArray(entries)) throw new TypeError(proxiesWanted)
  const networks = networksOf.get(entries) ?? entries.map(readNetwork)
  networksOf.set(entries, networks)
  return (text) => {
    const address = text === undefined ? undefined : parseAddress(text)
    return address !== undefined && networks.some((network) => contains(network, address))
  }
}

interface Network extends Address {
  readonly bits: number
}

function readNetwork(entry: string): Network {
  const [text = '', length, ...rest] = entry.split('/')
  const address = parseAddress(text)
  const width = address?.family === 4 ? 32 : 128
  const bits = length === undefined ? width : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN
  if (address === undefined || rest.length > 0 || !(bits <= width)) {
    throw new TypeError(proxiesWanted)
  }
  return { ...address, bits }
}

function contains(network: Network, address: Address): boolean {
  if (network.family !== address.family) return false
  const width = network.family === 4 ? 8 : 16
  let left = network.bits
  for (let at = 0; left > 0; at += 1, left -= width) {
    const shift = Math.max(0, width - left)
    if ((network.parts[at] ?? 0) >> shift !== (address.parts[at] ?? 0) >> shift) return false
  }
  return true
}

function readForwardedFor(header: string | null | undefined): readonly string[] {
  return header ? header.split(',').map(withoutPort) : []
}

// RFC 7239 §4. A quoted string with a comma in it would be split, and its halves are then no addresses.
function readForwarded(header: string | null | undefined): readonly string[] {
  if (!header) return []
  return header.split(',').map((element) => withoutPort(/(?:^|;)\s*for=("[^"]*"|[^;\s]*)/i.exec(element)?.[1] ?? ''))
}

function withoutPort(node: string): string {
  const text = node.trim().replace(/^"(.*)"$/, '$1')
  return /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([^:]+):\d+$/.exec(text)?.[1] ?? text
}

function network64(address: Address): string {
  return `${address.parts
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`
}

function readIPv4(text: string): readonly number[] | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  const parts = match.slice(1).map(Number)
  return parts.every((part) => part < 256) && parts.join('.') === text ? parts : undefined
}

function readIPv6(text: string): readonly number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, at) => readGroups(half, at === halves.length - 1))
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 8 ? head : undefined
  if (tail === undefined || head.length + tail.length > 7) return undefined
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail]
}

function readGroups(text: string, last: boolean): readonly number[] | undefined {
  if (text === '') return []
  const groups: number[] = []
  const words = text.split(':')
  for (const [at, word] of words.entries()) {
    const embedded = last && at === words.length - 1 && word.includes('.') ? readIPv4(word) : undefined
    if (embedded !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = embedded
      groups.push((a << 8) | b, (c << 8) | d)
    } else if (/^[0-9A-Fa-f]{1,4}$/.test(word)) groups.push(Number.parseInt(word, 16))
    else return undefined
  }
  return groups
}
