import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from 'cockatiel';
import { AppError } from './errors.ts';

/** *Closed*: calls go through. *Open*: they are refused. *Half open*: one call tries whether the service is back. */
export type BreakerState = 'closed' | 'open' | 'half_open';

const STATES: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Isolated]: 'open',
};

export interface BreakerOptions {
  /** Failures in a row that open it; default 5. */
  failures?: number;
  /** How long it stays open before one call may try, in ms; default 10,000. */
  openMs?: number;
  /** Whether an error is the fault of the service; by default what is no AppError, and AppErrors that are transient. */
  isFailure?: (error: unknown) => boolean;
}

export interface Breaker {
  /** Of the service. */
  readonly name: string;
  readonly state: BreakerState;
  /**
   * Calls the service.
   * @throws AppError `unavailable` with `retry_after_ms` when it is open; what `call` throws
   */
  execute<T>(call: () => Promise<T>): Promise<T>;
  /** Tells of each change until the function that is returned is called. */
  onChange(listener: (state: BreakerState) => void): () => void;
}

/** A circuit breaker: stops calling a service that fails, so that its callers fail fast and it can recover. */
export function createBreaker(name: string, { failures = 5, openMs = 10_000, isFailure = isServiceFailure }: BreakerOptions = {}): Breaker {
  const policy = circuitBreaker(handleWhen(isFailure), { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: openMs });
  let openedAt = 0;
  policy.onBreak(() => (openedAt = Date.now()));
  return {
    name,
    get state() {
      return STATES[policy.state];
    },
    async execute(call) {
      try {
        return await policy.execute(call);
      } catch (error) {
        if (!(error instanceof BrokenCircuitError)) throw error;
        const retryAfterMs = Math.max(0, openedAt + openMs - Date.now());
        throw new AppError('unavailable', { service: name, retry_after_ms: retryAfterMs }, { cause: policy.lastFailure });
      }
    },
    onChange(listener) {
      const subscription = policy.onStateChange((state) => listener(STATES[state]));
      return () => subscription.dispose();
    },
  };
}

function isServiceFailure(error: unknown): boolean {
  if (error instanceof Error && error.name === 'AbortError') return false; // The caller's own wish.
  return !(error instanceof AppError) || error.class === 'transient';
}
