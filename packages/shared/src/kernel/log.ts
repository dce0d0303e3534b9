import { pino, type Logger } from 'pino';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Keys whose values never reach a log line, at the top of a record or one level down. */
const SECRET_KEYS = ['token', 'authorization', 'password', 'secret', 'signature', 'cookie', 'url'];

/** A JSON logger on standard output; every line carries `service`. Secrets are redacted by key. */
export function createLog(service: string, level: LogLevel = 'info'): Log {
  return pino({
    level,
    base: { service, pid: process.pid },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  });
}

/** A logger that writes nothing, for tests. */
export const silentLog: Log = pino({ level: 'silent' });
