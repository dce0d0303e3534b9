import { ERRORS, type ErrorCode } from '@armoricore/shared/kernel';

/** Fields of an input that are nothing but names of things: all else may be what a user wrote, an address or a token. */
const PLAIN_FIELDS = new Set([
  'media_id', 'user_id', 'notification_id', 'conversation_id', 'message_id', 'sender_id', 'call_id', 'huddle_id', 'reel_id', 'priority', 'language',
]);
const PLAIN_TEXT = /^[\w.:-]{1,128}$/;
const HIDDEN = '(hidden)';

/** A job as Bull Board's API tells of it. */
interface BoardJob {
  id?: unknown;
  progress?: unknown;
  failedReason?: unknown;
  stacktrace?: unknown;
  data?: unknown;
  returnValue?: unknown;
}

/** What operators see of a job: ids, times, states and where it failed, but nothing that a user wrote. */
export function redactJob(job: BoardJob): BoardJob {
  return {
    ...job,
    progress: typeof job.progress === 'number' ? job.progress : null,
    data: redactData(job.data),
    returnValue: job.returnValue === null || job.returnValue === undefined ? null : HIDDEN,
    ...(job.failedReason === undefined ? {} : { failedReason: reasonOf(job.failedReason) }),
    stacktrace: Array.isArray(job.stacktrace) ? job.stacktrace.map(stackOf) : [],
  };
}

/** The input with its plain fields alone; `stored` stays, as it says that the input lies elsewhere. */
function redactData(data: unknown): Record<string, unknown> {
  const { input, stored } = isRecord(data) ? data : {};
  if (stored === true) return { stored: true };
  if (!isRecord(input)) return { input: HIDDEN };
  const fields = Object.entries(input).map(([name, value]) => [name, isPlain(name, value) ? value : HIDDEN] as const);
  return { input: Object.fromEntries(fields) };
}

function isPlain(name: string, value: unknown): boolean {
  return PLAIN_FIELDS.has(name) && ((typeof value === 'string' && PLAIN_TEXT.test(value)) || typeof value === 'number' || typeof value === 'boolean');
}

/** The code of an error and what the code means; what a library said may hold an address, so it is for the dead letter. */
function reasonOf(reason: unknown): string {
  const [, code = ''] = /^(?:\w*Error: )?(\w+)(?::|$)/.exec(String(reason)) ?? [];
  const known: ErrorCode = Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal';
  return `${known}: ${ERRORS[known].message}`;
}

/** The reason, told as above, and the places in the code. */
function stackOf(stack: unknown): string {
  const [first = '', ...others] = String(stack).split('\n');
  return [reasonOf(first), ...others.filter((line) => /^\s+at /.test(line))].join('\n');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
