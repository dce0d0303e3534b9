import { AppError, silentLog } from '@armoricore/shared/kernel';
import type { PresenceStatus } from '@armoricore/shared/events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { createPresenceReports, mostPresent, type PresenceReport } from '../../src/domain/presence-reports.ts';

/** Reports to a bus that does as it is told. */
function reporting({ fail = (): AppError | undefined => undefined, intervalMs = 20, most = 10_000 } = {}) {
  const published: PresenceReport[][] = [];
  const reports = createPresenceReports({
    async publish(batch) {
      const error = fail();
      if (error !== undefined) throw error;
      if (batch.some(({ userId }) => userId === 'poison')) throw new AppError('invalid_event');
      await Promise.resolve();
      published.push([...batch]);
    },
    log: silentLog,
    intervalMs,
    most,
  });
  onTestFinished(() => reports.service.stop());
  const note = (userId: string, status: PresenceStatus, topic = 'presence:1'): void => reports.note({ userId, topic, read: () => status });
  return { reports, published, note, told: () => published.flat().map(({ userId, status }) => `${userId} ${status}`) };
}

describe('reports of presence', () => {
  it('merge what comes within the interval: the last state of each user and topic counts', async () => {
    const { note, published } = reporting();
    for (let turn = 0; turn < 1_000; turn += 1) note('anna', turn % 2 === 0 ? 'online' : 'offline');
    note('anna', 'away', 'presence:2');
    note('ben', 'busy');
    await waitFor(() => published.length === 1);
    expect(published[0]).toEqual([
      { userId: 'anna', topic: 'presence:1', status: 'offline' },
      { userId: 'anna', topic: 'presence:2', status: 'away' },
      { userId: 'ben', topic: 'presence:1', status: 'busy' },
    ]);
    note('ben', 'online');
    await waitFor(() => published.length === 2);
  });

  it('read the state when they are told, not when it changed', async () => {
    const { reports, told } = reporting();
    let status: PresenceStatus = 'online';
    reports.note({ userId: 'anna', topic: 't', read: () => status });
    status = 'offline';
    await waitFor(() => told().length === 1);
    expect(told()).toEqual(['anna offline']);
  });

  it('wait while the bus does not answer, and are told at the end of the process', async () => {
    let down = true;
    const { reports, note, told } = reporting({ fail: () => (down ? new AppError('unavailable') : undefined) });
    note('anna', 'online');
    note('ben', 'online');
    await expect(reports.service.stop()).rejects.toThrow('does not answer');
    down = false;
    note('anna', 'away');
    await reports.service.stop();
    expect(told().toSorted()).toEqual(['anna away', 'ben online']);
  });

  it('are not held up by one that cannot be published', async () => {
    const { note, told } = reporting();
    for (const user of ['anna', 'poison', 'ben']) note(user, 'online');
    await waitFor(() => told().length === 2);
    expect(told()).toEqual(['anna online', 'ben online']);
  });

  it('that are too many are dropped and counted; a change of one that waits is not', async () => {
    const { reports, note, told } = reporting({ most: 2 });
    for (const user of ['anna', 'ben', 'cleo']) note(user, 'online');
    note('anna', 'away');
    await waitFor(() => told().length === 2);
    expect([told(), reports.dropped]).toEqual([['anna away', 'ben online'], 1]);
  });
});

it('of several devices the most present counts', () => {
  expect(mostPresent([])).toBe('offline');
  expect(mostPresent(['away', 'busy', 'offline'])).toBe('busy');
  expect(mostPresent(['offline', 'away'])).toBe('away');
  expect(mostPresent(['busy', 'online'])).toBe('online');
});
