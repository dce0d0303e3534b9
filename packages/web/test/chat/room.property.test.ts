import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Client } from './support/client.ts';

/** One thing that happens: on the server, on the way, or here. */
type Step = (client: Client) => void;

const seq = fc.integer({ min: 1, max: 14 });
const user = fc.constantFrom('me', 'ann', 'bob');
const emoji = fc.constantFrom('👍', '🎉');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<Step>((c) => void c.server.send('ann', null), (c) => void c.server.send('bob', null)) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 4 }).map<Step>((count) => (c) => c.deliver(count)) },
  { weight: 2, arbitrary: seq.map<Step>((n) => (c) => c.server.edit(n)) },
  { weight: 1, arbitrary: seq.map<Step>((n) => (c) => c.server.remove(n)) },
  { weight: 3, arbitrary: fc.tuple(seq, user, emoji).map<Step>(([n, who, what]) => (c) => c.server.react(n, who, what)) },
  { weight: 2, arbitrary: fc.tuple(seq, user, emoji).map<Step>(([n, who, what]) => (c) => c.server.unreact(n, who, what)) },
  { weight: 1, arbitrary: seq.map<Step>((n) => (c) => c.server.read(n)) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }).map<Step>((repeat) => (c) => c.join(repeat)) },
  { weight: 1, arbitrary: fc.constant<Step>((c) => c.cut()) },
  { weight: 2, arbitrary: fc.boolean().map<Step>((newest) => (c) => c.ask(newest)) },
  { weight: 2, arbitrary: fc.constant<Step>((c) => c.answer()) },
  { weight: 1, arbitrary: fc.constant<Step>((c) => c.list()) },
  { weight: 1, arbitrary: fc.boolean().map<Step>((on) => (c) => c.attend(on)) },
  { weight: 1, arbitrary: fc.boolean().map<Step>((on) => (c) => c.open(on)) },
  { weight: 2, arbitrary: fc.constant<Step>((c) => c.write()) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(3), fc.boolean()).map<Step>(([pick, answered]) => (c) => c.transmit(pick, answered)) },
);
const history = fc.array(step, { maxLength: 60, size: 'max' });

const byEmoji = <T extends { emoji: string }>(reactions: readonly T[]): T[] => reactions.toSorted((a, b) => (a.emoji < b.emoji ? -1 : 1));

describe('whatever happens on the way', () => {
  it('the log has no hole, no double and the order of seq, and no message of ours is shown twice', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const client = new Client();
        for (const act of steps) {
          act(client);
          const { messages, outbox, me } = client.room;
          messages.forEach((message, i) => expect(message.seq).toBe((messages[0]?.seq ?? 0) + i));
          const shown = new Set(messages.flatMap(({ senderId, clientMessageId }) => (senderId === me ? [clientMessageId] : [])));
          expect(outbox.filter(({ clientMessageId }) => shown.has(clientMessageId))).toEqual([]);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('once it is quiet the page shows what the server has, counts what is unread, and still holds what was never sent', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const client = new Client();
        for (const act of steps) act(client);
        const written = client.room.outbox.filter(({ state }) => state === 'pending').map(({ clientMessageId }) => clientMessageId);
        client.settle();
        const { messages, unread, outbox } = client.room;
        const sorted = (all: typeof messages) => all.map((message) => ({ ...message, reactions: byEmoji(message.reactions) }));
        expect(sorted(messages)).toEqual(sorted(client.server.messages));
        expect(unread).toBe(client.server.unread);
        const arrived = new Set(client.server.messages.map(({ clientMessageId }) => clientMessageId));
        expect(outbox.map(({ clientMessageId }) => clientMessageId)).toEqual(written.filter((name) => !arrived.has(name)));
      }),
      { numRuns: 1_500 },
    );
  });
});
