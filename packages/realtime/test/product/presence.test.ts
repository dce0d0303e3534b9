import { openDatabase } from '@armoricore/shared/db';
import { createEvent, type BusEvent } from '@armoricore/shared/events';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { Presence, Socket } from 'phoenix';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openTestBus } from '../../../../test/support/bus.ts';
import { waitFor } from '../../../../test/support/wait.ts';
import { RawClient } from '../support/engine.ts';
import { answer, collect, connectPhoenix, type PhoenixChannel, type PhoenixSocket } from '../support/phoenix.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

const AnySocket = Socket as unknown as new (url: string, options: object) => PhoenixSocket;

let one: RealtimeUnderTest;
/** Another node of the same installation. */
let two: RealtimeUnderTest;
/** What was published of presence, and a way to publish. */
const heard: BusEvent<'presence.update'>[] = [];
let publish: (event: BusEvent) => Promise<unknown>;
let closeBus: () => Promise<void>;

beforeAll(async () => {
  one = await startRealtime();
  two = await startRealtime({ DATABASE_URL: one.databaseUrl });
  const database = openDatabase(one.databaseUrl, { max: 2, log: silentLog });
  const bus = await openTestBus(database);
  await bus.subscribe({ group: 'presence-test', types: ['presence.update'], handler: (event) => Promise.resolve(void heard.push(event)) });
  publish = (event) => bus.publish(event);
  closeBus = async () => {
    await bus.close();
    await database.stop();
  };
});
afterAll(async () => {
  await closeBus();
  await two.stop();
  await one.stop();
});

let rooms = 0;
const freshRoom = (): string => `presence:room-${(rooms += 1)}`;
const told = (topic: string, userId?: string): string[] => heard.filter(({ payload }) => payload.topic === topic && (userId ?? payload.user_id) === payload.user_id).map(({ payload }) => `${payload.user_id} ${payload.status}`);

async function connect(node: RealtimeUnderTest, userId: string): Promise<PhoenixSocket> {
  return connectPhoenix(AnySocket, `${node.url}/socket`, { params: { token: await node.token(userId) }, reconnectAfterMs: () => 3_600_000 });
}

interface Guest {
  channel: PhoenixChannel;
  socket: PhoenixSocket;
  /** Each user's devices: status and metadata. */
  guests(): Record<string, { status: string; metadata: object }[]>;
}

async function enter(node: RealtimeUnderTest, userId: string, topic: string, params: object = {}): Promise<Guest> {
  const socket = await connect(node, userId);
  const channel = socket.channel(topic, params);
  const presence = new Presence(channel as never);
  await answer(channel.join());
  const guests = () => Object.fromEntries(presence.list((key, { metas }: { metas: any[] }) => [key, metas.map(({ status, metadata }) => ({ status, metadata }))] as const)) as ReturnType<Guest['guests']>;
  return { channel, socket, guests };
}

describe('presence:<room>', () => {
  it('shows status and metadata of every device on every node, and changes of them', async () => {
    const topic = freshRoom();
    const anna = await enter(one, 'anna', topic, { status: 'busy', metadata: { device: 'phone' } });
    const ben = await enter(two, 'ben', topic);
    await waitFor(() => Object.keys(ben.guests()).length === 2 && Object.keys(anna.guests()).length === 2);
    expect(ben.guests()).toEqual({ anna: [{ status: 'busy', metadata: { device: 'phone' } }], ben: [{ status: 'online', metadata: {} }] });

    expect(await answer(anna.channel.push('presence:update', { status: 'away' }))).toEqual({});
    await waitFor(() => ben.guests()['anna']?.[0]?.status === 'away');
    expect(ben.guests()['anna']).toEqual([{ status: 'away', metadata: { device: 'phone' } }]);
    await answer(anna.channel.push('presence:update', { metadata: { song: 'ü 💡' } }));
    await waitFor(() => Object.hasOwn(ben.guests()['anna']?.[0]?.metadata ?? {}, 'song'));
    expect(ben.guests()['anna']).toEqual([{ status: 'away', metadata: { song: 'ü 💡' } }]);
    await answer(anna.channel.leave());
    await waitFor(() => !Object.hasOwn(ben.guests(), 'anna'));
  });

  it('publishes joins, changes and the leave of the last device', async () => {
    const topic = freshRoom();
    const phone = await enter(one, 'cleo', topic);
    await waitFor(() => told(topic).length === 1);
    await answer(phone.channel.push('presence:update', { status: 'away' }));
    await waitFor(() => told(topic).length === 2);
    const laptop = await enter(two, 'cleo', topic, { status: 'busy' });
    await waitFor(() => told(topic).length === 3);
    await answer(laptop.channel.leave());
    await waitFor(() => told(topic).length === 4);
    phone.socket.disconnect();
    await waitFor(() => told(topic).length === 5);
    expect(told(topic)).toEqual(['cleo online', 'cleo away', 'cleo busy', 'cleo away', 'cleo offline']);
    expect(heard.find(({ payload }) => payload.topic === topic)).toMatchObject({ source: 'realtime', user_id: 'cleo' });
  });

  it('merges what a client that comes and goes does', async () => {
    const topic = freshRoom();
    const socket = await connect(one, 'flap');
    const from = performance.now();
    for (let turn = 0; turn < 15; turn += 1) {
      const channel = socket.channel(topic);
      await answer(channel.join());
      await answer(channel.push('presence:update', { status: 'busy' }));
      await answer(channel.leave());
    }
    const mark = freshRoom();
    const last = await enter(one, 'mark', mark);
    await waitFor(() => told(mark).length === 1);
    await answer(last.channel.leave());
    const seconds = (performance.now() - from) / 1_000;
    const reports = told(topic);
    expect(reports.at(-1)).toBe('flap offline');
    expect(reports.length).toBeLessThanOrEqual(seconds + 1);
  });

  it.each([
    ['an unknown status', { status: 'asleep' }, 'status'],
    ['metadata that is none', { metadata: 'x' }, 'metadata'],
    ['2 KiB of metadata and more', { metadata: { x: 'x'.repeat(2_048) } }, 'metadata'],
    ['metadata that is too deep', { metadata: { a: { b: { c: { d: {} } } } } }, 'metadata'],
    ['text that cannot be stored', { metadata: { x: 'a\0b' } }, 'metadata'],
  ])('refuses %s, in the join and later, and lives on', async (_what, wrong, path) => {
    const topic = freshRoom();
    const socket = await connect(one, 'dan');
    await expect(answer(socket.channel(topic, wrong).join())).rejects.toMatchObject({ reason: 'invalid_payload', path });
    const { channel, guests } = await enter(one, 'eve', topic);
    await expect(answer(channel.push('presence:update', wrong))).rejects.toMatchObject({ reason: 'invalid_payload', path });
    await expect(answer(channel.push('dance', {}))).rejects.toEqual({ reason: 'unknown_event' });
    await answer(channel.push('presence:update', { metadata: { a: { b: { c: 1 } } } }));
    await waitFor(() => Object.keys(guests()['eve']?.[0]?.metadata ?? {}).length === 1);
  });

  it.each(['a b', 'x'.repeat(129), 'ü', '../x'])('has no room %j', async (room) => {
    const socket = await connect(one, 'dan');
    await expect(answer(socket.channel(`presence:${room}`).join())).rejects.toMatchObject({ reason: 'invalid_payload', path: 'room' });
  });

  it('limits changes and joins', async () => {
    const { channel } = await enter(one, 'greta', freshRoom());
    const changes = await Promise.allSettled(Array.from({ length: 40 }, () => answer(channel.push('presence:update', { status: 'away' }))));
    const refused = changes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    expect(refused.length).toBeGreaterThan(10);
    expect(refused[0]).toEqual({ reason: 'rate_limited', retry_after_ms: expect.any(Number) });
    const client = await RawClient.open(`${one.url.replace('http', 'ws')}/socket/websocket?vsn=2.0.0&token=${await one.token('gus')}`);
    for (let count = 0; count < 300; count += 1) client.send([`${count}`, `${count}`, `presence:again-${count % 50}`, 'phx_join', {}]);
    const replies = (await client.drain()).filter((frame) => (frame as string[])[3] === 'phx_reply').map((frame) => (frame as any)[4].response.reason ?? 'ok');
    expect([replies.length, replies[0], replies.at(-1)]).toEqual([300, 'ok', 'rate_limited']);
  });
});

describe('the presence of a user', () => {
  const path = (userId: string): string => `/api/v1/users/${encodeURIComponent(userId)}/presence`;

  it('is said by the user, told to his devices on every node, published and kept', async () => {
    const [token, service] = [await one.token('hugo'), await one.token('backend', { roles: ['service'] })];
    const own = (await connect(two, 'hugo')).channel('user:hugo');
    const activities = collect(own, 'user_activity');
    await answer(own.join());
    const said = await one.call('POST', path('hugo'), { token, body: { status: 'busy', current_reel: 'reel-7', activity: 'watching' } });
    expect(said).toEqual({ status: 200, body: { user_id: 'hugo', status: 'busy', current_reel: 'reel-7', activity: 'watching', updated_at: expect.any(String) } });
    await one.call('POST', path('hugo'), { token: service, body: { status: 'away', activity: null } });
    await waitFor(() => activities.length === 2);
    expect(activities[0]!.payload).toEqual(said.body);
    expect(activities[1]!.payload).toMatchObject({ status: 'away', current_reel: 'reel-7', activity: null });
    await waitFor(() => told('user:hugo').includes('hugo away'));

    await waitFor(async () => (await one.call('GET', path('hugo'), { token })).body.last_seen_at !== null, { what: 'the sighting' });
    for (const node of [one, two]) {
      expect(await node.call('GET', path('hugo'), { token })).toEqual({
        status: 200,
        body: { user_id: 'hugo', status: 'away', current_reel: 'reel-7', activity: null, updated_at: expect.any(String), last_seen_at: expect.any(String), online: true, sockets: 1 },
      });
    }
    await connect(one, 'hugo');
    await waitFor(async () => (await two.call('GET', path('hugo'), { token: service })).body.sockets === 2);
  });

  it('of one who said nothing follows from his sockets', async () => {
    const token = await one.token('ida');
    expect(await one.call('GET', path('ida'), { token })).toMatchObject({ status: 200, body: { status: 'offline', online: false, sockets: 0, last_seen_at: null, updated_at: null } });
    await answer((await connect(two, 'ida')).channel('user:ida').join());
    expect(await one.call('GET', path('ida'), { token })).toMatchObject({ body: { status: 'online', online: true, sockets: 1 } });
  });

  it('is nobody else’s to see or to say', async () => {
    const [ida, viewer, admin] = [await one.token('ida'), await one.token('v', { roles: ['viewer'] }), await one.token('root', { roles: ['admin'] })];
    expect(await one.call('POST', path('jo'), { body: { status: 'away' } })).toMatchObject({ status: 401 });
    for (const token of [ida, viewer]) expect(await one.call('POST', path('jo'), { token, body: { status: 'away' } })).toMatchObject({ status: 403, body: { reason: 'forbidden' } });
    expect(await one.call('GET', path('jo'), { token: ida })).toMatchObject({ status: 403 });
    expect(await one.call('GET', path('jo'), { token: viewer })).toMatchObject({ status: 404, body: { reason: 'not_found' } });
    expect(await one.call('POST', path('jo'), { token: admin, body: { status: 'away' } })).toMatchObject({ status: 200 });
    expect(await one.call('GET', path('jo'), { token: viewer })).toMatchObject({ status: 200, body: { status: 'away', online: false } });
  });

  it.each([
    ['no status', {}],
    ['an unknown status', { status: 'asleep' }],
    ['a reel that is none', { status: 'away', current_reel: 'a b' }],
    ['256 characters and more', { status: 'away', activity: 'x'.repeat(257) }],
    ['what it does not know', { status: 'away', mood: 'fine' }],
    ['text that cannot be stored', { status: 'away', activity: 'a\0b' }],
  ])('refuses %s', async (_what, body) => {
    expect(await one.call('POST', path('kim'), { token: await one.token('kim'), body })).toMatchObject({ status: 422, body: { reason: 'invalid_payload' } });
  });

  it('is limited', async () => {
    const token = await one.token('leo');
    const replies = await Promise.all(Array.from({ length: 40 }, () => one.call('POST', path('leo'), { token, body: { status: 'away' } })));
    expect(replies.find(({ status }) => status === 429)).toMatchObject({ body: { reason: 'rate_limited', retry_after_ms: expect.any(Number) } });
  });
});

describe('notifications on user:<user_id>', () => {
  it('are told as they are asked for, beside what becomes of them; what shows nothing is not told', async () => {
    const own = (await connect(two, 'mia')).channel('user:mia');
    const notices = collect(own, 'notification');
    await answer(own.join());
    const notification = { notification_id: newId(), user_id: 'mia', channels: ['push' as const], data: { room: '1' }, priority: 'high' as const };
    const to = { tokens: ['a-token-of-hers'] };
    const event = createEvent('notification.requested', { ...notification, title: 'Hello', body: 'Mia', to }, { source: 'backend' });
    await publish(event);
    await publish(createEvent('notification.requested', { ...notification, notification_id: newId(), kind: 'background' }, { source: 'backend' }));
    await publish(createEvent('notification.requested', { ...notification, notification_id: newId(), template: 'greeting', params: { name: 'Mia' } }, { source: 'backend' }));
    await waitFor(() => notices.length === 2);
    const { notification_id, data, priority } = notification;
    expect(notices.map(({ payload }) => payload)).toEqual([
      { notification_id, title: 'Hello', body: 'Mia', data, priority, created: event.timestamp },
      { notification_id: expect.any(String), title: null, body: null, template: 'greeting', params: { name: 'Mia' }, data, priority, created: expect.any(String) },
    ]);
  });
});
