import { openDatabase } from '@armoricore/shared/db';
import { createBury } from '@armoricore/shared/dead-letters';
import { createEvent } from '@armoricore/shared/events';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { openQueues } from '@armoricore/shared/queues';
import type { Storage } from '@armoricore/shared/storage';
import { expect, it, onTestFinished } from 'vitest';
import { startRealtime } from '../support/realtime.ts';

it('GET /metrics tells of process, bus, queues, dead letters and sockets', async () => {
  const realtime = await startRealtime({ NODE_NAME: 'node-1' });
  onTestFinished(() => realtime.stop());
  const database = openDatabase(realtime.databaseUrl, { max: 2, log: silentLog });
  onTestFinished(() => database.stop());
  const queues = await openQueues({ databaseUrl: realtime.databaseUrl, log: silentLog });
  onTestFinished(() => queues.close());
  await queues.queue('caption').add('caption.test', { input: {} });
  const letter = { kind: 'event', origin: 'jobs', refId: newId(), name: 'user.revoked', payload: {}, reason: 'internal', attempts: 1, lastError: '' } as const;
  await createBury(database.db, {} as Storage)(letter);
  const backend = await realtime.token('backend', { roles: ['service'] });
  await realtime.call('POST', '/api/v1/events', { token: backend, body: createEvent('transcription.requested', { media_id: 'm', user_id: 'x', formats: ['vtt'] }, { source: 'backend' }) });

  const response = await fetch(`${realtime.url}/metrics`);
  expect([response.status, response.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
  const text = await response.text();
  for (const line of [
    'armoricore_bus_events_total{group="",type="transcription.requested",outcome="published",node="node-1"} 1',
    'armoricore_bus_backlog_events{group="realtime",node="node-1"} 0',
    'armoricore_queue_jobs{queue="caption",state="waiting",node="node-1"} 1',
    'armoricore_queue_jobs{queue="media",state="failed",node="node-1"} 0',
    'armoricore_dead_letters{kind="event",origin="jobs",node="node-1"} 1',
    'armoricore_socket_connections{node="node-1"} 0',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^armoricore_queue_oldest_waiting_seconds\{queue="caption",node="node-1"\} [\d.]+$/m);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds\{node="node-1"\}/m);
});

it('GET /metrics needs the token when one is set', async () => {
  const METRICS_TOKEN = 'a-token-of-prometheus';
  const realtime = await startRealtime({ METRICS_TOKEN });
  onTestFinished(() => realtime.stop());
  const status = async (authorization?: string) => (await fetch(`${realtime.url}/metrics`, { headers: authorization === undefined ? {} : { authorization } })).status;
  expect(await status()).toBe(401);
  expect(await status(`Bearer ${METRICS_TOKEN}x`)).toBe(401);
  expect(await status(`Bearer ${await realtime.token('root', { roles: ['admin'] })}`)).toBe(401);
  expect(await status(`Bearer ${METRICS_TOKEN}`)).toBe(200);
});
