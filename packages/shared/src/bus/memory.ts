import type { EventType } from '../events/index.ts';
import { AppError, silentLog, type Log } from '../kernel/index.ts';
import { startConsumer, type Consumer } from './consumer.ts';
import type { Claim, DeliveryStore, Letter } from './delivery-store.ts';
import { encodeEvent, type EncodedEvent } from './encode.ts';
import type { Bus } from './port.ts';
import { completeSubscription } from './subscription.ts';
import { unavailable } from './unavailable.ts';

interface Stored extends EncodedEvent {
  seq: number;
  onlyFor?: string | undefined;
}

interface MemoryDelivery {
  stored: Stored;
  attempts: number;
  /** Not before this time, of performance.now. */
  availableAt: number;
}

interface MemoryGroup {
  types: Set<string>;
  deliveries: Map<number, MemoryDelivery>;
}

export interface MemoryDeadLetter extends Letter {
  group: string;
  eventId: string;
}

/** What the buses of several "processes" share in a test: the log, the groups and the dead letters. */
export interface MemoryBroker {
  readonly events: Map<string, Stored>;
  readonly groups: Map<string, MemoryGroup>;
  readonly deadLetters: MemoryDeadLetter[];
  readonly consumers: Set<Consumer>;
}

export interface MemoryBus extends Bus {
  /** Cuts this bus off from its broker, as the death of its process would. */
  disconnect(): void;
}

export function createMemoryBroker(): MemoryBroker {
  return { events: new Map(), groups: new Map(), deadLetters: [], consumers: new Set() };
}

/** The bus for unit tests: every promise of the port, but it all ends with the process, and nothing is ever forgotten. */
export function createMemoryBus({ broker = createMemoryBroker(), log = silentLog }: { broker?: MemoryBroker; log?: Log } = {}): MemoryBus {
  const { events, groups, deadLetters } = broker;
  const own = new Set<Consumer>();
  let connected = true;

  function assertConnected(): void {
    if (!connected) throw unavailable();
  }

  function deliver(group: MemoryGroup, stored: Stored): void {
    group.deliveries.set(stored.seq, { stored, attempts: 0, availableAt: 0 });
  }

  function register(name: string, types: readonly EventType[]): MemoryGroup {
    const group = groups.get(name) ?? { types: new Set(), deliveries: new Map() };
    groups.set(name, group);
    for (const stored of events.values()) {
      const isNew = types.some((type) => type === stored.type) && !group.types.has(stored.type);
      if (isNew && (stored.onlyFor ?? name) === name) deliver(group, stored);
    }
    for (const type of types) group.types.add(type);
    return group;
  }

  function openStore(name: string, group: MemoryGroup, types: readonly EventType[], leaseMs: number): DeliveryStore {
    const { deliveries } = group;
    const mine = ({ id, attempts }: Claim): MemoryDelivery | undefined => {
      assertConnected();
      const delivery = deliveries.get(Number(id));
      return delivery?.attempts === attempts ? delivery : undefined;
    };
    const takes = new Set<string>(types);

    return {
      async claim(limit) {
        assertConnected();
        const now = performance.now();
        const waiting = [...deliveries.values()];
        const held = new Set(waiting.filter(({ availableAt }) => availableAt > now).map(({ stored }) => stored.key));
        const first = new Map<string, MemoryDelivery>();
        for (const one of waiting) {
          const { key, type } = one.stored;
          const rival = first.get(key);
          if (takes.has(type) && !held.has(key) && (rival === undefined || rank(one) < rank(rival))) first.set(key, one);
        }
        return [...first.values()]
          .toSorted((a, b) => a.stored.seq - b.stored.seq)
          .slice(0, limit)
          .map((one) => {
            one.attempts += 1;
            one.availableAt = now + leaseMs;
            const { seq, json, onlyFor } = one.stored;
            const claim = { id: String(seq), attempts: one.attempts, event: JSON.parse(json) as unknown };
            return onlyFor === undefined ? claim : { ...claim, onlyFor };
          });
      },
      async extend(claims) {
        return claims.filter((claim) => {
          const delivery = mine(claim);
          if (delivery !== undefined) delivery.availableAt = performance.now() + leaseMs;
          return delivery !== undefined;
        });
      },
      async acknowledge(claim) {
        if (mine(claim) !== undefined) deliveries.delete(Number(claim.id));
      },
      async retry(claim, delayMs) {
        const delivery = mine(claim);
        if (delivery !== undefined) delivery.availableAt = performance.now() + delayMs;
      },
      async release(claim) {
        const delivery = mine(claim);
        if (delivery !== undefined) Object.assign(delivery, { attempts: delivery.attempts - 1, availableAt: 0 });
      },
      async bury(claim, letter) {
        const delivery = mine(claim);
        if (delivery === undefined) return;
        deliveries.delete(Number(claim.id));
        deadLetters.push({ group: name, eventId: delivery.stored.id, ...letter });
      },
    };
  }

  return {
    transactional: false,

    async publish(event, { transaction, group: onlyFor } = {}) {
      if (transaction !== undefined) throw new TypeError('the memory bus takes no part in transactions');
      assertConnected();
      const encoded = encodeEvent(event);
      const earlier = events.get(encoded.id);
      if (earlier !== undefined && earlier.digest !== encoded.digest) throw new AppError('event_id_conflict', { event_id: encoded.id });
      if (earlier !== undefined) return { duplicate: true };
      const stored = { ...encoded, seq: events.size + 1, onlyFor };
      events.set(stored.id, stored);
      for (const [name, group] of groups) if (group.types.has(stored.type) && (onlyFor ?? name) === name) deliver(group, stored);
      for (const consumer of broker.consumers) consumer.wake();
      return { duplicate: false };
    },

    async subscribe(subscription) {
      assertConnected();
      const complete = completeSubscription(subscription);
      const { group, types, leaseMs } = complete;
      const consumer = startConsumer(openStore(group, register(group, types), types, leaseMs), complete, { log });
      own.add(consumer);
      broker.consumers.add(consumer);
      return {
        stop: async () => {
          await consumer.stop();
          own.delete(consumer);
          broker.consumers.delete(consumer);
        },
      };
    },

    async backlog(group) {
      assertConnected();
      return groups.get(group)?.deliveries.size ?? 0;
    },

    async ready() {
      assertConnected();
    },

    async close() {
      await Promise.all([...own].map((consumer) => consumer.stop()));
      for (const consumer of own) broker.consumers.delete(consumer);
    },

    disconnect() {
      connected = false;
    },
  };
}

/** Who goes first within a key: what was begun, then the oldest. */
function rank({ attempts, stored }: MemoryDelivery): number {
  return attempts > 0 ? stored.seq - Number.MAX_SAFE_INTEGER : stored.seq;
}
