import { captionTracks, events, media, openDatabase, type DatabaseHandle } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
let database: DatabaseHandle;
beforeAll(async () => {
  realtime = await startRealtime();
  database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
});
afterAll(async () => {
  await database.stop();
  await realtime.stop();
});

async function newMedia(row: Partial<typeof media.$inferInsert> = {}): Promise<string> {
  const id = newId();
  await database.db.insert(media).values({ id, userId: 'ann', state: 'ready', hlsKey: `media/${id}/hls/master.m3u8`, ...row });
  return id;
}
const request = async (id: string, token: string, body?: unknown) => realtime.call('POST', `/api/v1/media/${id}/captions`, { token, body });

it('are asked for by the owner, admins and services', async () => {
  const id = await newMedia();
  const asked = await request(id, await realtime.token('ann'), { language: 'pt-BR', formats: ['vtt'] });
  expect(asked).toEqual({ status: 202, body: { media_id: id, job_id: expect.any(String) } });
  const [published] = await database.db.select().from(events).where(eq(events.eventId, asked.body.job_id));
  expect(published!.event).toMatchObject({ event_type: 'transcription.requested', source: 'realtime', payload: { media_id: id, user_id: 'ann', language: 'pt-BR', formats: ['vtt'] } });

  for (const role of ['admin', 'service']) expect((await request(id, await realtime.token('op', { roles: [role] }))).status).toBe(202);
  expect((await request(id, await realtime.token('ben'))).body.reason).toBe('not_found');
  expect((await request(newId(), await realtime.token('ann'))).body.reason).toBe('not_found');
  expect((await request(await newMedia({ state: 'processing' }), await realtime.token('ann'))).body).toMatchObject({ reason: 'media_not_ready', state: 'processing' });
  expect((await request(await newMedia({ state: 'failed', failureReason: 'media_deleted' }), await realtime.token('ann'))).body.reason).toBe('not_found');
  expect((await request(id, await realtime.token('ann'), { language: '../etc' })).body).toMatchObject({ reason: 'invalid_payload', issues: [{ path: 'language' }] });
  expect((await request(id, await realtime.token('ann'), { formats: ['exe'] })).status).toBe(422);
});

it('are not asked for more often than is good', async () => {
  const [id, token] = [await newMedia({ userId: 'max' }), await realtime.token('max')];
  const replies = [];
  for (let i = 0; i < 12; i++) replies.push(await request(id, token));
  expect(replies.filter(({ status }) => status === 202)).toHaveLength(10);
  expect(replies.at(-1)!.body).toMatchObject({ reason: 'rate_limited', retry_after_ms: expect.any(Number) });
});

it('are shown with the media, by signed URLs, once it is ready', async () => {
  const [id, token] = [await newMedia(), await realtime.token('ann')];
  const folder = `media/${id}/hls/captions`;
  await database.db.insert(captionTracks).values([
    { mediaId: id, language: 'en', vttKey: `${folder}/en/captions.vtt`, srtKey: `${folder}/en/captions.srt`, hlsKey: `${folder}/en/index.m3u8`, cues: 3 },
    { mediaId: id, language: 'de', vttKey: `${folder}/de/captions.vtt`, cues: 1 },
  ]);
  const { body } = await realtime.call('GET', `/api/v1/media/${id}`, { token });
  const url = (name: string) => expect.stringMatching(new RegExp(`^http.*/files/[^/]+/${folder}/${name}$`));
  expect(body.media.captions).toEqual([
    { language: 'de', vtt_url: url('de/captions.vtt') },
    { language: 'en', vtt_url: url('en/captions.vtt'), srt_url: url('en/captions.srt'), hls_url: url('en/index.m3u8') },
  ]);
});
