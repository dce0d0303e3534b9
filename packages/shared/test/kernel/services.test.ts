import { describe, expect, it } from 'vitest';
import { silentLog, startServices, withDeadline, type Service } from '../../src/kernel/index.ts';

const log = silentLog;

function recorded(history: string[], name: string, faults: { start?: boolean; stop?: 'throws' | 'hangs' } = {}): Service {
  return {
    name,
    start: async () => {
      history.push(`start ${name}`);
      if (faults.start) throw new Error(`${name} is broken`);
    },
    stop: async () => {
      history.push(`stop ${name}`);
      if (faults.stop === 'throws') throw new Error(`${name} is stuck`);
      if (faults.stop === 'hangs') await new Promise(() => undefined);
    },
  };
}

describe('services', () => {
  it('start in order and stop in reverse, once', async () => {
    const history: string[] = [];
    const running = await startServices(['a', 'b', 'c'].map((name) => recorded(history, name)), { log });
    expect(await Promise.all([running.stop(), running.stop()])).toEqual([[], []]);
    expect(history).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  it('that were started are stopped when a later one does not start', async () => {
    const history: string[] = [];
    const services = [recorded(history, 'a'), recorded(history, 'b'), recorded(history, 'c', { start: true }), recorded(history, 'd')];
    await expect(startServices(services, { log })).rejects.toThrow(
      expect.objectContaining({ message: 'c did not start', cause: expect.objectContaining({ message: 'c is broken' }) as unknown }) as Error,
    );
    expect(history).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a']);
  });

  it('that fail to stop, or take too long, do not keep the others from stopping', async () => {
    const history: string[] = [];
    const services = [recorded(history, 'a'), recorded(history, 'b', { stop: 'hangs' }), recorded(history, 'c', { stop: 'throws' })];
    const running = await startServices(services, { log, stopDeadlineMs: 20 });
    expect(await running.stop()).toEqual(['c', 'b']);
    expect(history.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  });

  it('may be without start and stop', async () => {
    const running = await startServices([{ name: 'idle' }], { log });
    expect(await running.stop()).toEqual([]);
  });
});

describe('a deadline', () => {
  it('passes on what settles in time and rejects what does not', async () => {
    expect(await withDeadline(Promise.resolve(1), 1_000, 'late')).toBe(1);
    expect(await withDeadline(2, 1_000, 'late')).toBe(2);
    await expect(withDeadline(Promise.reject(new Error('own')), 1_000, 'late')).rejects.toThrow('own');
    await expect(withDeadline(new Promise(() => undefined), 5, 'late')).rejects.toThrow('late');
  });
});
