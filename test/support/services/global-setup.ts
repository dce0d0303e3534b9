import type { TestProject } from 'vitest/node';
import { startNats } from './nats.ts';
import type { Service } from './process.ts';
import { startRabbit } from './rabbitmq.ts';
import { startRedis } from './redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The private servers of this run, shared by its tests: keep apart by `freshRedis()` and `freshName()`. */
    redisUrl: string;
    natsUrl: string;
    rabbitUrl: string;
  }
}

type Brokers = readonly [redis: Service, nats: Service, rabbit: Service];

/** Each project imports this file anew; what they share hangs on the process. */
const run = globalThis as { armoricoreBrokers?: { users: number; started: Promise<Brokers> } | undefined };

/** Starts the servers for the first project that has tests to run, and stops them with the last. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (run.armoricoreBrokers ??= { users: 0, started: startAll() });
  const [redis, nats, rabbit] = await shared.started;
  project.provide('redisUrl', redis.url);
  project.provide('natsUrl', nats.url);
  project.provide('rabbitUrl', rabbit.url);
  shared.users += 1;
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    run.armoricoreBrokers = undefined;
    await Promise.all([redis.stop(), nats.stop(), rabbit.stop()]);
  };
}

async function startAll(): Promise<Brokers> {
  const starting = [startRedis(), startNats(), startRabbit()] as const;
  try {
    return await Promise.all(starting);
  } catch (error) {
    for (const outcome of await Promise.allSettled(starting)) if (outcome.status === 'fulfilled') await outcome.value.stop();
    throw error;
  }
}
