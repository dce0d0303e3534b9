import { afterEach, beforeEach, expect, test } from 'vitest';
import { sql } from 'drizzle-orm';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { newId } from '@armoricore/shared/kernel';
import { waitFor } from '../../../../test/support/wait.ts';
import { createTriggerBridge } from '../../src/bridge/triggers.ts';
import type { Farm } from '../../src/core/index.ts';
import { createFarmLab, onEachBackend, type FarmLab } from '../support/farm.ts';
import { inputOf, workJob } from '../support/work-job.ts';

/** More than the bridge, the inbox or a put takes at once. */
const MANY = 300;

onEachBackend((backend) => {
  let lab: FarmLab;
  let farm: Farm;
  let stop: (() => unknown) | undefined;
  beforeEach(async () => {
    lab = await createFarmLab(backend);
    farm = await lab.start([]); // Of a process that has other jobs: it turns events into jobs and leaves them alone.
  });
  afterEach(async () => {
    await stop?.();
    await lab.close();
  });

  const job = workJob({ run: async () => undefined });
  const uploaded = (mediaId = newId()): BusEvent<'media.uploaded'> => createEvent('media.uploaded', inputOf(mediaId), { source: 'backend' });
  const publish = (events: readonly BusEvent[]) => lab.database.db.transaction((transaction) => lab.bus.publishAll!(events, { transaction }));
  const handled = () => waitFor(async () => (await lab.bus.backlog('jobs')) === 0, { what: 'the end of the backlog' });
  const waiting = async (): Promise<string[]> => (await lab.queues.queue('media').getWaiting()).map(({ id }) => id!).toSorted();
  async function bridge(over: Farm = farm): Promise<void> {
    const { db } = lab.database;
    const service = createTriggerBridge({ bus: lab.bus, db, farm: over, jobs: [job] });
    stop = () => service.stop?.();
    await service.start?.();
  }

  test('makes one job of each of many events, with the id of the event', async () => {
    await bridge();
    const events = Array.from({ length: MANY }, () => uploaded());
    await publish(events);
    await handled();
    expect(await waiting()).toEqual(events.map(({ event_id }) => event_id).toSorted());
  });

  test('makes no second job of an event that comes again when its job is long gone', async () => {
    await bridge();
    const event = uploaded();
    await publish([event]);
    await handled();
    await lab.queues.queue('media').remove(event.event_id);
    await lab.database.db.execute(sql`INSERT INTO bus_deliveries (group_name, seq, key) SELECT 'jobs', seq, key FROM events`);
    const next = uploaded();
    await publish([next]);
    await handled();
    expect(await waiting()).toEqual([next.event_id]);
  });

  test('makes the job at the next try when the queue did not take it, and holds up no other event', async () => {
    let refusals = 1;
    const [first, second] = [uploaded(), uploaded()];
    const enqueue: Farm['enqueue'] = async (contract, input, eventId) => {
      if (eventId === first.event_id && refusals-- > 0) throw new Error('the queue is away');
      await farm.enqueue(contract, input, eventId);
    };
    await bridge({ ...farm, enqueue });
    await publish([first, second]);
    await handled();
    expect(await waiting()).toEqual([first.event_id, second.event_id].toSorted());
    expect(refusals).toBe(-1);
  });
});
