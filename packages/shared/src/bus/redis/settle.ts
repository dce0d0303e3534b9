import { script } from './script.ts';
import { STATE } from './state.ts';

/** Ends claims `id, attempts, …` whose event was handled or buried. */
export const ACKNOWLEDGE = script(
  STATE,
  `
for i = 2, #ARGV, 2 do
  local id, tries = ARGV[i], ARGV[i + 1]
  if is_mine(id, tries) then
    let_go(id)
    redis.call('HDEL', attempts, id)
    redis.call('XACK', events, group, id)
  end
end
`,
);

/**
 * Sets when the entries of claims `id, attempts, …` are next due, in ms from now; they hold their keys until then. With
 * `uncount` 1 the last try does not count. Answers `id attempts` of those that were the caller's.
 */
export const SET_DUE = script(
  STATE,
  `
local due, uncount = now_ms() + tonumber(ARGV[2]), ARGV[3] == '1'
local mine = {}
for i = 4, #ARGV, 2 do
  local id, tries = ARGV[i], ARGV[i + 1]
  if is_mine(id, tries) then
    redis.call('ZREM', leases, id) -- A removal first: see above.
    redis.call('ZADD', leases, due, id)
    if uncount then redis.call('HINCRBY', attempts, id, -1) end
    mine[#mine + 1] = id .. ' ' .. tries
  end
end
return mine
`,
);
