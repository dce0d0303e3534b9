import { script } from './script.ts';
import { STATE } from './state.ts';

/**
 * Lends out up to `limit` entries that are due, one of a key at most. Answers `[more, [id, attempts, json, group]…]`; `more`
 * is 1 when it stopped for having done enough at once, 0 when there was nothing left.
 */
export const CLAIM = script(
  STATE,
  `
local limit, lease_ms, work, most_waiting = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local now = now_ms()
local claims = {}
local knows = {}
for i = 6, #ARGV do knows[ARGV[i]] = true end
redis.call('HDEL', held, '') -- A removal first: see above.

local function lend(entry)
  local key, id = parts_of(entry)
  redis.call('ZADD', leases, now + lease_ms, id)
  redis.call('HSET', entries, id, entry)
  redis.call('HSET', held, key, id)
  redis.call('ZREM', ready, key)
  local stored = redis.call('XRANGE', events, id, id)[1]
  local fields = stored and stored[2] or {}
  claims[#claims + 1] = { id, redis.call('HINCRBY', attempts, id, 1), fields[6] or '', fields[8] or '' }
end

local function put_off(entry)
  redis.call('RPUSH', later, entry)
end

-- What was put off comes back when a consumer knows its type.
for _ = 1, math.min(redis.call('LLEN', later), work) do
  local entry = redis.call('LPOP', later)
  local _, _, type = parts_of(entry)
  if knows[type] then stand_in_line(entry) else put_off(entry) end
end

-- Leases that ran out and retries that are due; they hold their keys, so nothing of those went on meanwhile.
for _, id in ipairs(redis.call('ZRANGEBYSCORE', leases, '-inf', now, 'LIMIT', 0, limit)) do
  local _, _, type = parts_of(redis.call('HGET', entries, id))
  if knows[type] then lend(redis.call('HGET', entries, id)) else put_off(let_go(id)) end
end

-- The first in the line of each key that is ready.
local function serve()
  while #claims < limit and work > 0 do
    local key = redis.call('ZRANGE', ready, 0, 0)[1]
    if not key then return end
    local entry = first_of(key)
    local _, _, type = parts_of(entry)
    redis.call('ZREM', waiting, entry)
    if knows[type] then
      lend(entry)
    else
      put_off(entry)
      make_ready(key)
      work = work - 1
    end
  end
end

-- Fields are stored in the order type, key, event, group (publish.ts).
local function concerns(fields, wanted)
  return wanted[fields[2]] and (fields[8] == nil or fields[8] == group)
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

-- Goes once more over what the group passed by before it took further types. Answers how many entries it saw.
local function read_again(count)
  local replay = redis.call('LINDEX', replays, 0)
  if not replay then return 0 end
  replay = cjson.decode(replay)
  local wanted = set_of(replay.types)
  local found = redis.call('XRANGE', events, replay.from, replay.to, 'COUNT', count)
  for _, item in ipairs(found) do
    local id, fields = item[1], item[2]
    if concerns(fields, wanted) then
      redis.call('XCLAIM', events, group, 'group', 0, id, 'FORCE', 'JUSTID')
      stand_in_line(entry_of(fields[4], id, fields[2]))
    end
  end
  if #found < count then
    redis.call('LPOP', replays)
  else
    replay.from = '(' .. found[#found][1]
    redis.call('LSET', replays, 0, cjson.encode(replay))
  end
  return #found
end

-- Reads on in the log; what does not concern the group is acknowledged unseen. Answers how many entries it saw.
local function read_on(count)
  local reply = redis.call('XREADGROUP', 'GROUP', group, 'group', 'COUNT', count, 'STREAMS', events, '>')
  if not reply then return 0 end
  local found, skipped = reply[1][2], {}
  local wanted = set_of(redis.call('SMEMBERS', types))
  for _, item in ipairs(found) do
    local id, fields = item[1], item[2]
    if concerns(fields, wanted) then
      stand_in_line(entry_of(fields[4], id, fields[2]))
    else
      skipped[#skipped + 1] = id
    end
  end
  if #skipped > 0 then redis.call('XACK', events, group, unpack(skipped)) end
  redis.call('INCRBY', read, #found)
  return #found
end

serve()
local more = work <= 0
while #claims < limit and not more and redis.call('ZCARD', waiting) < most_waiting do
  local count = math.min(work, 32)
  local seen = read_again(count)
  if seen == 0 then seen = read_on(count) end
  if seen == 0 then break end
  work = work - seen
  serve()
  more = work <= 0
end
return { more and 1 or 0, claims }
`,
);
