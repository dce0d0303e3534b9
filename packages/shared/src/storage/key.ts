import { AppError } from '../kernel/index.ts';

const SEGMENT = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * An object key: segments of letters, digits, dot, dash and underscore joined by `/`; none begins with a dot or dash,
 * at most 8 segments and 512 characters. So a key is always safe as a path, in an URL and in a header.
 * @throws AppError `invalid_key`
 */
export function assertKey(key: string): void {
  const segments = key.split('/');
  if (key.length > 512 || segments.length > 8 || !segments.every((segment) => SEGMENT.test(segment))) {
    throw new AppError('invalid_key', { key: key.slice(0, 128), allowed: 'segments of A-Z a-z 0-9 . _ - joined by /' });
  }
}
