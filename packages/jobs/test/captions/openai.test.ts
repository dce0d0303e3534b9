import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError, type ErrorCode } from '@armoricore/shared/kernel';
import { sendJson, startOpenAi, type Answer, type OpenAiServer } from '../../../../test/support/services/openai.ts';
import { createOpenAiModerator } from '../../src/adapters/moderator-openai.ts';
import { createPocketsphinxTranscriber } from '../../src/adapters/transcriber-pocketsphinx.ts';
import { createOpenAiTranscriber } from '../../src/adapters/transcriber-openai.ts';
import { synthesize } from '../support/speech.ts';

let api: OpenAiServer;
let folder: string;
let wav: string;
beforeAll(async () => {
  [api, folder] = await Promise.all([startOpenAi(), mkdtemp(join(tmpdir(), 'openai-test-'))]);
  wav = await synthesize('anullsrc=r=16000:cl=mono,atrim=0:1', join(folder, 'quiet.wav'));
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

const { signal } = new AbortController();
const transcriber = (timeoutMs = 10_000) => createOpenAiTranscriber({ apiKey: 'sk-test', baseUrl: api.url, model: 'whisper-1', timeoutMs });
const transcribe = (timeoutMs?: number, language?: string) => transcriber(timeoutMs).transcribe(wav, { language, signal });
const moderate = (timeoutMs = 10_000) => createOpenAiModerator({ apiKey: undefined, baseUrl: api.url, model: 'm', timeoutMs }).check('hello', { signal });

const fails = (status: number, body: object = {}, headers: Record<string, string> = {}): Answer => (response) => sendJson(response, body, { status, headers });
const says = (body: unknown): Answer => (response) => sendJson(response, body);
const half: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
  response.write('{"text": "half an ans', () => response.destroy());
};
const stalls: Answer = (response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write('{"text": "and then');
};
const breaks: Answer = (response) => void response.destroy();
const never: Answer = () => undefined;
const page: Answer = (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>');
const soon = new Date(Date.now() + 60_000).toUTCString();

/** What goes wrong, what comes of it, and what is told. */
const FAULTS: [string, Answer, ErrorCode, object?][] = [
  ['429', fails(429), 'unavailable', { service: 'openai', status: 429 }],
  ['429 with Retry-After in seconds', fails(429, {}, { 'retry-after': '7' }), 'unavailable', { retry_after_ms: 7_000 }],
  ['429 with Retry-After as a date', fails(429, {}, { 'retry-after': soon }), 'unavailable', { retry_after_ms: expect.any(Number) }],
  ['429 as there is no money', fails(429, { error: { code: 'insufficient_quota' } }), 'service_refused', { status: 429 }],
  ['500', fails(500), 'unavailable', { status: 500 }],
  ['503 with Retry-After', fails(503, {}, { 'retry-after': '2' }), 'unavailable', { retry_after_ms: 2_000 }],
  ['401', fails(401, { error: { code: 'invalid_api_key' } }), 'service_refused', { status: 401 }],
  ['400', fails(400), 'service_refused', { status: 400 }],
  ['a connection that breaks', breaks, 'unavailable'],
  ['half an answer', half, 'service_failed'],
  ['an answer that stands still', stalls, 'unavailable', { timeout_ms: 300 }],
  ['no answer', never, 'unavailable', { timeout_ms: 300 }],
  ['a page', page, 'service_failed'],
  ['another shape', says({ hello: 'world' }), 'service_failed'],
  ['no object', says(null), 'service_failed'],
];

describe.each(FAULTS)('%s', (_name, answer, code, details = {}) => {
  const timeoutMs = code === 'unavailable' && 'timeout_ms' in details ? 300 : 10_000;

  test.each([['transcription', transcribe], ['moderation', moderate]])('of the %s is typed', async (_kind, ask) => {
    api.next(answer);
    const error: AppError = await ask(timeoutMs).then(() => expect.unreachable(), (thrown: AppError) => thrown);
    expect(error).toBeInstanceOf(AppError);
    expect(error.code).toBe(code);
    expect(error.details).toMatchObject(details);
  });
});

describe('transcriptions', () => {
  test('are asked for with the times of words', async () => {
    api.next(says({ text: 'Guten Tag.', language: 'german', words: [{ word: 'Guten', start: 0.1, end: 0.4 }, { word: 'Tag', start: 0.4, end: 0.8 }] }));
    expect(await transcribe(10_000, 'de-AT')).toEqual({
      language: 'de',
      words: [{ text: 'Guten', startMs: 100, endMs: 400 }, { text: 'Tag.', startMs: 400, endMs: 800 }],
    });
    const { path, authorization, fields, file } = api.requests.at(-1)!;
    expect([path, authorization]).toEqual(['/v1/audio/transcriptions', 'Bearer sk-test']);
    expect(fields).toEqual({ model: 'whisper-1', response_format: 'verbose_json', 'timestamp_granularities[]': 'word', language: 'de' });
    expect(file!.bytes.subarray(0, 4).toString()).toBe('RIFF');
  });

  test('of nothing are nothing; text without times cannot be used', async () => {
    api.next(says({ text: '  ', language: 'english' }), says({ text: 'Thanks for watching!' }));
    expect(await transcribe()).toEqual({ language: 'en', words: [] });
    await expect(transcribe()).rejects.toMatchObject({ code: 'service_failed', details: { why: 'it tells no times of words' } });
  });

  test('with more words than can be said are refused', async () => {
    api.next(says({ text: 'x', words: Array.from({ length: 5_000 }, () => ({ word: 'x', start: 0, end: 1 })) }));
    await expect(transcribe()).rejects.toMatchObject({ code: 'service_failed' });
  });

  test('end when the run ends, with its reason', async () => {
    const run = new AbortController();
    api.next(() => run.abort(new Error('cancelled')));
    await expect(transcriber().transcribe(wav, { language: undefined, signal: run.signal })).rejects.toThrow('cancelled');
  });
});

describe('the engine of this machine', () => {
  test('is missed by name when it is not installed', async () => {
    const engine = createPocketsphinxTranscriber({ timeoutMs: 10_000, path: folder });
    const missing = { code: 'transcriber_missing', class: 'permanent' };
    await expect(engine.ready()).rejects.toMatchObject(missing);
    await expect(engine.transcribe(wav, { language: 'en-GB', signal })).rejects.toMatchObject(missing);
  });

  test('is ended when it takes too long', async () => {
    const engine = createPocketsphinxTranscriber({ timeoutMs: 1 });
    await expect(engine.transcribe(wav, { language: undefined, signal })).rejects.toMatchObject({ code: 'service_failed', details: { timeout_ms: 1 } });
  });
});
