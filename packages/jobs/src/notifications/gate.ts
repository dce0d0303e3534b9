import { setTimeout as sleep } from 'node:timers/promises';
import { AppError, createBreaker, describeError, type Breaker, type Log, type Service } from '@armoricore/shared/kernel';
import type { Outcome, Provider } from './port.ts';
import { createRateLimit } from './rate.ts';

/** A provider that refuses our credentials is asked again after this, by one call, in ms. */
const MISCONFIGURED_MS = 60_000;
/** Longest wait for one's turn with the message in hand, in ms; beyond it goes back. */
const TURN_MS = 1_000;
/** When to come again to a provider that is left alone, in ms. */
const LATER_MS = 5_000;
/** Calls of one provider at once. */
const MOST_CALLS = 100;

/** The provider was not called; what was to be sent waits. */
export interface Held {
  kind: 'held';
  reason: string;
  afterMs: number;
}

/** A provider with what spares it, us and the addresses: a rate, a breaker, and a stop when our own settings are wrong. */
export interface Gate<To, Message> {
  readonly name: string;
  readonly breaker: Breaker;
  /**
   * Delivers one message. `begin` is called when the provider may be called, right before: it marks the message as being sent, or
   * says that it is not to be sent any more, which resolves to null.
   */
  send(to: To, message: Message, begin: () => Promise<boolean>): Promise<Outcome | Held | null>;
  /** What the provider says of our settings; null when nothing. */
  misconfigured(): string | null;
  /** `degraded` as long as the settings are refused. */
  service: Service;
}

export interface GateOptions {
  perSecond: number;
  log: Log;
  /** How long a provider that refuses our credentials is left alone, in ms. */
  misconfiguredMs?: number | undefined;
}

export function createGate<To, Message>(provider: Provider<To, Message>, options: GateOptions): Gate<To, Message> {
  const { perSecond, log, misconfiguredMs = MISCONFIGURED_MS } = options;
  const { name } = provider;
  const rate = createRateLimit(perSecond);
  const breaker = createBreaker(name, { isFailure: (error) => error instanceof Fault });
  let refusal: { reason: string; until: number } | null = null;
  let calls = 0;

  function refuse(reason: string): void {
    if (refusal === null) log.error({ provider: name, reason }, 'a provider refuses our credentials or settings: nothing is sent by it until they are right');
    refusal = { reason, until: performance.now() + misconfiguredMs };
  }

  async function call(to: To, message: Message): Promise<Outcome> {
    try {
      return await breaker.execute(async () => {
        const outcome = await provider.send(to, message);
        if (outcome.kind === 'retry' && outcome.fault) throw new Fault(outcome);
        return outcome;
      });
    } catch (error) {
      if (error instanceof Fault) return error.outcome;
      throw error;
    }
  }

  /** Why the provider may not be called now; null when it may. */
  function closed(): Held | null {
    if (refusal === null) return calls < MOST_CALLS ? null : { kind: 'held', reason: 'busy', afterMs: LATER_MS / 10 };
    const left = refusal.until - performance.now();
    if (left > 0) return { kind: 'held', reason: 'misconfigured', afterMs: left };
    refusal.until = performance.now() + misconfiguredMs; // One goes to see; the others wait on.
    return null;
  }

  async function deliver(to: To, message: Message): Promise<Outcome | Held> {
    try {
      const outcome = await call(to, message);
      if (outcome.kind === 'misconfigured') refuse(outcome.reason);
      else if (outcome.kind !== 'retry' && refusal !== null) {
        log.info({ provider: name }, 'the provider takes our credentials again');
        refusal = null;
      }
      return outcome;
    } catch (error) {
      if (error instanceof AppError && error.code === 'unavailable') {
        return { kind: 'held', reason: 'breaker_open', afterMs: Number(error.details['retry_after_ms'] ?? LATER_MS) };
      }
      log.error({ provider: name, reason: describeError(error) }, 'an adapter threw');
      return { kind: 'retry', reason: 'internal', fault: true };
    }
  }

  return {
    name,
    breaker,
    async send(to, message, begin) {
      const held = closed();
      if (held !== null) return held;
      const wait = rate.take(TURN_MS);
      if (wait === null) return { kind: 'held', reason: 'rate_limited', afterMs: TURN_MS };
      calls += 1;
      try {
        if (wait > 0) await sleep(wait);
        return (await begin()) ? await deliver(to, message) : null;
      } finally {
        calls -= 1;
      }
    },

    misconfigured: () => refusal?.reason ?? null,
    service: {
      name,
      ready() {
        if (refusal !== null) throw new Error(`the provider refuses our credentials or settings: ${refusal.reason}`);
      },
      stop: () => provider.close?.(),
    },
  };
}

class Fault extends Error {
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    super('the provider ails');
    this.outcome = outcome;
  }
}
