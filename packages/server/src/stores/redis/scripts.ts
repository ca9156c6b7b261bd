/**
 * The writes: each is one script, so that Redis does it whole or not at all. Keys are those of one user, in one slot.
 * Times and epochs come as arguments, as text: Lua would write a large number as 1.7e+15.
 * @module
 */
import { createScript, type Script } from './client.ts'

/**
 * The beginning of the keys of a user's sessions, from the key of the index, since a driver may put a prefix before KEYS
 * and not before ARGV; and whether a value lives under an epoch, with its parts.
 */
const prelude = `
local function sessionsOf(index) return string.sub(index, 1, -2) .. 's:' end
local head = '^1:(%d+):(%d+):([%d.]+):([%d.]+):([%d.]+):([%d.]+):([^:]*):()'
local function live(value, epoch, now)
  if not value or not epoch then return nil end
  local version, own, created, expires, seen, idle, user, json = string.match(value, head)
  if own ~= epoch or math.min(tonumber(expires), tonumber(idle)) <= tonumber(now) then return nil end
  return { version = version, created = created, expires = expires, seen = seen, idle = idle, user = user, json = json }
end
local function later(one, other)
  if tonumber(one) > tonumber(other) then return one else return other end
end
local function due(expires, idle)
  return string.format('%.0f', math.ceil(math.min(tonumber(expires), tonumber(idle))))
end
local function keep(key, at)
  local left = redis.call('PTTL', key)
  local now = redis.call('TIME')
  if left < tonumber(at) - (tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)) then redis.call('PEXPIREAT', key, at) end
end
`

/**
 * KEYS: session, epoch, index. ARGV: the epoch that was seen ('' for none), the record's epoch, its version, its times in
 * order, user id, json, now, cap, digest, when to drop the session, when to drop epoch and index,
 * what to do where the user is full.
 */
export const save: Script = createScript(`${prelude}
local expected, epoch, version, created, expires, seen, idle, user, json, now, cap, digest, drop, dropUser, full = unpack(ARGV)
local beginning = sessionsOf(KEYS[3])
local present = redis.call('GET', KEYS[2])
if expected == '' then
  if present then return 'epoch' end
elseif present ~= expected or epoch ~= expected then return 'epoch' end
if live(redis.call('GET', KEYS[1]), present, now) then return 'exists' end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now)
if redis.call('ZCARD', KEYS[3]) >= tonumber(cap) then
  local kept = {}
  for _, other in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
    local value = redis.call('GET', beginning .. other)
    local one = live(value, epoch, now)
    if one then table.insert(kept, { digest = other, seen = tonumber(one.seen) })
    elseif not value or string.match(value, head) then redis.call('ZREM', KEYS[3], other) end
  end
  if full == 'refuse' and #kept >= tonumber(cap) then return 'full' end
  table.sort(kept, function (one, other) return one.seen < other.seen end)
  for at = 1, #kept - tonumber(cap) + 1 do
    redis.call('DEL', beginning .. kept[at].digest)
    redis.call('ZREM', KEYS[3], kept[at].digest)
  end
end
redis.call('SET', KEYS[1], table.concat({ '1', version, epoch, created, expires, seen, idle, user, json }, ':'), 'PXAT', drop)
if not present then redis.call('SET', KEYS[2], epoch) end
redis.call('ZADD', KEYS[3], due(expires, idle), digest)
keep(KEYS[2], dropUser)
keep(KEYS[3], dropUser)
return 'saved'
`)

/**
 * KEYS: session, epoch, index, session under its next id. ARGV: the version expected, the record's epoch, last seen,
 * idle expiry, json, now, digest, next digest, milliseconds by which keys outlive what they hold.
 */
export const replace: Script = createScript(`${prelude}
local expected, epoch, seen, idle, json, now, digest, nextDigest, margin = unpack(ARGV)
local present = redis.call('GET', KEYS[2])
local old = live(redis.call('GET', KEYS[1]), present, now)
if not old or old.version ~= expected or epoch ~= present then return 0 end
if nextDigest ~= digest and redis.call('EXISTS', KEYS[4]) == 1 then return 0 end
seen, idle = later(seen, old.seen), later(idle, old.idle)
local version = string.format('%.0f', tonumber(old.version) + 1)
local at = due(old.expires, idle)
local value = table.concat({ '1', version, epoch, old.created, old.expires, seen, idle, old.user, json }, ':')
if nextDigest ~= digest then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[3], digest)
end
redis.call('SET', KEYS[4], value, 'PXAT', string.format('%.0f', tonumber(at) + tonumber(margin)))
redis.call('ZADD', KEYS[3], at, nextDigest)
local dropUser = string.format('%.0f', math.ceil(tonumber(old.expires)) + tonumber(margin))
keep(KEYS[2], dropUser)
keep(KEYS[3], dropUser)
return 1
`)

/** KEYS: session, epoch, index. ARGV: now, digest. */
export const remove: Script = createScript(`${prelude}
local now, digest = unpack(ARGV)
local old = live(redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2]), now)
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[3], digest)
if old then return 1 else return 0 end
`)

/** KEYS: epoch, index. Answers the epoch, then digests and values in turn. */
export const list: Script = createScript(`${prelude}
local beginning = sessionsOf(KEYS[2])
local answer = { redis.call('GET', KEYS[1]) }
for _, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  local value = redis.call('GET', beginning .. digest)
  if value then
    table.insert(answer, digest)
    table.insert(answer, value)
  end
end
return answer
`)

/**
 * KEYS: epoch, index. ARGV: now, the least epoch, the digest to leave ('' for none), when to drop the epoch,
 * milliseconds by which keys outlive what they hold.
 */
export const removeByUser: Script = createScript(`${prelude}
local now, least, except, drop, margin = unpack(ARGV)
local beginning = sessionsOf(KEYS[2])
local old = redis.call('GET', KEYS[1])
local epoch = least
if old and tonumber(old) + 1 > tonumber(least) then epoch = string.format('%.0f', tonumber(old) + 1) end
local left = redis.call('PTTL', KEYS[1])
redis.call('SET', KEYS[1], epoch)
if left > 0 then redis.call('PEXPIRE', KEYS[1], left) end
keep(KEYS[1], drop)
local kept = except ~= '' and live(redis.call('GET', beginning .. except), old, now)
for _, digest in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do
  if not (kept and digest == except) then
    redis.call('DEL', beginning .. digest)
    redis.call('ZREM', KEYS[2], digest)
  end
end
if kept then
  local value = redis.call('GET', beginning .. except)
  local json = string.sub(value, kept.json)
  local version = string.format('%.0f', tonumber(kept.version) + 1)
  local at = due(kept.expires, kept.idle)
  redis.call('SET', beginning .. except, table.concat({ '1', version, epoch, kept.created, kept.expires, kept.seen, kept.idle, kept.user, json }, ':'), 'PXAT', string.format('%.0f', tonumber(at) + tonumber(margin)))
  redis.call('ZADD', KEYS[2], at, except)
  keep(KEYS[1], string.format('%.0f', math.ceil(tonumber(kept.expires)) + tonumber(margin)))
end
return epoch
`)
