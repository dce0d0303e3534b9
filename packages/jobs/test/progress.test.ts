import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createPace, createProgress, type Progress } from '../src/media/progress.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function reporter(floor = 0) {
  const sent: Progress[] = [];
  const errors: unknown[] = [];
  const send = vi.fn(async (progress: Progress) => void sent.push(progress));
  const progress = createProgress({ floor, playable: false, send, onError: (error) => errors.push(error), now: () => Date.now() });
  return { progress, sent, send, errors };
}

describe('progress', () => {
  test('goes out at most every 500 ms, and then the newest', async () => {
    const { progress, sent } = reporter();
    progress.update('probe', 0);
    await vi.advanceTimersByTimeAsync(0);
    for (let i = 1; i <= 10; i++) progress.update('transcode', i / 100);
    await vi.advanceTimersByTimeAsync(499);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toMatchObject([{ stage: 'probe', percent: 0 }, { stage: 'transcode', percent: 10.6 }]);
  });

  test('never falls, not even under what an earlier try reached', async () => {
    const { progress, sent } = reporter(50);
    progress.update('probe', 0);
    await vi.advanceTimersByTimeAsync(500);
    progress.update('transcode', 0.8);
    await vi.advanceTimersByTimeAsync(500);
    progress.update('transcode', 0.1);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent.map(({ percent }) => percent)).toEqual([50, 70.8]);
  });

  test('stays within its stage, whatever fraction comes', async () => {
    const { progress, sent } = reporter();
    progress.update('transcode', 7);
    await vi.advanceTimersByTimeAsync(500);
    progress.update('publish', 2);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent.map(({ percent }) => percent)).toEqual([88, 100]);
  });

  test('estimates what remains by the pace of the encoder, not by that of what came before', async () => {
    const { progress, sent } = reporter();
    progress.update('probe', 0);
    await vi.advanceTimersByTimeAsync(60_000); // A slow download.
    progress.update('transcode', 0);
    await vi.advanceTimersByTimeAsync(10_000);
    progress.update('transcode', 0.5);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent.at(-2)).not.toHaveProperty('remaining_ms');
    expect(sent.at(-1)).toMatchObject({ percent: 45, remaining_ms: Math.round((10_000 * 55) / 43) });
  });

  test('tells at once that players may begin, and goes on telling', async () => {
    const { progress, sent } = reporter();
    progress.update('transcode', 0.1);
    await vi.advanceTimersByTimeAsync(500);
    progress.playable();
    await vi.advanceTimersByTimeAsync(500);
    progress.update('transcode', 0.2);
    await vi.advanceTimersByTimeAsync(500);
    expect(sent.map(({ percent, playable }) => [percent, playable])).toEqual([[10.6, false], [10.6, true], [19.2, true]]);
  });

  test('a report that fails is told and the next one goes out', async () => {
    const { progress, sent, send, errors } = reporter();
    send.mockRejectedValueOnce(new Error('away'));
    progress.update('probe', 0);
    await vi.advanceTimersByTimeAsync(500);
    progress.update('transcode', 0);
    await vi.advanceTimersByTimeAsync(500);
    expect(errors).toMatchObject([{ message: 'away' }]);
    expect(sent).toMatchObject([{ stage: 'transcode' }]);
  });

  test('after close nothing goes out', async () => {
    const { progress, send } = reporter();
    progress.update('probe', 0);
    await progress.close();
    progress.update('upload', 0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(send).not.toHaveBeenCalled();
  });

  test('tells what remains of a work that others have begun, by the pace since it was first asked', () => {
    const pace = createPace();
    expect(pace(0, 40)).toEqual({});
    expect(pace(900, 50)).toEqual({});
    expect(pace(10_000, 50)).toEqual({ remaining_ms: 50_000 });
  });
});
