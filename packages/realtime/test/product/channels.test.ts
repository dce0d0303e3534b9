import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { silentLog } from '@armoricore/shared/kernel';
import { openDatabase } from '@armoricore/shared/db';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { answer, collect, connectPhoenix, type PhoenixSocket } from '../support/phoenix.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';
import { upload } from '../support/uploads.ts';
import { openTestBus } from '../../../../test/support/bus.ts';

type SocketClass = new (url: string, options: object) => PhoenixSocket;
const require = createRequire(import.meta.url);
const clients: [name: string, Socket: SocketClass][] = ['phoenix', 'phoenix-1.3', 'phoenix-1.2'].map((name) => {
  // 1.2 and 1.3 are scripts for browsers: they look for `window` when they load.
  (globalThis as { window?: unknown }).window ??= globalThis;
  return [name, (require(name) as { Socket: SocketClass }).Socket];
});

let realtime: RealtimeUnderTest;
let publish: (event: BusEvent) => Promise<unknown>;
let stopPublisher: () => Promise<void>;

beforeAll(async () => {
  realtime = await startRealtime();
  const database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
  const bus = await openTestBus(database);
  publish = (event) => bus.publish(event);
  stopPublisher = async () => {
    await bus.close();
    await database.stop();
  };
});
afterAll(async () => {
  await stopPublisher();
  await realtime.stop();
});

const media = (media_id: string, user_id = 'anna') => ({ media_id, user_id });
const progress = (id: string, percent: number) => createEvent('media.progress', { ...media(id), stage: 'transcode', percent }, { source: 'media-worker' });
const ready = (id: string) =>
  createEvent(
    'media.ready',
    { ...media(id), playback_urls: { hls: 'http://x/master.m3u8' }, thumbnail_urls: [], storyboard: null, preview_url: null, captions: [], duration_ms: 1, renditions: [], metadata: {} },
    { source: 'media-worker' },
  );

describe.each(clients)('%s', (_name, Socket) => {
  it('joins media and user topics, and hears progress and ready in order on both', async () => {
    const token = await realtime.token('anna');
    const id = await upload(realtime, token, Buffer.from('clip'));
    const socket = connectPhoenix(Socket, `${realtime.url}/socket`, { params: { token } });
    const channel = socket.channel(`media:${id}`);
    const own = socket.channel('user:anna');
    const onMedia = collect(channel, 'media:progress', 'media:ready');
    const onUser = collect(own, 'media:progress', 'media:ready');
    expect(await answer(channel.join())).toMatchObject({ media_id: id, state: 'uploading' });
    expect(await answer(own.join())).toEqual({});

    await publish(progress(id, 10));
    await publish(progress(id, 60));
    await publish(ready(id));
    const mine = () => onUser.filter(({ payload }) => payload.media_id === id);
    await waitFor(() => onMedia.length === 3 && mine().length === 3);
    const expected = ['media:progress', 'media:progress', 'media:ready'];
    expect(onMedia.map(({ event }) => event)).toEqual(expected);
    expect(mine().map(({ event }) => event)).toEqual(expected);
    expect(onMedia[1]!.payload).toMatchObject({ media_id: id, percent: 60, stage: 'transcode' });
  });

  it("is refused another's topics and unknown ones, and stays connected", async () => {
    const id = await upload(realtime, await realtime.token('anna'), Buffer.from('clip'));
    const socket = connectPhoenix(Socket, `${realtime.url}/ws`, { params: { token: await realtime.token('ben') } });
    await expect(answer(socket.channel('user:anna').join())).rejects.toEqual({ reason: 'forbidden' });
    await expect(answer(socket.channel(`media:${id}`).join())).rejects.toMatchObject({ reason: 'not_found' });
    await expect(answer(socket.channel('attic:1').join())).rejects.toEqual({ reason: 'unmatched topic' });
    const own = socket.channel('user:ben');
    await answer(own.join());
    await expect(answer(own.push('dance', {}))).rejects.toEqual({ reason: 'unknown_event' });
    expect(await answer(own.leave())).toEqual({});
  });

  it('is kept out with a wrong or expired token', async () => {
    for (const token of ['wrong', await realtime.token('anna', { ttlS: -5 })]) {
      const failed = new Promise((resolve) => {
        connectPhoenix(Socket, `${realtime.url}/socket`, { params: { token } }).onError(resolve);
      });
      await failed;
    }
  });
});

it('phoenix.js 1.8 connects with authToken', async () => {
  const Socket = clients[0]![1];
  const socket = connectPhoenix(Socket, `${realtime.url}/socket`, { authToken: await realtime.token('anna') });
  expect(await answer(socket.channel('user:anna').join())).toEqual({});
});
