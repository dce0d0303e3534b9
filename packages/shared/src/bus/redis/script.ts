import { createHash } from 'node:crypto';

/** A Lua script: Redis runs it as one step, so that nobody sees half of it. */
export interface Script {
  lua: string;
  /** Its name in Redis. */
  sha: string;
}

export function script(...parts: string[]): Script {
  const lua = parts.join('\n');
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}
