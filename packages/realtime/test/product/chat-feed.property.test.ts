import fc from 'fast-check';
import { expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import type { NewMessage } from '../../src/contracts/index.ts';
import { ConversationFeed, type Told } from '../../src/domain/chat-feed.ts';

const messageOf = (seq: number): NewMessage => ({
  id: String(seq), seq, conversationId: 'c', senderId: 'a', type: 'text', content: '', replyTo: null, attachments: [], clientMessageId: null, createdAt: '',
});
const told = (event: string, seq: number): Told => ({ topic: 'chat:c', event, payload: messageOf(seq) });

/** What nodes tell, in any order, some of it twice or never; and where the feed begins. */
const story = fc.integer({ min: 1, max: 30 }).chain((total) =>
  fc.record({
    total: fc.constant(total),
    begin: fc.integer({ min: 0, max: total }),
    beginAt: fc.nat(40),
    steps: fc.array(fc.record({ seq: fc.integer({ min: 1, max: total }), about: fc.boolean() }), { maxLength: 80 }),
  }),
);

type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

async function check({ total, begin, beginAt, steps }: Story): Promise<void> {
  let broken = true;
  const errors: unknown[] = [];
  const readAfter = async (seq: number): Promise<NewMessage[]> => {
    if (broken) throw new Error('away'); // The first try fails.
    return Array.from({ length: Math.min(5, total - seq) }, (_, i) => messageOf(seq + 1 + i));
  };
  const feed = new ConversationFeed({
    topic: 'chat:c',
    readAfter,
    onError: (thrown) => {
      broken = false;
      errors.push(thrown);
    },
  });
  const handed: Told[] = [];
  feed.listen((one) => handed.push(one));
  for (const [i, { seq, about }] of steps.entries()) {
    if (i === beginAt) feed.begin(begin);
    feed.take(told(about ? 'message:edited' : 'message:new', seq));
  }
  feed.begin(begin);
  await feed.reach(total);
  feed.close();
  const seqOf = ({ payload }: Told): number => (payload as NewMessage).seq;
  const messages = handed.filter(({ event }) => event === 'message:new').map(seqOf);
  const start = messages[0] ?? total + 1;
  expect(messages).toEqual(Array.from({ length: total - start + 1 }, (_, i) => start + i));
  expect(start).toBeLessThanOrEqual(begin + 1);
  const edits = handed.flatMap((one, i) => (one.event === 'message:edited' ? [{ seq: seqOf(one), at: i }] : []));
  for (const { seq, at } of edits) if (seq >= start) expect(handed.findIndex((one) => one.event === 'message:new' && seqOf(one) === seq)).toBeLessThan(at);
  expect(edits).toHaveLength(steps.filter(({ about }) => about).length);
}

it('hands on each message once and in order, and what is about one never before it', async () => {
  // Many at a time: each waits for what is missing.
  await fc.assert(fc.asyncProperty(fc.array(story, { minLength: 30, maxLength: 30 }), (stories) => Promise.all(stories.map(check)).then(() => undefined)), { numRuns: 5 });
}, 60_000);

it('forgets what is no message of the database, and goes on', async () => {
  const feed = new ConversationFeed({ topic: 'chat:c', readAfter: async () => [], onError: () => undefined });
  const handed: Told[] = [];
  feed.listen((one) => handed.push(one));
  feed.begin(3);
  feed.take(told('message:new', 1_000_000));
  feed.take(told('message:edited', 1_000_000));
  await waitFor(() => handed.length === 1);
  feed.take(told('message:new', 4));
  expect(handed.map(({ event }) => event)).toEqual(['message:edited', 'message:new']);
  feed.close();
});
