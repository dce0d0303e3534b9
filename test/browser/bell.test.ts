import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { issueToken } from '../../packages/realtime/src/auth/tokens.ts';
import { createEvent } from '../../packages/shared/src/events/index.ts';
import { newId } from '../../packages/shared/src/kernel/index.ts';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { DESKTOP, openPerson, PHONE } from '../support/people.ts';
import { startProduct, type Product } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

const JWT_SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';
/** Offered to pages; what it signs nobody reads. */
const VAPID = {
  VAPID_PUBLIC_KEY: 'BK0bK9_EFKcPwOYLvWbqFKKg3S5cs7QK257OvxWCDSh8PxEK1VzWi6v1vgz_j4OhMqB9OFFpaPGNKAfKIqR4Ky0',
  VAPID_PRIVATE_KEY: 'APJwyyzA03CtjKVWXKUdZNwzz0mvVBM_7GFCdEaBcSo',
  VAPID_SUBJECT: 'mailto:ops@example.com',
};

let product: Product;
let browser: Browser;
let complaints: string[] = [];

beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct({ JWT_SECRET, ...VAPID }), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await product.stop();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  expect(complaints.splice(0)).toEqual([]);
});

const person = (name: string, place: string, options: BrowserContextOptions = DESKTOP): Promise<Page> =>
  openPerson(browser, name, place, { ...options, url: product.url, complaints });

/** Asks the server as its backend, or as a user. */
async function ask(method: string, place: string, body: object | undefined, userId?: string): Promise<any> {
  const token = await issueToken({ secret: JWT_SECRET }, { userId: userId ?? 'backend', roles: [userId === undefined ? 'service' : 'user'], ttlS: 600 });
  const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
  const response = await fetch(`${product.url}/api/v1${place}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  expect(response.ok, `${method} ${place}: ${response.status}`).toBe(true);
  return response.json();
}

const notify = (userId: string, fields: object): Promise<unknown> =>
  ask('POST', '/events', createEvent('notification.requested', { notification_id: newId(), user_id: userId, channels: ['push'], data: {}, priority: 'normal', ...fields }, { source: 'backend' }));

const count = (page: Page) => page.getByTestId('bell-count');
const item = (page: Page, text: string) => page.getByTestId('bell-item').filter({ hasText: text });

it('tells of a notification at once, keeps what came, and leads to what it is about', async () => {
  const ann = await person('ann', '/');
  await ann.getByTestId('bell').click();
  await ann.getByText('Nothing yet.').waitFor();
  await keepScreenshot(ann, 'bell-empty');
  await ann.keyboard.press('Escape');

  await notify('ann', { title: 'New messages in tea', body: '<img src=x onerror="window.hit=1"> is what bob wrote', data: { conversation_id: 'tea' } });
  await count(ann).filter({ hasText: '1' }).waitFor();
  await notify('ann', { title: 'Missed audio call', body: 'bob', data: { type: 'call', event: 'missed', call_id: 'c1' } });
  await notify('ann', { title: 'Your invoice of November', body: 'It is due in two weeks.', category: 'billing.monthly' });
  await notify('bob', { title: 'Not for ann' });
  await count(ann).filter({ hasText: '3' }).waitFor();
  expect(await ann.getByRole('button', { name: 'Notifications, 3 unread' }).count()).toBe(1);
  await ann.getByRole('status').getByText('New: Your invoice of November').waitFor();

  await ann.getByTestId('bell').focus();
  await ann.keyboard.press('Enter');
  await waitFor(() => ann.evaluate(() => document.activeElement?.id === 'bell-title'), { what: 'the focus in the list' });
  expect(await ann.getByTestId('bell-item').locator('strong, a').allTextContents()).toEqual(['Your invoice of November', 'Missed audio call', 'New messages in tea']);
  expect(await ann.evaluate(() => 'hit' in window)).toBe(false);
  await keepScreenshot(ann, 'bell-desktop');

  await ann.getByRole('button', { name: 'Mark as read: Missed audio call' }).click();
  await count(ann).filter({ hasText: '2' }).waitFor();
  await item(ann, 'New messages in tea').getByRole('link').click();
  await ann.getByRole('heading', { name: 'tea' }).waitFor();
  expect(await ann.getByTestId('bell-panel').isVisible()).toBe(false);
  await count(ann).filter({ hasText: '1' }).waitFor();

  await ann.reload();
  await count(ann).filter({ hasText: '1' }).waitFor();
  await ann.getByTestId('bell').click();
  await ann.getByTestId('read-all').click();
  await count(ann).waitFor({ state: 'detached' });
  expect(await ann.locator('.bell-item[data-read=true]').count()).toBe(3);
});

it('has what came while one was away', async () => {
  await notify('kim', { title: 'While you were away', body: 'Something happened.' });
  await waitFor(async () => (await ask('GET', '/notifications', undefined, 'kim')).notifications.length === 1, { what: 'the log of the server' });
  const kim = await person('kim', '/chat', PHONE);
  await count(kim).filter({ hasText: '1' }).waitFor();
  await kim.getByTestId('bell').tap();
  await item(kim, 'While you were away').waitFor();
  await keepScreenshot(kim, 'bell-phone');
  await kim.setViewportSize({ width: 360, height: 640 });
  await kim.emulateMedia({ colorScheme: 'dark' });
  await keepScreenshot(kim, 'bell-phone-dark');
  expect(await kim.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});

it('saves how one wants to be told of things, and asks for hours that make sense', async () => {
  const lea = await person('lea', '/settings');
  const push = lea.getByRole('checkbox', { name: 'Push: Calls' });
  await push.uncheck();
  await lea.getByLabel('In quiet hours: Messages').selectOption('Do not send');
  await lea.getByTestId('quiet-on').check();
  await lea.getByLabel('From').fill('21:30');
  await lea.getByLabel('To', { exact: true }).fill('21:30');
  await lea.getByRole('alert').getByText('at another time than they begin').waitFor();
  await lea.getByTestId('save').click();
  expect(await lea.evaluate(() => document.activeElement?.id)).toBe('quiet-end');
  await keepScreenshot(lea, 'settings-invalid');
  await lea.getByLabel('To', { exact: true }).fill('06:45');
  await lea.getByLabel('By the clock of').selectOption('Pacific/Auckland');
  await lea.getByTestId('save-state').getByText('not saved yet').waitFor();
  await lea.getByTestId('save').click();
  await lea.getByTestId('save-state').getByText('Saved.').waitFor();
  expect((await ask('GET', '/users/lea/preferences', undefined, 'lea')).preferences).toEqual({
    categories: { calls: { push: false, email: true, quiet: 'digest' }, general: { push: true, email: true, quiet: 'drop' } },
    quiet_hours: { start: '21:30', end: '06:45', timezone: 'Pacific/Auckland' },
    locale: null,
  });

  await lea.reload();
  await push.waitFor();
  expect(await push.isChecked()).toBe(false);
  expect(await lea.getByRole('checkbox', { name: 'Email: Calls' }).isChecked()).toBe(true);
  expect(await lea.getByLabel('From').inputValue()).toBe('21:30');
  expect(await lea.getByLabel('By the clock of').inputValue()).toBe('Pacific/Auckland');
  await keepScreenshot(lea, 'settings-desktop');
  await lea.route('**/api/v1/users/lea/preferences', (route) => route.abort());
  await push.check();
  await lea.getByTestId('save').click();
  await lea.getByRole('alert').getByText('The server could not be reached').waitFor();
  expect(await push.isChecked()).toBe(true);
  complaints = complaints.filter((one) => !one.includes('net::ERR_FAILED'));
});

it('lists the devices, forgets one, and says why this browser is not pushed to', async () => {
  await ask('POST', '/devices', { platform: 'fcm', token: 'a-token-of-a-phone:of-ivy-0123456789', app: 'Armoricore' }, 'ivy');
  await ask('POST', '/devices', { platform: 'apns', token: 'ab'.repeat(32) }, 'ivy');
  const ivy = await person('ivy', '/settings', PHONE);
  await ivy.getByTestId('devices').getByText('Armoricore, Android').waitFor();
  await ivy.locator('[data-testid=push-switch]:not([data-state=busy])').waitFor();
  await ivy.getByTestId('quiet-on').check();
  await keepScreenshot(ivy, 'settings-phone');
  await ivy.emulateMedia({ colorScheme: 'dark' });
  await keepScreenshot(ivy, 'settings-phone-dark');
  await ivy.getByRole('button', { name: /Remove iPhone/ }).tap();
  await waitFor(async () => (await ivy.getByTestId('devices').locator('li').count()) === 1, { what: 'one device is left' });
  expect((await ask('GET', '/devices', undefined, 'ivy')).devices).toHaveLength(1);
  expect(await ivy.evaluate(() => document.activeElement?.id)).toBe('devices-title');
  await ivy.getByRole('button', { name: 'Push to this browser' }).tap();
  await ivy.getByText('Your browser does not allow notifications').waitFor(); // Nobody is there who could.
  expect(await ivy.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
});

it('shows what is pushed to the browser, and leads to what it is about', async () => {
  const eve = await person('eve', '/settings');
  await eve.context().grantPermissions(['notifications'], { origin: product.url });
  const devtools = await eve.context().newCDPSession(eve);
  const registered = new Promise<string>((resolve) => {
    devtools.on('ServiceWorker.workerRegistrationUpdated', ({ registrations }) => registrations[0] && resolve(registrations[0].registrationId));
  });
  await devtools.send('ServiceWorker.enable');
  await eve.evaluate(async () => {
    await navigator.serviceWorker.register('/push-worker.js');
    await navigator.serviceWorker.ready;
  });
  const registrationId = await registered;
  const deliver = (message: object) => devtools.send('ServiceWorker.deliverPushMessage', { origin: product.url, registrationId, data: JSON.stringify(message) });
  const data = { conversation_id: 'tea' };
  await deliver({ notification_id: 'n1', kind: 'alert', title: 'bob', body: 'Hello', tag: 'chat:tea', data });
  await deliver({ notification_id: 'n2', kind: 'background', tag: 'n2', data: {} });
  await deliver({ notification_id: 'n3', kind: 'alert', title: 'bob', body: '2 new messages', tag: 'chat:tea', data });
  const shown = () =>
    eve.evaluate(async () => {
      const all = await (await navigator.serviceWorker.ready).getNotifications();
      return all.map(({ title, body, data: about }) => ({ title, body, about }));
    });
  await waitFor(async () => (await shown())[0]?.body === '2 new messages', { what: 'the notification of the browser' });
  expect(await shown()).toEqual([{ title: 'bob', body: '2 new messages', about: data }]);

  const opened = await eve.context().newPage();
  await opened.goto(`${product.url}/#notification=${encodeURIComponent(JSON.stringify(data))}`); // As a click opens it.
  await opened.getByRole('heading', { name: 'tea' }).waitFor();
  expect(opened.url()).toMatch(/#\/chat\/tea$/);
});
