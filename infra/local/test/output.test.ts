import { expect, test } from 'vitest';
import { banner } from '../src/banner.ts';
import { formatLogLine } from '../src/format.ts';

test('a log record becomes one readable line', () => {
  const line = '{"level":40,"time":"2026-01-02T03:04:05.678Z","service":"jobs","pid":7,"media_id":"m1","why":"no room","msg":"waiting"}';
  expect(formatLogLine(line)).toBe('03:04:05.678 WARN  jobs     waiting media_id=m1 why="no room"');
});

test('an error keeps its stack', () => {
  const line = '{"level":50,"time":"2026-01-02T03:04:05.678Z","service":"jobs","err":{"message":"x","stack":"Error: x\\n    at y"},"msg":"failed"}';
  expect(formatLogLine(line)).toBe('03:04:05.678 ERROR jobs     failed err=Error: x\n    at y');
});

test.each(['plain words', '{"broken', '', '{}'])('what is no record stays as it is: %j', (line) => {
  expect(formatLogLine(line)).toBe(line);
});

test('the token stands on a line of its own', () => {
  expect(banner({ url: 'http://localhost:4000', dataDir: '/data', database: 'embedded', token: 'a.b.c' }).split('\n')).toContain('a.b.c');
});

test('without a token the banner speaks of none', () => {
  expect(banner({ url: 'u', dataDir: 'd', database: 'b' })).not.toContain('Token');
});
