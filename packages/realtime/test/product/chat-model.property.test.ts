import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { freshRoom, joinChat, seqs, upTo, type ChatClient } from '../support/chat.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
let service: string;
beforeAll(async () => {
  realtime = await startRealtime({ CHAT_MESSAGES_PER_SECOND: '10000' });
  service = await realtime.token('backend', { roles: ['service'] });
});
afterAll(() => realtime.stop());

const USERS = ['anna', 'ben', 'cleo'] as const;
const DEVICES = 2;

/** What a conversation ought to be. */
interface Model {
  messages: { sender: string; deleted: boolean; reactions: Set<string> }[];
  marks: Map<string, number>;
}

/** What it is. */
interface Real {
  room: string;
  devices: ChatClient[];
  ids: string[];
}

type Step = fc.AsyncCommand<Model, Real>;

const userOf = (device: number): string => USERS[device % USERS.length]!;
const unreadOf = ({ messages, marks }: Model, user: string): number =>
  messages.filter(({ sender, deleted }, i) => i + 1 > (marks.get(user) ?? 0) && sender !== user && !deleted).length;

const send = (device: number): Step => ({
  check: () => true,
  async run(model, { devices, ids }) {
    const { id, seq } = await devices[device]!.send(`by ${userOf(device)}`);
    ids.push(id);
    model.messages.push({ sender: userOf(device), deleted: false, reactions: new Set() });
    expect(seq).toBe(model.messages.length);
  },
  toString: () => `send(${device})`,
});

/** A step about one of the messages there are. */
const about = (name: string, device: number, at: number, run: (model: Model, real: Real, index: number, messageId: string) => Promise<void>): Step => ({
  check: ({ messages }) => messages.length > 0,
  run: (model, real) => run(model, real, at % model.messages.length, real.ids[at % model.messages.length]!),
  toString: () => `${name}(${device}, ${at})`,
});

const read = (device: number, at: number): Step =>
  about('read', device, at, async ({ marks }, { devices }, index, messageId) => {
    await devices[device]!.push('message:read', { messageId });
    marks.set(userOf(device), Math.max(marks.get(userOf(device)) ?? 0, index + 1));
  });

const remove = (device: number, at: number): Step =>
  about('remove', device, at, async ({ messages }, { devices }, index, messageId) => {
    const message = messages[index]!;
    const removed = devices[device]!.push('message:delete', { messageId });
    if (message.sender !== userOf(device)) return expect(removed).rejects.toEqual({ reason: 'forbidden' });
    await removed;
    message.deleted = true;
    message.reactions.clear();
    return undefined;
  });

const react = (device: number, at: number): Step =>
  about('react', device, at, async ({ messages }, { devices }, index, messageId) => {
    const message = messages[index]!;
    const reacted = devices[device]!.push('message:reaction:add', { messageId, emoji: '🎉' });
    if (message.deleted) return expect(reacted).rejects.toEqual({ reason: 'message_deleted' });
    await reacted;
    message.reactions.add(userOf(device));
    return undefined;
  });

const look = (user: number): Step => ({
  check: () => true,
  async run(model, { room }) {
    const name = USERS[user]!;
    const { reply, socket } = await joinChat(realtime, name, room, { params: { since_seq: 0 } });
    socket.disconnect();
    expect(reply).toMatchObject({ unread: unreadOf(model, name), latest_seq: model.messages.length });
    const seen = reply.messages.map(({ senderId, deletedAt, reactions }) => ({ senderId, deleted: deletedAt !== null, by: reactions.flatMap(({ userIds }) => userIds).toSorted() }));
    expect(seen).toEqual(model.messages.map(({ sender, deleted, reactions }) => ({ senderId: sender, deleted, by: [...reactions].toSorted() })));
    const { body } = await realtime.call('GET', '/api/v1/conversations?limit=1', { token: await realtime.token(name) });
    expect(body.conversations[0]).toMatchObject({ conversation_id: room, unread: unreadOf(model, name), read_seq: model.marks.get(name) ?? 0 });
  },
  toString: () => `look(${USERS[user]})`,
});

const device = fc.nat(USERS.length * DEVICES - 1);
const commands = fc.commands(
  [
    device.map(send),
    fc.tuple(device, fc.nat(50)).map(([by, at]) => read(by, at)),
    fc.tuple(device, fc.nat(50)).map(([by, at]) => remove(by, at)),
    fc.tuple(device, fc.nat(50)).map(([by, at]) => react(by, at)),
    fc.nat(USERS.length - 1).map(look),
  ],
  { maxCommands: 60, size: 'max' },
);

it('unread counts, marks, tombstones and reactions are those of the model, whichever device acts', async () => {
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const room = freshRoom();
      const members = USERS.map((user_id) => ({ user_id }));
      await realtime.call('PUT', `/api/v1/conversations/${room}`, { token: service, body: { members } });
      const devices = await Promise.all(upTo(USERS.length * DEVICES).map((i) => joinChat(realtime, userOf(i - 1), room)));
      const model: Model = { messages: [], marks: new Map() };
      try {
        await fc.asyncModelRun(() => ({ model, real: { room, devices, ids: [] } }), steps);
        for (const one of devices) await waitFor(() => one.all('message:new').length === model.messages.length);
        for (const one of devices) expect(seqs(one.all('message:new'))).toEqual(upTo(model.messages.length));
      } finally {
        for (const { socket } of devices) socket.disconnect();
      }
    }),
    { numRuns: 30 },
  );
}, 120_000);
