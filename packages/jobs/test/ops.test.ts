import { createBreaker, silentLog, startServices, type Breaker, type Service } from '@armoricore/shared/kernel';
import { createMetrics, createMetricsAccess, observeJobs, watchBreakers } from '@armoricore/shared/ops';
import { expect, onTestFinished, test } from 'vitest';
import { createOpsServer } from '../src/ops/server.ts';

interface Options {
  services?: Service[];
  breakers?: Breaker[];
  token?: string;
}

async function startOps({ services = [], breakers = [], token }: Options = {}) {
  const metrics = createMetrics('node-1');
  const server = createOpsServer({ host: '127.0.0.1', port: 0, services, breakers, metrics, mayReadMetrics: createMetricsAccess(token), log: silentLog });
  const running = await startServices([server], { log: silentLog });
  onTestFinished(async () => void (await running.stop()));
  const get = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(server.url() + path, init);
    return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
  };
  return { get, metrics, server };
}

test('is alive, and ready when its services are', async () => {
  let database = 'up';
  const ready = async () => {
    if (database === 'down') throw new Error('connect ECONNREFUSED 10.0.0.1:5432');
  };
  const { get } = await startOps({ services: [{ name: 'database', ready }] });
  expect(await get('/health/live')).toMatchObject({ status: 200, text: '{"status":"ok"}' });
  expect(await get('/health/ready')).toMatchObject({ status: 200, text: '{"status":"ok","checks":{"database":{"status":"ok"}}}' });
  database = 'down';
  // The reason names hosts: it is in the log alone.
  expect(await get('/health?x=1')).toMatchObject({ status: 503, text: '{"status":"unavailable","checks":{"database":{"status":"unavailable"}}}' });
  expect((await get('/health/live')).status).toBe(200);
});

test('an open breaker makes it degraded, not down, and shows in the metrics', async () => {
  const breaker = createBreaker('storage', { failures: 1 });
  const { get, metrics } = await startOps({ services: [{ name: 'storage', ready: () => undefined }], breakers: [breaker] });
  watchBreakers(metrics, [breaker]);
  expect((await get('/health/ready')).text).toContain('"status":"ok"');
  await expect(breaker.execute(() => Promise.reject(new Error('down')))).rejects.toThrow('down');
  expect(await get('/health/ready')).toMatchObject({ status: 200, text: '{"status":"degraded","checks":{"storage":{"status":"degraded"}}}' });
  const { text } = await get('/metrics');
  expect(text).toContain('armoricore_breaker_state{service="storage",node="node-1"} 2');
  expect(text).toContain('armoricore_breaker_changes_total{service="storage",state="open",node="node-1"} 1');
});

test('counts and times the tries of jobs', async () => {
  const { get, metrics } = await startOps();
  const observe = observeJobs(metrics);
  for (const ms of [20, 40_000]) observe({ queue: 'media', job: 'media.transcode', outcome: 'done', ms });
  const { status, type, text } = await get('/metrics');
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const labels = 'queue="media",job="media.transcode",outcome="done"';
  expect(text).toContain(`armoricore_job_tries_total{${labels},node="node-1"} 2`);
  expect(text).toContain(`armoricore_job_try_seconds_bucket{le="60",node="node-1",${labels}} 2`);
  expect(text).toContain(`armoricore_job_try_seconds_bucket{le="15",node="node-1",${labels}} 1`);
});

test('shows the metrics to who has the token', async () => {
  const token = 'a-token-of-prometheus';
  const { get } = await startOps({ token });
  expect((await get('/metrics')).status).toBe(401);
  expect((await get('/metrics', { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
});

test('answers nothing else', async () => {
  const { get } = await startOps();
  expect(await get('/')).toMatchObject({ status: 404, text: expect.stringContaining('not_found') as string });
  expect(await get('/metrics', { method: 'POST', body: 'x' })).toMatchObject({ status: 405 });
  expect(await get('/health/live', { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
});

test('a port in use stops the start', async () => {
  const { server } = await startOps();
  const taken = createOpsServer({ host: '127.0.0.1', port: Number(new URL(server.url()).port), services: [], breakers: [], metrics: createMetrics('n'), mayReadMetrics: () => true, log: silentLog });
  await expect(startServices([taken], { log: silentLog })).rejects.toThrow('http did not start');
});
