import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startRealtime } from '../support/realtime.ts';

it('survives clients that reset the answer to an upgrade, refused or unknown', async () => {
  const realtime = await startRealtime();
  onTestFinished(() => realtime.stop());
  const { port } = new URL(realtime.url);
  for (const path of ['/nowhere', '/socket/websocket', '/api/v1/media']) {
    const tcp = connect(Number(port), '127.0.0.1');
    tcp.write(`GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
    const [answer] = (await once(tcp, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1.1 40[34] /);
    tcp.resetAndDestroy();
  }
  expect((await realtime.call('GET', '/health/live')).status).toBe(200);
});
