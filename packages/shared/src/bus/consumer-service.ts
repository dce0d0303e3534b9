import type { EventType } from '../events/index.ts';
import type { Service } from '../kernel/index.ts';
import type { Bus, Subscription, SubscriptionOptions } from './port.ts';

/** A subscription as a part of a process: it begins with `start` and ends with `stop`. */
export function consumerService<T extends EventType>(name: string, bus: Bus, options: SubscriptionOptions<T>): Service {
  let subscription: Subscription | undefined;
  return {
    name,
    async start() {
      subscription = await bus.subscribe(options);
    },
    stop: () => subscription?.stop(),
  };
}
