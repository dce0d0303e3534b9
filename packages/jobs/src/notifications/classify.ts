import type { Outcome, OutcomeKind } from './port.ts';

/** What a provider answered, as far as it decides. */
export interface Answer {
  /** HTTP status or SMTP code; undefined when no answer came. */
  status?: number | undefined;
  /** The provider's own word for what is wrong. */
  code?: string | undefined;
  retryAfterMs?: number | undefined;
}

/** A row of a provider's table. All that is given must match. */
export interface Rule {
  /** One status, or the first and the last of some. */
  status?: number | readonly [from: number, to: number];
  code?: string | RegExp;
  outcome: Exclude<OutcomeKind, 'sent'>;
  /** A wrong setting of ours gets this answer for every address: it proves something only of a provider that has taken messages. */
  onceProven?: true;
  /** The provider as a whole ails, not this one message: enough of these in a row and it is left alone for a while. */
  fault?: true;
}

/**
 * What an answer means: the first row that matches. An answer that no row knows fails, so that nothing is dropped or repeated on a guess.
 * @param proven whether the provider has taken a message from us
 */
export function classify(table: readonly Rule[], answer: Answer, { proven = true }: { proven?: boolean } = {}): Outcome {
  const rule = table.find((row) => matches(row, answer));
  const reason = (answer.code ?? (answer.status === undefined ? 'no_answer' : `status_${answer.status}`)).slice(0, 128);
  if (rule === undefined || (rule.onceProven === true && !proven)) return { kind: 'fail', reason };
  if (rule.outcome !== 'retry') return { kind: rule.outcome, reason };
  return { kind: 'retry', reason, afterMs: answer.retryAfterMs, fault: rule.fault ?? false };
}

function matches({ status, code }: Rule, answer: Answer): boolean {
  const [from, to] = typeof status === 'object' ? status : [status, status];
  const statusFits = from === undefined || (answer.status !== undefined && answer.status >= from && answer.status <= to!);
  const codeFits = code === undefined || (typeof code === 'string' ? answer.code === code : answer.code !== undefined && code.test(answer.code));
  return statusFits && codeFits;
}

/** `Retry-After` of HTTP (RFC 9110 §10.2.3), seconds or a date, in ms; undefined when there is none or it makes no sense. */
export function retryAfterMs(header: string | readonly string[] | null | undefined, now: number = Date.now()): number | undefined {
  const text = typeof header === 'string' ? header.trim() : undefined;
  if (text === undefined || text === '') return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}
