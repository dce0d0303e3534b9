import type { Redis } from 'ioredis';
import type { Log } from '../../kernel/index.ts';

/** Says so when this Redis is set up to lose events: a restart or a full memory would take some. */
export async function warnOfLosses(client: Redis, log: Log): Promise<void> {
  const info = `${await client.info('persistence')}\n${await client.info('memory')}`;
  const settings = new Map(info.split(/\r?\n/).map((line) => line.split(':', 2) as [string, string]));
  const policy = settings.get('maxmemory_policy');
  if (settings.get('aof_enabled') === '0') log.warn('Redis has appendonly off: a restart loses events');
  if (policy !== undefined && policy !== 'noeviction') log.warn({ policy }, 'Redis has a maxmemory-policy other than noeviction: a full memory loses events');
}
