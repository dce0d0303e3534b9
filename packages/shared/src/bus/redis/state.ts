/**
 * The part that the scripts of a group share. A group has read the log up to the `last-delivered-id` of its consumer group.
 * What it read and has not handled is pending there, and of these entries each is in one place here:
 *
 *   waiting  in line behind its key (all keys in one sorted set)
 *   leases   with a consumer, until the time that is its score; or failed, and due again then
 *   later    of a type that only newer consumers of the group know
 *
 * A key with an entry in `leases` is `held` by it; one with entries in line alone is `ready`.
 * Scripts that a group needs to go on remove something first: then Redis does not refuse them when its memory is full.
 */
export const STATE = `
local events, types, waiting, ready, held, leases, entries, attempts, later, replays, read = unpack(KEYS)
local group = ARGV[1]

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- An entry is 'key NUL id NUL type', with an id of fixed length: in alphabetical order a key's entries stand by age.
local function entry_of(key, id, type)
  return key .. '\\0' .. string.format('%015d-%010d', id:match('(%d+)-(%d+)')) .. '\\0' .. type
end

local function parts_of(entry)
  local key, ms, number, type = entry:match('^(%Z+)%z(%d+)-(%d+)%z(%Z+)$')
  return key, string.format('%d-%d', ms, number), type, tonumber(ms)
end

-- The first in the line of a key.
local function first_of(key)
  return redis.call('ZRANGEBYLEX', waiting, '[' .. key .. '\\0', '(' .. key .. '\\1', 'LIMIT', 0, 1)[1]
end

-- A key that nobody holds is ready when somebody stands in its line. Keys are served by the age of that entry.
local function make_ready(key)
  local first = first_of(key)
  if first then
    local _, _, _, ms = parts_of(first)
    redis.call('ZADD', ready, ms, key)
  else
    redis.call('ZREM', ready, key)
  end
end

local function stand_in_line(entry)
  local key = parts_of(entry)
  redis.call('ZADD', waiting, 0, entry)
  if redis.call('HEXISTS', held, key) == 0 then make_ready(key) end
end

-- Ends the lease of an entry; the next of its key may go.
local function let_go(id)
  local entry = redis.call('HGET', entries, id)
  local key = parts_of(entry)
  redis.call('ZREM', leases, id)
  redis.call('HDEL', entries, id)
  redis.call('HDEL', held, key)
  make_ready(key)
  return entry
end

-- Whether a claim is still that of the caller: nobody has claimed the entry since.
local function is_mine(id, tries)
  return redis.call('HGET', attempts, id) == tries and redis.call('ZSCORE', leases, id)
end
`;
