import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { connectionsMade, DESKTOP, FAKE_DEVICES, framesDecoded, openDevices, openPerson, PHONE } from '../support/people.ts';
import { startProduct, type Product } from '../support/product.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';

/** Nobody is asked where this machine is: the peers meet on it. */
const SETTINGS = { STUN_SERVER_URL: 'stun:127.0.0.1:9', CALL_GRACE_MS: '6000' };

let product: Product;
let proxy: TcpProxy;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct(SETTINGS), launchBrowser(FAKE_DEVICES)]);
  proxy = await startTcpProxy(product.url);
});
afterAll(async () => {
  await browser.close();
  await proxy.close();
  await product.stop();
});
afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
  expect(complaints.splice(0)).toEqual([]);
});

const person = (name: string, place: string, options: BrowserContextOptions = DESKTOP): Promise<Page> =>
  openPerson(browser, name, place, { ...options, url: product.url, complaints });
const state = (page: Page): Locator => page.getByTestId('call-state');
const over = (page: Page): Locator => page.getByTestId('over');

async function framesRise(page: Page): Promise<void> {
  const [before = 0] = await framesDecoded(page);
  await waitFor(async () => ((await framesDecoded(page))[0] ?? 0) > before + 2, { what: 'decoded pictures' });
}

async function connected(...pages: Page[]): Promise<void> {
  for (const page of pages) await page.locator('[data-testid=call][data-phase=active][data-link=connected]').waitFor();
}

it('lets two people see and hear each other, wherever in the page the call finds them', async () => {
  const [ann, bob] = await Promise.all([person('ann', '/calls/bob'), person('bob', '/', PHONE)]);
  await ann.getByTestId('call-video').click();
  await state(ann).getByText('Ringing bob').waitFor();
  const dialog = bob.getByTestId('incoming');
  await dialog.getByText('Incoming video call').waitFor();
  await keepScreenshot(bob, 'call-incoming-phone');
  expect(await bob.title()).toContain('(1)');
  for (let i = 0; i < 4; i++) {
    await bob.keyboard.press('Tab');
    expect(await bob.evaluate(() => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null)).toBe(true);
  }
  await bob.getByTestId('accept-video').focus();
  await bob.keyboard.press('Enter');

  await connected(ann, bob);
  await Promise.all([framesRise(ann), framesRise(bob)]);
  expect(await ann.getByTestId('remote-video').evaluate((video: HTMLVideoElement) => video.videoWidth)).toBeGreaterThan(0);
  await keepScreenshot(ann, 'call-desktop');
  await keepScreenshot(bob, 'call-phone');

  await ann.getByTestId('microphone').click();
  await bob.getByText('ann is muted.').waitFor();
  await ann.getByTestId('camera').click();
  await bob.getByTestId('remote-video').waitFor({ state: 'detached' });
  expect(await openDevices(ann)).toEqual(['audio']);
  await keepScreenshot(bob, 'call-phone-muted');
  await ann.getByTestId('camera').click();
  await bob.getByTestId('remote-video').waitFor();
  await framesRise(bob);

  await bob.getByTestId('nav-chat').click();
  await bob.getByTestId('live-bar').getByText('Call with ann').waitFor();
  await bob.getByTestId('live-bar').getByRole('link').click();
  await bob.getByTestId('hang-up').click();
  await over(ann).getByText('bob hung up. It lasted').waitFor();
  await over(bob).getByText('You hung up.').waitFor();
  expect([await openDevices(ann), await openDevices(bob)]).toEqual([[], []]);
  await ann.getByTestId('call-log').getByText('bob').waitFor();
  await keepScreenshot(ann, 'calls-desktop');
  for (const [page, width] of [[ann, 800], [bob, 360]] as const) {
    await page.setViewportSize({ width, height: 640 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
  }
  await keepScreenshot(bob, 'calls-phone');
  await keepScreenshot(ann, 'calls-narrow');
});

it('says when a call is declined, cancelled, busy, or taken on another device', async () => {
  const [ann, bob, other, cid] = await Promise.all([person('ann', '/calls/bob'), person('bob', '/'), person('bob', '/calls'), person('cid', '/calls/bob')]);
  await ann.getByTestId('call-audio').click();
  await bob.getByTestId('incoming').getByText('Incoming call').waitFor();
  await bob.keyboard.press('Escape');
  await over(ann).getByText('bob declined the call.').waitFor();
  await other.getByTestId('incoming').waitFor({ state: 'detached' });
  await over(other).getByText('declined').waitFor();

  await ann.getByRole('button', { name: 'Call again' }).click();
  await bob.getByTestId('incoming').waitFor();
  await ann.getByTestId('hang-up').click();
  await bob.getByTestId('incoming').waitFor({ state: 'detached' });
  await bob.getByText('ann stopped calling.').waitFor();
  await over(ann).getByText('You cancelled the call.').waitFor();

  await ann.getByTestId('call-audio').click();
  await other.getByTestId('accept-audio').click();
  await bob.getByText('The call goes on on another of your devices.').waitFor();
  await connected(ann, other);
  await cid.getByTestId('call-video').click();
  await over(cid).getByText('bob is in another call.').waitFor();
  await waitFor(async () => (await openDevices(cid)).length === 0, { what: 'the end of the devices of cid' });
  await other.getByTestId('hang-up').click();
  await over(ann).getByText('bob hung up.').waitFor();
});

it('goes on while the way to the server is lost, and after a page was loaded anew', async () => {
  const [ann, bob] = await Promise.all([
    openPerson(browser, 'ann', '/calls/bob', { ...DESKTOP, url: proxy.through(product.url), isCut: true, complaints }),
    person('bob', '/calls'),
  ]);
  ann.on('dialog', (dialog) => void dialog.accept()); // Leaving the page in a call asks first.
  await ann.getByTestId('call-video').click();
  await bob.getByTestId('accept-video').click();
  await connected(ann, bob);
  proxy.cut();
  await state(bob).getByText('ann lost the connection').waitFor();
  await state(ann).getByText('The connection is lost').waitFor();
  await Promise.all([framesRise(ann), framesRise(bob)]);
  proxy.mend();
  await state(bob).getByText('Connected').waitFor();
  await state(ann).getByText('Connected').waitFor();

  await ann.reload();
  await ann.getByTestId('take-up').click();
  await connected(ann);
  await waitFor(async () => (await connectionsMade(bob)) === 2, { what: 'a new connection, as the page of the other one is new' });
  await connected(bob);
  await Promise.all([framesRise(ann), framesRise(bob)]);
  await ann.getByTestId('hang-up').click();
  await over(bob).getByText('ann hung up.').waitFor();
});

it('says when the browser gives no microphone, and rings on', async () => {
  const [ann, bob] = await Promise.all([person('ann', '/calls/bob'), person('bob', '/')]);
  const refuse = (): void => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
  };
  await bob.evaluate(refuse);
  await ann.getByTestId('call-audio').click();
  await bob.getByTestId('accept-audio').click();
  await bob.getByTestId('trouble').getByText('This page may not use your microphone').waitFor();
  await keepScreenshot(bob, 'call-no-microphone');
  expect(await state(ann).textContent()).toContain('Ringing');
  await bob.getByTestId('decline').click();
  await over(ann).getByText('bob declined the call.').waitFor();
  await ann.evaluate(refuse);
  await ann.getByTestId('call-audio').click();
  await over(ann).getByText('A call needs a microphone.').waitFor();
});
