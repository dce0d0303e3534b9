import { pino, type Logger, type LoggerOptions } from 'pino';

export type Log = Logger;
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Keys whose values never reach a log line, at the top of a record or one level down. */
const SECRET_KEYS = ['token', 'authorization', 'password', 'secret', 'signature', 'cookie', 'url'];

/**
 * A JSON logger; every line carries `service`. Secrets are redacted by key. Lines go to standard output or to
 * `destination`.
 */
export function createLog(service: string, level: LogLevel = 'info', destination?: { write(line: string): void }): Log {
  const options: LoggerOptions = {
    level,
    base: { service, pid: process.pid },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`]), censor: '[redacted]' },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return destination ? pino(options, destination) : pino(options);
}

/** A logger that writes nothing, for tests. */
export const silentLog: Log = pino({ level: 'silent' });
