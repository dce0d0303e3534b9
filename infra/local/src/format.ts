const LEVELS: Readonly<Record<number, string>> = { 10: 'TRACE', 20: 'DEBUG', 30: 'INFO', 40: 'WARN', 50: 'ERROR', 60: 'FATAL' };

/**
 * A JSON log line as a person reads it: time, level, service, message, and the rest as `key=value`. A line that is no
 * record of the logger stays as it is.
 */
export function formatLogLine(line: string): string {
  const record = parse(line);
  if (!record) return line;
  const { time, level, service, msg, pid: _pid, ...rest } = record;
  const clock = typeof time === 'string' ? time.slice(11, 23) : '';
  const head = [clock, (LEVELS[Number(level)] ?? '').padEnd(5), words(service).padEnd(8), words(msg)];
  const fields = Object.entries(rest).map(([key, value]) => `${key}=${show(value)}`);
  return [...head, ...fields].join(' ');
}

function parse(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const record = JSON.parse(line) as Record<string, unknown>;
    return 'level' in record ? record : undefined;
  } catch {
    return undefined;
  }
}

function words(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function show(value: unknown): string {
  if (isErrorRecord(value)) return value.stack;
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

function isErrorRecord(value: unknown): value is { stack: string } {
  return typeof value === 'object' && value !== null && 'stack' in value && typeof value.stack === 'string';
}
