import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { conversationMembers, conversations, deadLetters } from '@armoricore/shared/db';
import { requestCancel } from '@armoricore/shared/jobs/cancel';
import { newId } from '@armoricore/shared/kernel';
import type { PushTarget } from '@armoricore/shared/notifications';
import { checkHealth } from '@armoricore/shared/ops';
import { eq, sql } from 'drizzle-orm';
import { waitFor } from '../../../../test/support/wait.ts';
import type { MailMessage, PushDevice, PushMessage } from '../../src/notifications/port.ts';
import { memoryProvider } from '../support/memory-provider.ts';
import { android, iphone, prefer, user } from '../support/receivers.ts';
import { startNotificationLab, type NotificationLab } from '../support/notification-lab.ts';

const fcm = memoryProvider<PushDevice, PushMessage>('fcm');
const apns = memoryProvider<PushDevice, PushMessage>('apns');
const email = memoryProvider<string, MailMessage>('email');
const pushes = [fcm, apns];
let lab: NotificationLab;

const count = (userId: string, more: Partial<Parameters<NotificationLab['request']>[0]> = {}) => ({ user_id: userId, ...more });

beforeAll(async () => {
  lab = await startNotificationLab({ fcm, apns, 'apns-voip': apns, email }, { env: { NOTIFY_PER_MINUTE: '20', FCM_PER_SECOND: '100000' } });
});
afterAll(() => lab.close());
beforeEach(() => {
  for (const provider of pushes) provider.answer = () => ({ kind: 'sent', id: 'p-1' });
  email.answer = () => ({ kind: 'sent', id: 'm-1' });
  for (const { received } of [...pushes, email]) received.length = 0;
});

describe('a notification', () => {
  it('goes to each device and the address of its user once, and says so', async () => {
    const userId = user();
    const [phone, tablet] = [await lab.register(android(), { userId }), await lab.register(iphone(), { userId })];
    await prefer(lab, userId, {}, 'anna@example.org');
    const id = await lab.request(count(userId, { channels: ['push', 'email'], category: 'news', data: { a: 1 } }));
    const [event] = await lab.results(id);
    expect(event).toMatchObject({
      event_type: 'notification.sent',
      source: 'notification-worker',
      payload: { user_id: userId, category: 'news', title: 'Hello', body: 'You have a message.', data: { a: 1 }, counts: { sent: 3, failed: 0, dropped: 0, suppressed: 0 } },
    });
    expect(event!.payload.deliveries.map(({ channel, device_id, status }) => [channel, device_id, status])).toEqual(
      expect.arrayContaining([['push', phone, 'sent'], ['push', tablet, 'sent'], ['email', undefined, 'sent']]),
    );
    expect(fcm.received[0]!.message).toMatchObject({ notificationId: id, title: 'Hello', tag: id, data: { a: 1 }, kind: 'alert' });
    expect(email.received[0]).toMatchObject({ to: 'anna@example.org', message: { subject: 'Hello', text: 'You have a message.' } });
    expect(email.received[0]!.message.unsubscribeUrl).toMatch(/^https:\/\/example\.com\/api\/v1\/unsubscribe\?token=/);
    const rows = await lab.deliveries(id);
    expect(rows.map(({ state, attempts }) => [state, attempts])).toEqual(Array(3).fill(['sent', 0]));
    expect(JSON.stringify(rows)).not.toContain('anna@example.org');
  });

  it('is sent once however often it is asked for', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    const id = newId();
    await Promise.all([1, 2, 3].map(() => lab.request(count(userId, { notification_id: id }))));
    await lab.results(id, 3);
    expect(fcm.received.filter(({ message }) => message.notificationId === id)).toHaveLength(1);
  });

  it('goes to the tokens and addresses of the event instead of those that we know', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    const id = await lab.request(count(userId, { channels: ['push', 'email'], to: { tokens: ['of-the-event:1', 'ab'.repeat(32)], emails: ['ben@example.org'] } }));
    expect((await lab.results(id))[0]!.payload.counts).toMatchObject({ sent: 3 });
    expect([fcm.received[0]!.to.target, apns.received[0]!.to.target, email.received[0]!.to]).toEqual([
      { platform: 'fcm', token: 'of-the-event:1' }, { platform: 'apns', token: 'ab'.repeat(32) }, 'ben@example.org',
    ]);
  });

  it('tells each wrong token and address, and the rest goes on', async () => {
    const tokens = ['', 'with spaces and\r\nlines', '../../etc', 'x'.repeat(4_096), { platform: 'apns' as const, token: 'no-hex' }, 'good:token-1'];
    const emails = ['a@example.org,b@example.org', 'a@example.org\r\nBcc: c@example.org', 'good@example.org'];
    const id = await lab.request(count(user(), { channels: ['push', 'email'], to: { tokens, emails } }));
    const [event] = await lab.results(id);
    expect(event).toMatchObject({ event_type: 'notification.sent', payload: { counts: { sent: 2, failed: 7 } } });
    const reasons = event!.payload.deliveries.map(({ reason }) => reason ?? 'none');
    expect(Object.fromEntries(Object.entries(Object.groupBy(reasons, (reason) => reason)).map(([reason, all]) => [reason, all!.length]))).toEqual({ invalid_token: 5, invalid_address: 2, none: 2 });
  });

  it('for a user without a device or an address is done with, and nothing is wrong', async () => {
    const id = await lab.request(count(user(), { channels: ['push', 'email'] }));
    expect((await lab.results(id))[0]).toMatchObject({ event_type: 'notification.sent', payload: { deliveries: [], counts: { sent: 0 } } });
  });

  it('for ten thousand tokens is bounded work, and its event small', async () => {
    const tokens = Array.from({ length: 10_000 }, (_, i) => `t:${i}:abcdef`);
    const id = await lab.request(count(user(), { to: { tokens } }));
    const [event] = await lab.results(id, 1, 25_000);
    expect(event!.payload.counts).toEqual({ sent: 10_000, failed: 0, dropped: 0, suppressed: 0 });
    expect(event!.payload.deliveries).toHaveLength(100);
    expect(new Set(fcm.received.map(({ to }) => (to.target as { token: string }).token)).size).toBe(10_000);
    expect(fcm.received).toHaveLength(10_000);
  });

  it('rings by VoIP tokens and not by the others of the same phone; shows nothing when it is data alone', async () => {
    const userId = user();
    const voip = iphone();
    await lab.register(iphone(), { userId });
    await lab.register({ ...voip, platform: 'apns-voip' } as PushTarget, { userId });
    await lab.results(await lab.request(count(userId, { kind: 'voip', title: undefined, body: undefined })));
    expect(apns.received.map(({ to, message }) => [to.target.platform, message.kind, message.title])).toEqual([['apns-voip', 'voip', undefined]]);
    await lab.results(await lab.request(count(userId, { kind: 'background', title: undefined, body: undefined, data: { sync: true } })));
    expect(apns.received.slice(1).map(({ to, message }) => [to.target.platform, message.title, message.data])).toEqual([['apns', undefined, { sync: true }]]);
  });
});

describe('what a provider says', () => {
  it('later, and when: it is sent then', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    const answers = [{ kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs: 900, fault: false } as const];
    fcm.answer = () => answers.shift() ?? { kind: 'sent' };
    const id = await lab.request(count(userId));
    expect((await lab.results(id))[0]!.payload.counts).toMatchObject({ sent: 1 });
    const [first, second] = fcm.received;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(890);
    expect(await lab.deliveries(id)).toMatchObject([{ state: 'sent', attempts: 1, reason: null }]);
  });

  it('that a token is of no use: that one is forgotten, and no other', async () => {
    const userId = user();
    const [dead, alive] = [android(), android()];
    await lab.register(dead, { userId });
    await lab.register(alive, { userId });
    fcm.answer = ({ target }) => (JSON.stringify(target) === JSON.stringify(dead) ? { kind: 'drop', reason: 'UNREGISTERED' } : { kind: 'fail', reason: 'INVALID_ARGUMENT' });
    const id = await lab.request(count(userId));
    const [event] = await lab.results(id);
    expect(event).toMatchObject({ event_type: 'notification.failed', payload: { reason: 'not_delivered', counts: { dropped: 1, failed: 1 } } });
    expect([await lab.isRegistered(dead), await lab.isRegistered(alive)]).toEqual([false, true]);
    expect(await lab.database.db.select().from(deadLetters).where(eq(deadLetters.reason, 'not_delivered'))).not.toHaveLength(0);
  });

  it('that a token is of no use, but it was registered anew meanwhile: it stays', async () => {
    const userId = user();
    const target = android();
    const id = await lab.register(target, { userId });
    fcm.answer = async () => {
      await lab.database.db.execute(sql`UPDATE device_tokens SET registered_at = now() + interval '1 second' WHERE id = ${id}::uuid`);
      return { kind: 'drop', reason: 'UNREGISTERED' };
    };
    await lab.results(await lab.request(count(userId)));
    expect(await lab.isRegistered(target)).toBe(true);
  });

  it('that there is no such mailbox: the address gets no more mails until it is set again', async () => {
    const userId = user();
    await prefer(lab, userId, {}, 'gone@example.org');
    email.answer = () => ({ kind: 'drop', reason: 'no_such_mailbox' });
    await lab.results(await lab.request(count(userId, { channels: ['email'] })));
    expect((await lab.results(await lab.request(count(userId, { channels: ['email'] }))))[0]!.payload.deliveries).toEqual([]);
    expect(email.received).toHaveLength(1);
  });

  it('that our credentials are wrong: jobs wait, tokens stay, health says so, and it goes on when they are right', async () => {
    const userId = user();
    const targets = [android(), android(), android()];
    for (const target of targets) await lab.register(target, { userId });
    let right = false;
    fcm.answer = () => (right ? { kind: 'sent' } : { kind: 'misconfigured', reason: 'UNAUTHENTICATED' });
    const id = await lab.request(count(userId));
    await waitFor(async () => (await lab.deliveries(id)).some(({ reason }) => reason === 'misconfigured'), { what: 'a delivery that waits' });
    const report = await checkHealth(lab.services, { breakers: lab.breakers });
    expect(report.checks['fcm']).toMatchObject({ status: 'degraded' });
    right = true;
    expect((await lab.results(id))[0]!.payload.counts).toMatchObject({ sent: 3 });
    expect(await Promise.all(targets.map(lab.isRegistered))).toEqual([true, true, true]);
    expect((await checkHealth(lab.services, { breakers: lab.breakers })).status).toBe('ok');
  });

  it('nothing that helps, again and again: the delivery fails in the end', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    fcm.answer = () => ({ kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs: 0, fault: false });
    const id = await lab.request(count(userId));
    expect((await lab.results(id))[0]).toMatchObject({ event_type: 'notification.failed', payload: { deliveries: [{ status: 'failed', reason: 'QUOTA_EXCEEDED' }] } });
    expect(fcm.received).toHaveLength(8);
  });

  it('too much of it: the notification is over when it is not worth delivering any more', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    fcm.answer = () => ({ kind: 'retry', reason: 'UNAVAILABLE', afterMs: 1_500, fault: false });
    const id = await lab.request(count(userId, { ttl_s: 1 }));
    expect((await lab.results(id))[0]!.payload.deliveries).toMatchObject([{ status: 'failed', reason: 'expired' }]);
    expect(fcm.received).toHaveLength(1);
  });
});

describe('what a user wishes', () => {
  it('is not told by a channel that is switched off for the category', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    await prefer(lab, userId, { categories: { news: { push: false, email: true, quiet: 'digest' }, '*': { push: true, email: false, quiet: 'digest' } } }, 'anna@example.org');
    const news = await lab.results(await lab.request(count(userId, { channels: ['push', 'email'], category: 'news' })));
    const other = await lab.results(await lab.request(count(userId, { channels: ['push', 'email'], category: 'other' })));
    const statusOf = ([event]: typeof news) => Object.fromEntries(event!.payload.deliveries.map(({ channel, status, reason }) => [channel, reason ?? status]));
    expect([statusOf(news), statusOf(other)]).toEqual([{ push: 'switched_off', email: 'sent' }, { push: 'sent', email: 'switched_off' }]);
  });

  it('has quiet hours: what comes waits for their end, what is urgent does not, and some categories are dropped', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    const now = new Date();
    const at = (minutes: number) => new Date(now.getTime() + minutes * 60_000).toISOString().slice(11, 16);
    const end = at(90);
    await prefer(lab, userId, { quiet_hours: { start: at(-60), end, timezone: 'UTC' }, categories: { ads: { push: true, email: true, quiet: 'drop' }, calls: { push: true, email: true, quiet: 'send' } } });
    const waiting = await lab.request(count(userId));
    await lab.results(await lab.request(count(userId, { urgent: true })));
    await lab.results(await lab.request(count(userId, { category: 'calls' })));
    expect((await lab.results(await lab.request(count(userId, { category: 'ads' }))))[0]!.payload.deliveries).toMatchObject([{ status: 'suppressed', reason: 'quiet_hours' }]);
    const [row] = await waitFor(async () => (await lab.deliveries(waiting)).length === 1 && lab.deliveries(waiting), { what: 'the delivery that waits' });
    expect([row!.state, row!.held, row!.dueAt.toISOString().slice(11, 16)]).toEqual(['pending', true, end]);
    expect(fcm.received).toHaveLength(2);
  });

  it('gets what piled up as one digest, also when the process was restarted meanwhile', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    await lab.database.db.execute(sql`INSERT INTO notification_rates VALUES (${userId}, now() - interval '56 seconds', 20)`);
    const ids: string[] = [];
    for (const title of ['One', 'Two', 'Three']) ids.push(await lab.request(count(userId, { title })));
    await waitFor(async () => (await Promise.all(ids.map(lab.deliveries))).flat().filter(({ held }) => held).length === 3, { what: 'three deliveries that wait' });
    await lab.restart();
    await Promise.all(ids.map((id) => lab.results(id)));
    expect(fcm.received.map(({ message }) => [message.title, message.body?.split('\n').toSorted(), message.tag])).toEqual([['3 notifications', ['One', 'Three', 'Two'], 'digest']]);
    const rows = (await Promise.all(ids.map(lab.deliveries))).flat();
    expect(rows.map(({ state, reason }) => reason ?? state).toSorted()).toEqual(['in_digest', 'in_digest', 'sent']);
  });

  it('is counted once for a notification that takes several tries', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    const answers = [1, 2, 3].map(() => ({ kind: 'retry', reason: 'QUOTA_EXCEEDED', afterMs: 0, fault: false }) as const);
    fcm.answer = () => answers.shift() ?? { kind: 'sent' };
    await lab.results(await lab.request(count(userId)));
    const { rows } = await lab.database.db.execute(sql`SELECT count FROM notification_rates WHERE user_id = ${userId}`);
    expect([rows, fcm.received.length]).toEqual([[{ count: 1 }], 4]);
  });

  it('is not told of what was read meanwhile', async () => {
    const userId = user();
    const conversationId = newId();
    await lab.register(android(), { userId });
    await lab.database.db.insert(conversations).values({ id: conversationId });
    await lab.database.db.insert(conversationMembers).values({ conversationId, userId, readSeq: 5 });
    const told = (seq: unknown) => lab.request(count(userId, { data: { conversation_id: conversationId, seq } })).then((id) => lab.results(id));
    expect((await told(5))[0]!.payload.deliveries).toMatchObject([{ status: 'suppressed', reason: 'seen' }]);
    expect((await told(6))[0]!.payload.deliveries).toMatchObject([{ status: 'sent' }]);
    expect((await told('5; DROP TABLE'))[0]!.payload.deliveries).toMatchObject([{ status: 'sent' }]);
  });
});

describe('a job', () => {
  it('that is cancelled while it waits ends, and so do its deliveries', async () => {
    const userId = user();
    await lab.register(android(), { userId });
    fcm.answer = () => ({ kind: 'retry', reason: 'UNAVAILABLE', afterMs: 60_000, fault: false });
    const eventId = newId();
    const id = await lab.request(count(userId), eventId);
    await waitFor(async () => (await lab.deliveries(id))[0]?.attempts === 1, { what: 'the first try' });
    await requestCancel(lab.database.db, eventId);
    expect((await lab.results(id))[0]).toMatchObject({ event_type: 'notification.failed', payload: { reason: 'job_cancelled', deliveries: [{ status: 'failed', reason: 'job_cancelled' }] } });
  });
});
