import { request } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

async function start(env: Record<string, string>): Promise<RealtimeUnderTest> {
  const realtime = await startRealtime({ REUSE_PORT: 'true', ...env });
  onTestFinished(() => realtime.stop());
  return realtime;
}

/** The status of one request on a connection of its own. */
function statusOf(url: string, token: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, (response) => resolve(response.resume().statusCode)).on('error', reject).end();
  });
}

it('shares its port with another process, if told so; both serve', async () => {
  const first = await start({});
  // A stranger to the tokens of the first: by its answers one can tell the two apart.
  const second = await start({ PORT: new URL(first.url).port, JWT_SECRET: 'the-secret-of-another-process-with-32-characters' });
  expect(second.url).toBe(first.url);
  const token = await first.token('anna');
  const media = `${first.url}/api/v1/media/${crypto.randomUUID()}`;
  const statuses = new Set<number | undefined>();
  await waitFor(async () => statuses.add(await statusOf(media, token)).size === 2, { intervalMs: 1, what: 'an answer of each' });
  expect(statuses).toEqual(new Set([401, 404]));
});
