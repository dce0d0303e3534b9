import type { Connection } from './connection.ts';
import type { BusKeys } from './keys.ts';
import { script } from './script.ts';

/** Rounds of one call; each removes some 10,000 events at most. */
const MAX_ROUNDS = 100;

const TRIM = script(`
local events, retention = KEYS[1], tonumber(ARGV[1])
if redis.call('EXISTS', events) == 0 then return 0 end
local oldest_kept = redis.call('TIME')[1] * 1000 - retention

local function keep(id)
  oldest_kept = math.min(oldest_kept, tonumber(id:match('%d+')))
end

for _, info in ipairs(redis.call('XINFO', 'GROUPS', events)) do
  local group = {}
  for i = 1, #info, 2 do group[info[i]] = info[i + 1] end
  keep(group['last-delivered-id'])
  local first_pending = redis.call('XPENDING', events, group['name'])[2]
  if first_pending then keep(first_pending) end
end
return redis.call('XTRIM', events, 'MINID', '~', string.format('%d', math.max(oldest_kept, 0)))
`);

/**
 * Removes events older than `retentionMs` that every group has handled; Redis removes whole blocks of them, so that some of
 * the newest of these stay. Returns how many went.
 */
export async function trimLog(connection: Connection, keys: BusKeys, retentionMs: number): Promise<number> {
  let trimmed = 0;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const gone = Number(await connection.run(TRIM, [keys.events], [retentionMs]));
    if (gone === 0) break;
    trimmed += gone;
  }
  return trimmed;
}
