import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, setOptions, types } from 'hls-parser';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { waitFor } from '../../../test/support/wait.ts';
import { AAC, H264, makeClip, packetsOf, pictures, sound } from './support/clips.ts';
import { joinSegment, startJobsLab, type JobsLab } from './support/jobs-lab.ts';

let lab: JobsLab;
beforeAll(async () => {
  setOptions({ strictMode: true });
  lab = await startJobsLab();
});
afterAll(() => lab.close());

async function master(mediaId: string): Promise<types.MasterPlaylist> {
  const playlist = parse(await lab.text(`media/${mediaId}/hls/master.m3u8`));
  if (!(playlist instanceof types.MasterPlaylist)) throw new Error('not a master playlist');
  return playlist;
}

async function mediaPlaylist(mediaId: string, uri: string): Promise<types.MediaPlaylist> {
  const playlist = parse(await lab.text(`media/${mediaId}/hls/${uri}`));
  if (!(playlist instanceof types.MediaPlaylist)) throw new Error('not a media playlist');
  return playlist;
}

/** Packets of each segment of a rendition. */
async function segmentPackets(mediaId: string, uri: string) {
  const { segments } = await mediaPlaylist(mediaId, uri);
  const folder = `media/${mediaId}/hls/${uri.split('/')[0]}`;
  return Promise.all(
    segments.map(async (segment) => packetsOf(await joinSegment(lab, `${folder}/${segment.map?.uri}`, `${folder}/${segment.uri}`))),
  );
}

/** Makes a clip, sends it through, and expects it to become ready. */
async function ready(name: string, args: readonly string[]) {
  const file = join(lab.workDir, name);
  await makeClip(args, file);
  const id = await lab.upload(await readFile(file));
  const results = await lab.ended(id);
  expect(results).toHaveLength(1);
  const [event] = results;
  if (event?.event_type !== 'media.ready') throw new Error(`failed: ${JSON.stringify(event?.payload)}`);
  return { id, payload: event.payload };
}

/** Each value is `step` after the one before. */
function near(values: number[], step: number): boolean {
  return values.every((value, i) => i === 0 || Math.abs(value - values[i - 1]! - step) < 0.002);
}

describe('a video with sound', () => {
  test('becomes an aligned ladder with poster, rows and events', async () => {
    const { id, payload } = await ready('hd.mp4', [...pictures('1920x1080', 7), ...sound(7), ...H264, ...AAC]);

    expect(payload.renditions.map(({ name }) => name)).toEqual(['1080p', '720p', '480p', '360p', '240p', '144p']);
    expect(payload.duration_ms).toBe(7000);
    expect(payload.metadata).toMatchObject({ from: 'test', media_info: { container: 'mov', video: { codec: 'h264', width: 1920 }, audio: { channels: 1 } } });
    expect(payload.playback_urls.hls).toContain(`media/${id}/hls/master.m3u8`);
    expect(payload.thumbnail_urls).toHaveLength(1);
    expect(payload).toMatchObject({ storyboard: expect.stringContaining('/storyboard.vtt'), preview_url: expect.stringContaining('/preview.mp4') });
    expect(payload.playback_urls).toMatchObject({ audio: expect.stringContaining('/audio.m4a') });
    const keys = {
      hlsKey: `media/${id}/hls/master.m3u8`,
      posterKey: `media/${id}/poster.jpg`,
      storyboardKey: `media/${id}/storyboard/storyboard.vtt`,
      previewKey: `media/${id}/preview.mp4`,
      audioKey: `media/${id}/audio.m4a`,
      mp4Key: null,
    };
    expect(await lab.row(id)).toMatchObject({ state: 'ready', percent: 100, playableAt: expect.any(Date), ...keys });
    expect(await lab.renditionsOf(id)).toHaveLength(6);

    const { variants } = await master(id);
    expect(variants.map(({ resolution }) => resolution?.height)).toEqual([1080, 720, 480, 360, 240, 144]);
    variants.forEach((variant, i) => {
      const { codecs, bandwidth } = payload.renditions[i]!;
      expect(variant).toMatchObject({ frameRate: 30, codecs, bandwidth });
      expect(variant.codecs).toMatch(/^avc1\.42C0[0-9A-F]{2},mp4a\.40\.2$/);
      expect(variant.audio).toMatchObject([{ uri: 'audio/index.m3u8' }]);
    });

    const all = await Promise.all(variants.map(({ uri }) => segmentPackets(id, uri)));
    for (const segments of all) {
      expect(segments).toHaveLength(2);
      for (const packets of segments) expect(packets[0]?.key).toBe(true);
      const times = segments.flat().map(({ time }) => time);
      expect(times[0]).toBe(0);
      expect(times).toHaveLength(210);
      expect(near(times, 1 / 30)).toBe(true);
    }
    const keyTimes = all.map((segments) => segments.flat().filter(({ key }) => key).map(({ time }) => time.toFixed(2)));
    for (const times of keyTimes) expect(times).toEqual(['0.00', '2.00', '4.00', '6.00']);
    const heard = (await segmentPackets(id, 'audio/index.m3u8')).flat().map(({ time }) => time);
    expect(Math.abs(heard[0]!)).toBeLessThan(0.03);

    for (const variant of variants) {
      const sizes = await Promise.all([variant.uri, 'audio/index.m3u8'].map((uri) => bytesAndSeconds(id, uri)));
      const average = sizes.reduce((sum, { bytes, seconds }) => sum + (bytes * 8) / seconds, 0);
      expect(Math.abs(variant.averageBandwidth! - average)).toBeLessThan(5);
    }
    expect((await readFile(lab.pathOf(`media/${id}/poster.jpg`))).subarray(0, 2).toString('hex')).toBe('ffd8');

    const progress = await lab.eventsOf(id, 'media.progress');
    const percents = progress.map((event) => event.payload.percent);
    expect(percents.length).toBeGreaterThan(2);
    expect(percents).toEqual(percents.toSorted((a, b) => a - b));
    expect(await lab.scratchEntries()).toEqual([]);
  });

  async function bytesAndSeconds(id: string, uri: string): Promise<{ bytes: number; seconds: number }> {
    const { segments } = await mediaPlaylist(id, uri);
    const folder = `media/${id}/hls/${uri.split('/')[0]}`;
    const sizes = await Promise.all(segments.map((segment) => lab.storage.stat(`${folder}/${segment.uri}`)));
    const bytes = sizes.reduce((sum, object) => sum + (object?.size ?? 0), 0);
    return { bytes, seconds: segments.reduce((sum, { duration }) => sum + duration, 0) };
  }

  test('is stored with the types and cache rules that players and caches need', async () => {
    const { id } = await ready('types.mp4', [...pictures('320x240', 1), ...sound(1), ...H264, ...AAC]);
    const forever = 'public, max-age=31536000, immutable';
    const rules = [
      { name: 'hls/master.m3u8', contentType: 'application/vnd.apple.mpegurl', cacheControl: 'public, max-age=60' },
      { name: 'hls/240p/seg_00000.m4s', contentType: 'video/iso.segment', cacheControl: forever },
      { name: 'poster.jpg', contentType: 'image/jpeg', cacheControl: forever },
    ];
    for (const { name, ...headers } of rules) expect(await lab.storage.stat(`media/${id}/${name}`)).toMatchObject(headers);
  });

  test('that is announced again when it is ready is not made anew', async () => {
    const { id, payload } = await ready('again.mp4', [...pictures('160x120', 1), ...H264]);
    const before = await lab.storage.stat(`media/${id}/hls/master.m3u8`);
    await lab.announce(id, `file:///uploads/${id}`);
    const results = await waitFor(async () => {
      const found = await lab.eventsOf(id, 'media.ready');
      return found.length === 2 && found;
    });
    expect(results[1]?.payload).toMatchObject({ media_id: id, duration_ms: payload.duration_ms, renditions: payload.renditions });
    expect(await lab.storage.stat(`media/${id}/hls/master.m3u8`)).toEqual(before);
  });
});

describe('sound that is not as usual', () => {
  test('a silent clip has no sound rendition', async () => {
    const { id, payload } = await ready('silent.mp4', [...pictures('320x240', 2), ...H264]);
    expect(payload.renditions[0]?.codecs).toMatch(/^avc1\.[0-9A-F]{6}$/);
    const [variant] = (await master(id)).variants;
    expect(variant?.audio).toEqual([]);
  });

  test.each(['mp3', 'wav'])('sound alone (%s) becomes one variant without pictures', async (ending) => {
    const { id, payload } = await ready(`sound.${ending}`, sound(2));
    expect(payload).toMatchObject({ renditions: [], thumbnail_urls: [] });
    expect(Math.abs(payload.duration_ms - 2000)).toBeLessThan(100);
    expect((await master(id)).variants).toMatchObject([{ uri: 'audio/index.m3u8', codecs: 'mp4a.40.2' }]);
  });

  test('half a second is enough', async () => {
    const { id, payload } = await ready('short.mp4', [...pictures('320x240', 0.5), ...sound(0.5), ...H264, ...AAC]);
    expect(payload.duration_ms).toBe(500);
    expect((await mediaPlaylist(id, '240p/index.m3u8')).targetDuration).toBe(1);
  });

  test('sound that begins late stays late', async () => {
    const late = [...pictures('320x240', 3), '-itsoffset', '1', ...sound(2), ...H264, ...AAC];
    const { id } = await ready('late.mp4', late);
    const packets = (await segmentPackets(id, 'audio/index.m3u8')).flat();
    expect(Math.abs(packets[0]!.time)).toBeLessThan(0.03);
    expect(packets.at(-1)!.time).toBeGreaterThan(2.9);
  });

  test('a declared sound track that holds nothing leaves a silent video', async () => {
    const empty = [...pictures('320x240', 1), ...sound(1), '-af', 'atrim=end=0', ...H264, ...AAC];
    const { payload } = await ready('empty-track.mp4', empty);
    expect(payload.renditions[0]?.codecs).toMatch(/^avc1\.[0-9A-F]{6}$/);
  });
});
