import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { notificationTemplates } from '@armoricore/shared/db';
import type { MailMessage, PushDevice, PushMessage } from '../../src/notifications/port.ts';
import { memoryProvider } from '../support/memory-provider.ts';
import { startNotificationLab, type NotificationLab } from '../support/notification-lab.ts';
import { android, iphone, prefer, user } from '../support/receivers.ts';

const fcm = memoryProvider<PushDevice, PushMessage>('fcm');
const apns = memoryProvider<PushDevice, PushMessage>('apns');
const email = memoryProvider<string, MailMessage>('email');
let lab: NotificationLab;

beforeAll(async () => {
  lab = await startNotificationLab({ fcm, apns, email });
  await lab.database.db.insert(notificationTemplates).values([
    { name: 'welcome', locale: 'en', title: 'Hi {{name}}', body: 'Welcome, {{name}}.', subject: 'Welcome {{name}}', html: '<p>Hi <b>{{name}}</b></p>' },
    { name: 'welcome', locale: 'de', title: 'Hallo {{name}}', body: 'Willkommen, {{name}}.' },
  ]);
});
afterAll(() => lab.close());
beforeEach(() => {
  for (const { received } of [fcm, apns, email]) received.length = 0;
});

it('come from a template, in the language of each device', async () => {
  const userId = user();
  await lab.register(android(), { userId, locale: 'de-AT' });
  await lab.register(iphone(), { userId, locale: 'fr' });
  const id = await lab.request({ user_id: userId, title: undefined, body: undefined, template: 'welcome', params: { name: 'Anna' } });
  await lab.results(id);
  expect([fcm.received[0]!.message.title, apns.received[0]!.message.title]).toEqual(['Hallo Anna', 'Hi Anna']);
});

it('cannot be broken by what is inserted', async () => {
  const userId = user();
  await prefer(lab, userId, {}, 'anna@example.org');
  const name = '<script>"x"</script>\r\nBcc: eve@example.net {{name}}';
  await lab.results(await lab.request({ user_id: userId, channels: ['email'], title: undefined, body: undefined, template: 'welcome', params: { name } }));
  expect(email.received[0]!.message).toMatchObject({
    subject: 'Welcome <script>"x"</script> Bcc: eve@example.net {{name}}',
    html: '<p>Hi <b>&lt;script&gt;&quot;x&quot;&lt;/script&gt;\r\nBcc: eve@example.net {{name}}</b></p>',
  });
});

it.each([
  ['a param is missing', { template: 'welcome', params: { title: 'x' } }, 'template_field_missing', /name/],
  ['there is no template', { template: 'unheard-of' }, 'template_not_found', /no template/],
])('fail, typed, when %s', async (_what, more, reason, message) => {
  const userId = user();
  await lab.register(android(), { userId });
  const [event] = await lab.results(await lab.request({ user_id: userId, title: undefined, body: undefined, ...more }));
  expect(event).toMatchObject({ event_type: 'notification.failed', payload: { reason, message: expect.stringMatching(message) } });
  expect(fcm.received).toEqual([]);
});
