import type { EventType } from '../../events/index.ts';
import type { Connection } from './connection.ts';
import type { BusKeys } from './keys.ts';
import { script } from './script.ts';
import { STATE } from './state.ts';

const REGISTER = script(
  STATE,
  `
local published = KEYS[12]
redis.call('SREM', types, '') -- A removal first: see above.
local created = redis.pcall('XGROUP', 'CREATE', events, group, '0', 'MKSTREAM')
if not created.err then
  -- What an earlier group of this name left would point to entries that this one reads anew.
  for i = 2, 11 do redis.call('DEL', KEYS[i]) end
  for i = 2, #ARGV do redis.call('SADD', types, ARGV[i]) end
  redis.call('SET', read, (redis.call('GET', published) or 0) - redis.call('XLEN', events))
  return
end
if not created.err:find('BUSYGROUP', 1, true) then return created end

local added = {}
for i = 2, #ARGV do
  if redis.call('SADD', types, ARGV[i]) == 1 then added[#added + 1] = ARGV[i] end
end
if #added == 0 then return end
for _, info in ipairs(redis.call('XINFO', 'GROUPS', events)) do
  local fields = {}
  for i = 1, #info, 2 do fields[info[i]] = info[i + 1] end
  if fields['name'] == group then
    redis.call('RPUSH', replays, cjson.encode({ types = added, from = '-', to = fields['last-delivered-id'] }))
  end
end
`,
);

/**
 * Makes a group that begins with the oldest event of the log, or widens the types that it takes; the events of the new types
 * that it passed by are read again. Types are only ever added: during a rolling deploy older and newer consumers of a group
 * run side by side.
 */
export async function registerGroup(connection: Connection, keys: BusKeys, group: string, types: readonly EventType[]): Promise<void> {
  await connection.run(REGISTER, [...keys.ofGroup(group), keys.published], [group, ...types]);
}

const BACKLOG = script(
  STATE,
  `
local unread = (redis.call('GET', KEYS[12]) or 0) - (redis.call('GET', read) or 0)
local pending = redis.pcall('XPENDING', events, group)
if pending.err then return pending.err:find('NOGROUP', 1, true) and 0 or pending end
return unread + pending[1]
`,
);

/** What a group has read and not handled, and all that it has not read. */
export async function backlogOf(connection: Connection, keys: BusKeys, group: string): Promise<number> {
  return Number(await connection.run(BACKLOG, [...keys.ofGroup(group), keys.published], [group]));
}
