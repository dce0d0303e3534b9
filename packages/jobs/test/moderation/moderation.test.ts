import { join } from 'node:path';
import { asc, inArray } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '@armoricore/shared/config';
import { deadLetters, events } from '@armoricore/shared/db';
import { createEvent } from '@armoricore/shared/events';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { sendJson, startOpenAi, type OpenAiServer } from '../../../../test/support/services/openai.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { createApp, jobsConfig } from '../../src/app.ts';
import { startJobsLab, type JobsLab } from '../support/jobs-lab.ts';

let api: OpenAiServer;
let lab: JobsLab;
beforeAll(async () => {
  api = await startOpenAi();
  lab = await startJobsLab({ MODERATION: 'both', MODERATION_WORDS: 'cheat, bad word', OPENAI_BASE_URL: api.url });
});
afterAll(async () => {
  await lab.close();
  await api.close();
});

async function say(content: string, eventId = newId()): Promise<string> {
  const id = newId();
  const message = { id, seq: 1, conversationId: 'room-1', senderId: 'u1', type: 'text' as const, content, replyTo: null, attachments: [], clientMessageId: null, createdAt: new Date().toISOString() };
  await lab.bus.publish(createEvent('chat.message', message, { source: 'realtime', eventId }));
  return id;
}

const outcomes = async (messageId: string) => {
  const rows = await lab.database.db.select().from(events).where(inArray(events.eventType, ['moderation.verdict', 'moderation.failed'])).orderBy(asc(events.seq));
  return rows.map(({ event }) => event).filter(({ payload }) => 'message_id' in payload && payload.message_id === messageId);
};
const outcome = async (messageId: string) => (await waitFor(async () => (await outcomes(messageId))[0], { what: 'the verdict', timeoutMs: 20_000 })).payload;

test('messages are judged by the list, then by the API, which is asked no more than it must', async () => {
  const [clean, listed, violent, silent] = [await say('Good morning'), await say('What a BAD-word'), await say('I will kill you'), await say('  ')];
  const about = { conversation_id: 'room-1' };
  expect(await outcome(clean)).toEqual({ ...about, message_id: clean, flagged: false, reason: null, categories: [] });
  expect(await outcome(listed)).toEqual({ ...about, message_id: listed, flagged: true, reason: 'words', categories: [] });
  expect(await outcome(violent)).toEqual({ ...about, message_id: violent, flagged: true, reason: 'openai', categories: ['violence'] });
  expect(await outcome(silent)).toMatchObject({ flagged: false });
  expect(api.requests.map(({ fields }) => String(fields['input'])).toSorted()).toEqual(['Good morning', 'I will kill you']);
  expect(await outcomes(violent)).toHaveLength(1);
});

test('a service that is away for a moment is asked again; one that refuses lets the message stay, and is told', async () => {
  api.next((response) => sendJson(response, {}, { status: 503 }));
  expect(await outcome(await say('still there?'))).toMatchObject({ flagged: false });

  api.next((response) => sendJson(response, {}, { status: 401 }));
  const id = await say('hello');
  expect(await outcome(id)).toMatchObject({ message_id: id, reason: 'service_refused' });
  const letters = await lab.database.db.select().from(deadLetters);
  expect(letters).toMatchObject([{ kind: 'job', origin: 'moderation', name: 'moderation.check', reason: 'service_refused' }]);
});

test('what the configuration wants and lacks ends the start in one line', async () => {
  const start = (settings: Record<string, string>) => createApp(loadConfig(jobsConfig, { ...lab.environment, MODERATION_WORDS: '', OPENAI_BASE_URL: '', ...settings }), silentLog);
  await expect(start({ MODERATION: 'words' })).rejects.toThrow(/^MODERATION_WORDS: is not set/);
  await expect(start({ MODERATION: 'openai' })).rejects.toThrow(/^OPENAI_API_KEY: is not set/);
  await expect(start({ MODERATION: 'words', MODERATION_WORDS_FILE: join(lab.workDir, 'nowhere') })).rejects.toThrow(/^MODERATION_WORDS_FILE: is .* a file that can be read/);
});
