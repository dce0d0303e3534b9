import { expect, it } from 'vitest';
import { issueToken } from '../../packages/realtime/src/auth/tokens.ts';
import { createEvent } from '../../packages/shared/src/events/index.ts';
import { newId } from '../../packages/shared/src/kernel/index.ts';
import { startProduct } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

const JWT_SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';

it('a failed job shows in the metrics of both processes, and as a dead letter that an admin can discard', async () => {
  const product = await startProduct({ JWT_SECRET });
  try {
    const token = await issueToken({ secret: JWT_SECRET }, { userId: 'root', roles: ['service', 'admin'], ttlS: 600 });
    const call = async (method: string, path: string, body?: object) => {
      const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
      return (await fetch(`${product.url}/api/v1${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })).json() as Promise<any>;
    };
    const payload = { media_id: newId(), user_id: 'anna', file_path: 'file:///uploads/none/source', metadata: {} };
    const event = createEvent('media.uploaded', payload, { source: 'backend' });
    await call('POST', '/events', event);
    const letter = await waitFor(async () => (await call('GET', '/dead-letters?kind=job')).dead_letters[0], { what: 'the dead letter' });
    expect(letter).toMatchObject({ origin: 'media', name: 'media.transcode', ref_id: event.event_id, reason: 'source_not_found', attempts: 1 });

    const [, jobs = ''] = /"service":"jobs",.*"address":"([^"]+)"/.exec(product.output()) ?? [];
    const linesOf = async (url: string) => (await (await fetch(`${url}/metrics`)).text()).split('\n').map((line) => line.replace(/,node="[^"]*"/, ''));
    expect(await linesOf(jobs)).toContain('armoricore_job_tries_total{queue="media",job="media.transcode",outcome="failed"} 1');
    expect(await linesOf(jobs)).toContain('armoricore_bus_events_total{group="jobs",type="media.uploaded",outcome="handled"} 1');
    expect(await linesOf(jobs)).toContain('armoricore_bus_events_total{group="",type="media.failed",outcome="published"} 1');
    const ofRealtime = await linesOf(product.url);
    expect(ofRealtime).toContain('armoricore_queue_jobs{queue="media",state="failed"} 1');
    expect(ofRealtime).toContain('armoricore_dead_letters{kind="job",origin="media"} 1');

    expect(await call('DELETE', `/dead-letters/${letter.id}`)).toEqual({ id: letter.id });
    expect((await call('GET', '/dead-letters')).dead_letters).toEqual([]);
    expect((await call('GET', '/audit')).audit).toMatchObject([{ actor: 'root', action: 'dead_letter.discard', subject: `dead_letter:${letter.id}` }]);
  } finally {
    await product.stop();
  }
});
