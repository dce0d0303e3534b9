import { comments, commentStreams, openDatabase } from '@armoricore/shared/db';
import { newId, silentLog } from '@armoricore/shared/kernel';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import { seqs, upTo } from '../support/chat.ts';
import { freshStream, joinComments, type CommentsClient } from '../support/comments.ts';
import { startRealtime, type RealtimeUnderTest } from '../support/realtime.ts';

let realtime: RealtimeUnderTest;
beforeAll(async () => {
  realtime = await startRealtime({ COMMENTS_PER_SECOND: '100', COMMENTS_WINDOW_MS: '50' });
});
afterAll(() => realtime.stop());

const UNKNOWN = '01900000-0000-7000-8000-000000000000';

async function two(): Promise<{ stream: string; anna: CommentsClient; ben: CommentsClient }> {
  const stream = freshStream();
  return { stream, anna: await joinComments(realtime, 'anna', stream), ben: await joinComments(realtime, 'ben', stream) };
}

const moderator = (stream: string): Promise<CommentsClient> => joinComments(realtime, 'mo', stream, { roles: ['moderator'] });

describe('comments', () => {
  it('are acknowledged once durable, and told to all, the author included', async () => {
    const { stream, anna, ben } = await two();
    expect(anna.reply).toEqual({ comments: [], pinned: null, slow_mode: 0, viewers: 1 });
    expect(ben.reply.viewers).toBe(2);
    const comment = await anna.send('<b>hello</b>');
    expect(comment).toEqual({ id: expect.any(String), seq: 1, stream_id: stream, user_id: 'anna', content: '<b>hello</b>', client_comment_id: null, created_at: expect.any(String) });
    await waitFor(() => ben.all('comment:new').length === 1);
    for (const client of [anna, ben]) expect(client.all('comment:new')).toEqual([comment]);
    const cleo = await joinComments(realtime, 'cleo', stream);
    expect(cleo.reply.comments).toEqual([comment]);
  });

  it('sent twice under one client_comment_id are one, told once; another author may use the same', async () => {
    const { anna, ben } = await two();
    const named = { client_comment_id: 'same' };
    const [first, again] = await Promise.all([anna.send('hi', named), anna.send('hi', named)]);
    expect(again).toEqual(first);
    expect(await anna.send('other words', named)).toEqual(first);
    expect((await ben.send('hi', named)).seq).toBe(2);
    await waitFor(() => anna.all('comment:new').length === 2);
    expect(seqs(ben.all('comment:new'))).toEqual([1, 2]);
  });

  it.each([
    ['nothing in it', { content: ' \n' }, 'content'],
    ['no content', {}, 'content'],
    ['501 characters', { content: 'x'.repeat(501) }, 'content'],
    ['1 MB', { content: 'x'.repeat(1_000_000) }, 'content'],
    ['NUL', { content: 'a\0b' }, 'content'],
    ['half a surrogate pair', { content: 'a\uD800b' }, 'content'],
    ['a name that is too long', { content: 'x', client_comment_id: 'x'.repeat(129) }, 'client_comment_id'],
  ])('with %s are refused, and the channel lives on', async (_what, payload, path) => {
    const { anna } = await two();
    await expect(anna.push('comment:send', payload)).rejects.toMatchObject({ reason: 'invalid_payload', path });
    expect((await anna.send('still here')).seq).toBe(1);
  });

  it('beyond the rate are refused with the time to wait; each user has his own', async () => {
    const { anna, ben } = await two();
    const outcomes = await Promise.allSettled(upTo(400).map((i) => anna.send(`comment ${i}`)));
    const refusals = outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
    expect(refusals.length).toBeGreaterThan(0);
    expect(refusals[0]).toEqual({ reason: 'rate_limited', retry_after_ms: expect.any(Number) });
    expect((await ben.send('mine')).user_id).toBe('ben');
  });

  it('are paged back; the join has the last 100', async () => {
    const { stream, anna } = await two();
    await Promise.all(upTo(150).map((i) => anna.send(`comment ${i}`)));
    const cleo = await joinComments(realtime, 'cleo', stream);
    expect(seqs(cleo.reply.comments)).toEqual(upTo(150).slice(50));
    const page = await cleo.history({ before: cleo.reply.comments[0]!.id, limit: 30 });
    expect(seqs(page)).toEqual(upTo(50).slice(20));
    expect(seqs(await cleo.history({ before: page[0]!.id }))).toEqual(upTo(20));
    expect(await cleo.history({ before: (await cleo.history({ before: page[0]!.id }))[0]!.id })).toEqual([]);
    expect(seqs(await cleo.history())).toEqual(upTo(150).slice(50));
    await expect(cleo.history({ before: UNKNOWN })).rejects.toEqual({ reason: 'not_found' });
    await expect(cleo.history({ before: 'first' })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'before' });
    await expect(cleo.history({ limit: 101 })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'limit' });
  });

  it('what no node told of comes all the same, within seconds, but not what was deleted meanwhile', async () => {
    const { stream, anna } = await two();
    const batched = await joinComments(realtime, 'cleo', stream, { params: { batch: true } });
    await anna.send('told');
    // As a node leaves it that dies between the commit and the broadcast.
    const { db, stop } = openDatabase(realtime.databaseUrl, { max: 1, log: silentLog });
    await db.transaction(async (tx) => {
      await tx.update(commentStreams).set({ lastSeq: 3 }).where(eq(commentStreams.id, stream));
      const untold = { streamId: stream, userId: 'ben', createdAt: new Date() };
      await tx.insert(comments).values([
        { ...untold, id: newId(), seq: 2, content: '', deletedAt: new Date() },
        { ...untold, id: newId(), seq: 3, content: 'untold' },
      ]);
    });
    await stop();
    await waitFor(() => anna.comments().length === 2 && batched.comments().length === 2);
    expect(anna.comments()[1]).toMatchObject({ seq: 3, content: 'untold' });
    expect(seqs(batched.comments())).toEqual([1, 3]);
  });

  it('of a topic that cannot be a stream: the join is refused', async () => {
    for (const stream of ['a/batch', 'x'.repeat(129), 'a b']) await expect(joinComments(realtime, 'anna', stream)).rejects.toEqual({ reason: 'not_found' });
    await expect(joinComments(realtime, 'anna', 'a', { params: { batch: 'yes' } })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'batch' });
    const { anna } = await two();
    await expect(anna.push('comment:like', {})).rejects.toEqual({ reason: 'unknown_event' });
  });
});

describe('windows', () => {
  it('200 comments in a burst are a few frames, with every comment once and in order', async () => {
    const { stream, anna } = await two();
    const batched = await Promise.all(['cleo', 'dora'].map((user) => joinComments(realtime, user, stream, { params: { batch: true } })));
    await Promise.all(upTo(200).map((i) => anna.send(`comment ${i}`)));
    await waitFor(() => [anna, ...batched].every((client) => client.comments().length >= 200));
    for (const client of [anna, ...batched]) expect(seqs(client.comments())).toEqual(upTo(200));
    expect(anna.all('comment:batch')).toEqual([]);
    for (const client of batched) {
      expect(client.all('comment:new')).toEqual([]);
      expect(client.all('comment:batch').length).toBeLessThan(20);
      expect(client.all('comment:batch')).toEqual(batched[0]!.all('comment:batch'));
    }
  });

  it('whoever joins in the middle of a burst gets every comment once and in order, in windows or one by one', async () => {
    const { stream, anna } = await two();
    const keep = await joinComments(realtime, 'keeper', stream, { params: { batch: true } });
    const sending = (async () => {
      for (let i = 0; i < 60; i += 1) await Promise.all(upTo(3).map((k) => anna.send(`comment ${i}:${k}`)));
    })();
    const joiners: CommentsClient[] = [];
    for (let i = 0; i < 24; i += 1) joiners.push(await joinComments(realtime, `joiner-${i}`, stream, { params: { batch: i % 3 > 0 } }));
    await sending;
    for (const client of [keep, ...joiners]) {
      await waitFor(() => client.comments().at(-1)?.seq === 180);
      const got = seqs(client.comments());
      expect(got).toEqual(upTo(180).slice(got[0]! - 1));
    }
    expect(joiners.some(({ reply }) => reply.comments.length > 0 && reply.comments.length < 180)).toBe(true);
  });

  it('what is deleted before its window ends never comes', async () => {
    const slow = await startRealtime({ COMMENTS_WINDOW_MS: '1000', DATABASE_URL: realtime.databaseUrl });
    try {
      const stream = freshStream();
      const anna = await joinComments(slow, 'anna', stream);
      const batched = await joinComments(slow, 'ben', stream, { params: { batch: true } });
      const { id } = await anna.send('oops');
      await anna.push('comment:delete', { comment_id: id });
      await anna.send('better');
      await waitFor(() => batched.comments().length > 0);
      expect(batched.comments().map(({ content }) => content)).toEqual(['better']);
    } finally {
      await slow.stop();
    }
  });
});

describe('order', () => {
  it('the author or a moderator deletes, others may not; it is gone from history', async () => {
    const { stream, anna, ben } = await two();
    const mo = await moderator(stream);
    const [own, bad] = [await anna.send('typo', { client_comment_id: 'typo' }), await anna.send('rude')];
    await expect(ben.push('comment:delete', { comment_id: own.id })).rejects.toEqual({ reason: 'forbidden' });
    await expect(mo.push('comment:delete', { comment_id: UNKNOWN })).rejects.toEqual({ reason: 'not_found' });
    await expect(mo.push('comment:delete', { comment_id: 'one' })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'comment_id' });
    expect(await anna.push('comment:delete', { comment_id: own.id })).toEqual({});
    expect(await mo.push('comment:delete', { comment_id: bad.id })).toEqual({});
    expect(await mo.push('comment:delete', { comment_id: bad.id })).toEqual({});
    await waitFor(() => ben.all('comment:deleted').length === 2);
    expect(ben.all('comment:deleted')).toEqual([{ comment_id: own.id, seq: 1, user_id: 'anna' }, { comment_id: bad.id, seq: 2, user_id: 'mo' }]);
    expect(await ben.history()).toEqual([]);
    await expect(anna.send('typo', { client_comment_id: 'typo' })).rejects.toEqual({ reason: 'message_deleted' });
    expect((await joinComments(realtime, 'cleo', stream)).reply.comments).toEqual([]);
    const elsewhere = await moderator(freshStream());
    await expect(elsewhere.push('comment:delete', { comment_id: own.id })).rejects.toEqual({ reason: 'not_found' });
  });

  it('a moderator pins one comment; whoever joins sees it; deleted, it is pinned no more', async () => {
    const { stream, anna, ben } = await two();
    const mo = await moderator(stream);
    const [first, second] = [await anna.send('one'), await anna.send('two')];
    await expect(anna.push('comment:pin', { comment_id: first.id })).rejects.toEqual({ reason: 'forbidden' });
    await expect(mo.push('comment:pin', { comment_id: UNKNOWN })).rejects.toEqual({ reason: 'not_found' });
    for (const comment_id of [first.id, second.id, second.id, null, null, first.id]) expect(await mo.push('comment:pin', { comment_id })).toEqual({});
    await waitFor(() => ben.all('comment:pinned').length === 4);
    expect(ben.all('comment:pinned')).toEqual([{ comment: first }, { comment: second }, { comment: null }, { comment: first }]);
    expect((await joinComments(realtime, 'cleo', stream)).reply.pinned).toEqual(first);
    await anna.push('comment:delete', { comment_id: first.id });
    await waitFor(() => ben.all('comment:pinned').length === 5);
    expect(ben.all('comment:pinned').at(-1)).toEqual({ comment: null });
    expect((await joinComments(realtime, 'dora', stream)).reply.pinned).toBeNull();
    await expect(mo.push('comment:pin', { comment_id: first.id })).rejects.toEqual({ reason: 'not_found' });
  });

  it('slow mode holds for each user, not for moderators, and not for what was sent before', async () => {
    const { stream, anna, ben } = await two();
    const mo = await moderator(stream);
    await expect(anna.push('slow_mode', { seconds: 10 })).rejects.toEqual({ reason: 'forbidden' });
    for (const seconds of [-1, 3_601, 1.5]) await expect(mo.push('slow_mode', { seconds })).rejects.toMatchObject({ reason: 'invalid_payload', path: 'seconds' });
    const sent = await anna.send('before', { client_comment_id: 'c' });
    await mo.push('slow_mode', { seconds: 600 });
    await waitFor(() => anna.all('slow_mode').length === 1);
    expect(anna.all('slow_mode')).toEqual([{ seconds: 600 }]);
    const refusal = await anna.send('too soon').catch((refused: unknown) => refused as { retry_after_ms: number });
    expect(refusal).toEqual({ reason: 'rate_limited', retry_after_ms: expect.any(Number) });
    expect((refusal as { retry_after_ms: number }).retry_after_ms).toBeGreaterThan(590_000);
    expect(await anna.send('before', { client_comment_id: 'c' })).toEqual(sent);
    const outcomes = await Promise.allSettled([ben.send('one'), ben.send('two'), mo.send('one'), mo.send('two')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect((await joinComments(realtime, 'cleo', stream)).reply.slow_mode).toBe(600);
    await mo.push('slow_mode', { seconds: 0 });
    expect((await anna.send('at last')).content).toBe('at last');
  });

  it('privileged acts are written down, and no others', async () => {
    const { stream, anna } = await two();
    const mo = await moderator(stream);
    const [own, bad] = [await anna.send('mine'), await anna.send('rude')];
    await anna.push('comment:delete', { comment_id: own.id });
    await mo.push('slow_mode', { seconds: 5 });
    await mo.push('comment:pin', { comment_id: bad.id });
    await mo.push('comment:pin', { comment_id: null });
    await mo.push('comment:delete', { comment_id: bad.id });
    const admin = await realtime.token('root', { roles: ['admin'] });
    const entries = async (subject: string): Promise<{ actor: string; action: string }[]> =>
      (await realtime.call('GET', `/api/v1/audit?subject=${encodeURIComponent(subject)}`, { token: admin })).body.audit;
    expect((await entries(`stream:${stream}`)).map(({ action }) => action)).toEqual(['comment.unpin', 'comment.pin', 'comments.slow_mode']);
    expect(await entries(`comment:${own.id}`)).toEqual([]);
    expect(await entries(`comment:${bad.id}`)).toMatchObject([{ actor: 'mo', action: 'comment.delete', remote_address: expect.stringMatching(/127\.0\.0\.1|::1/), details: { stream_id: stream, user_id: 'anna' } }]);
  });
});
