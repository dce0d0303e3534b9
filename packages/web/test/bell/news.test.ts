import { expect, expectTypeOf, it } from 'vitest';
import type { InAppNotification } from '../../../realtime/src/contracts/user.ts';
import type { PayloadOf } from '../../../shared/src/events/index.ts';
import { captionsNews, deliveryInWords, failedNews, fromLog, fromNotification, placeOf, type Notification, type NotificationStatus } from '../../src/bell/news.ts';

const notification = (fields: Partial<Notification> = {}): Notification => ({ notification_id: 'n1', title: 'Hello', body: null, data: {}, created: '2026-11-21T10:00:00.000Z', ...fields });

it('knows notifications as the server sends them', () => {
  expectTypeOf<InAppNotification>().toExtend<Notification>();
  expectTypeOf<Pick<PayloadOf<'notification.sent'>, 'notification_id' | 'deliveries'>>().toExtend<Pick<NotificationStatus, 'notification_id' | 'deliveries'>>();
});

it('leads to what a notification is about, and nowhere else', () => {
  expect(placeOf({ type: 'chat.message', conversation_id: 'tea & cake' })).toBe('#/chat/tea%20%26%20cake');
  expect(placeOf({ type: 'call', call_id: 'c1' })).toBe('#/calls');
  expect(placeOf({ huddle_id: 'h1', conversation_id: '' })).toBe('#/huddles/h1');
  expect(placeOf({ media_id: 'm1' })).toBe('#media=m1');
  expect(placeOf({ reel_id: 'r1' })).toBe('#/reels/r1');
  expect(placeOf({ url: 'https://evil.example', href: 'javascript:alert(1)', conversation_id: 7 })).toBeNull();
  expect(placeOf({ conversation_id: 'x'.repeat(300) })).toBeNull();
});

it('shows long texts in short, and waits for those that a template makes', () => {
  expect(fromNotification(notification({ title: null, body: 'y'.repeat(4_000) }))).toMatchObject({ title: null, body: 'y'.repeat(300) });
});

it('leaves out of the log what only rang or woke an app', () => {
  const entry = { notification_id: 'n1', title: 'Incoming audio call', body: 'bob', data: { type: 'call', event: 'incoming', call_id: 'c' }, created_at: '2026-11-21T10:00:00.000Z' };
  expect(fromLog(entry)).toBeNull();
  expect(fromLog({ ...entry, title: '', body: '', data: {} })).toBeNull();
  expect(fromLog({ ...entry, title: 'Missed audio call', data: { type: 'call', event: 'missed', call_id: 'c' } })).toMatchObject({ title: 'Missed audio call', topic: 'call', href: '#/calls' });
});

it('says in a line what became of a notification elsewhere', () => {
  const deliveries = (...all: [channel: 'push' | 'email', status: 'sent' | 'failed' | 'dropped' | 'suppressed'][]) =>
    deliveryInWords({ deliveries: all.map(([channel, status]) => ({ channel, status })) });
  expect(deliveries()).toBeNull();
  expect(deliveries(['push', 'sent'])).toBe('Pushed to a device');
  expect(deliveries(['push', 'sent'], ['push', 'sent'], ['push', 'dropped'], ['email', 'sent'])).toBe('Pushed to 2 devices · Sent by email · Not to all devices');
  expect(deliveries(['push', 'failed'], ['email', 'failed'])).toBe('Push failed · Email failed');
  expect(deliveries(['push', 'suppressed'])).toBe('Held back by your settings');
});

it('words the news of media', () => {
  expect(failedNews({ media_id: 'm', reason: 'no_streams', message: 'x' }, 'a.mp4', 't')).toMatchObject({ title: 'a.mp4 could not be processed', href: '#media=m' });
  expect(captionsNews({ media_id: 'm', tracks: [] }, null, 't')).toMatchObject({ title: 'There is nothing to caption', body: 'Untitled' });
});
