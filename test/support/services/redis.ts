import { startService, type Service } from './process.ts';
import { HOST, serverPort } from './tcp.ts';

/** How many databases a server has; number 0 is kept for the counter of `freshRedis`. */
export const REDIS_DATABASES = 1_000;

export interface RedisOptions {
  /** Settings of redis.conf, like `maxmemory`. */
  settings?: Record<string, string | number>;
}

/** A private Redis, at `redis://…` without a database number. It appends to a file, so a restart keeps the data. */
export function startRedis({ settings = {} }: RedisOptions = {}): Promise<Service> {
  return startService({
    name: 'redis',
    prepare: async (dir) => {
      const port = await serverPort();
      const all = { bind: HOST, port, dir, databases: REDIS_DATABASES, save: '', appendonly: 'yes', appendfsync: 'everysec', ...settings };
      return { command: ['redis-server', ...Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)])], port };
    },
    hello: { words: 'PING\r\n', answer: /\+PONG/ },
    url: (port) => `redis://${HOST}:${port}`,
  });
}
