import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { DESKTOP, FAKE_DEVICES, framesDecoded, openDevices, openPerson, PHONE } from '../support/people.ts';
import { startProduct, type Product } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

let product: Product;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct({ STUN_SERVER_URL: 'stun:127.0.0.1:9' }), launchBrowser(FAKE_DEVICES)]);
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

const tile = (page: Page, name: string): ReturnType<Page['locator']> => page.locator(`[data-testid=tile][data-user=${name}]`);

/** Every one of so many peers is seen, and goes on being seen. */
async function sees(page: Page, peers: number): Promise<void> {
  const before = await waitFor(async () => {
    const frames = await framesDecoded(page);
    return frames.length === peers && frames.every((count) => count > 0) && frames;
  }, { timeoutMs: 20_000, what: `pictures of ${peers}` });
  await waitFor(async () => (await framesDecoded(page)).every((count, i) => count > (before[i] ?? 0)), { timeoutMs: 20_000, what: 'further pictures' });
}

async function createHuddle(page: Page, name: string, size: string): Promise<string> {
  await page.locator('#huddle-name').fill(name);
  await page.locator('#huddle-size').selectOption(size);
  await page.getByTestId('create-huddle').click();
  await page.getByRole('heading', { name }).waitFor();
  await page.getByTestId('join-huddle').click();
  await page.locator('[data-testid=huddle][data-phase=in]').waitFor();
  return new URL(page.url()).hash.slice(1);
}

it('shows three people to each other, what they switch, and who leaves', async () => {
  const ann = await person('ann', '/huddles');
  const place = await createHuddle(ann, 'Morning tea', '4');
  await ann.getByTestId('raise-hand').click();
  const [bob, cid] = await Promise.all([person('bob', place), person('cid', '/huddles', PHONE)]);
  await bob.getByText('In it: ann.').waitFor();
  await bob.getByTestId('join-huddle').click();
  await sees(bob, 1);
  await tile(bob, 'ann').getByTestId('hand').waitFor();

  await cid.getByTestId('huddle-list').getByText('Morning tea').click();
  await cid.getByTestId('join-huddle').click();
  await Promise.all([sees(ann, 2), sees(bob, 2), sees(cid, 2)]);
  await cid.getByText('3 of 4').waitFor();
  await keepScreenshot(ann, 'huddle-desktop');
  await keepScreenshot(cid, 'huddle-phone');

  await bob.getByTestId('microphone').click();
  await tile(ann, 'bob').getByText('(muted)').waitFor();
  await bob.getByTestId('camera').click();
  await tile(ann, 'bob').locator('video').waitFor({ state: 'detached' });
  await tile(ann, 'bob').locator('.avatar').waitFor();
  await ann.getByTestId('raise-hand').click();
  await tile(cid, 'ann').getByTestId('hand').waitFor({ state: 'detached' });
  await keepScreenshot(cid, 'huddle-phone-muted');

  await bob.getByTestId('leave-huddle').click();
  await tile(ann, 'bob').waitFor({ state: 'detached' });
  expect(await openDevices(bob)).toEqual([]);
  await sees(ann, 1);
  await bob.getByTestId('join-huddle').click();
  await Promise.all([sees(ann, 2), sees(bob, 2)]);

  await cid.getByTestId('nav-reels').click();
  await cid.getByTestId('live-bar').getByText('Morning tea').waitFor();
  await ann.getByTestId('end-huddle').click();
  await bob.getByTestId('huddle-over').getByText('ended for all').waitFor();
  await cid.getByTestId('live-bar').waitFor({ state: 'detached' });
  for (const page of [ann, bob, cid]) expect(await openDevices(page)).toEqual([]);
});

it('keeps the place of who comes back, moves it to another window, and says when there is no room', async () => {
  const ann = await person('ann', '/huddles');
  const place = await createHuddle(ann, 'Small room', '2');
  const bob = await person('bob', place);
  await bob.getByTestId('join-huddle').click();
  await Promise.all([sees(ann, 1), sees(bob, 1)]);
  const cid = await person('cid', place);
  await cid.getByTestId('join-huddle').click();
  await cid.getByTestId('huddle-over').getByText('The huddle is full').waitFor();
  expect(await openDevices(cid)).toEqual([]);

  const again = await person('bob', place);
  await again.getByTestId('join-huddle').click();
  await bob.getByTestId('huddle-over').getByText('in another window').waitFor();
  await Promise.all([sees(ann, 1), sees(again, 1)]);
  await again.close();
  await tile(ann, 'bob').getByText('Lost the connection').waitFor();
});

it('shows a screen in place of the camera, and the camera again', async () => {
  const ann = await person('ann', '/huddles');
  const place = await createHuddle(ann, 'Slides', '2');
  const bob = await person('bob', place);
  await bob.getByTestId('join-huddle').click();
  await sees(ann, 1);
  // Headless Chromium has no screen to capture: what is shared is a canvas.
  await bob.evaluate(() => {
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d')!;
    setInterval(() => context.fillRect(Math.random() * 300, 0, 5, 150), 50);
    navigator.mediaDevices.getDisplayMedia = () => Promise.resolve(canvas.captureStream(20));
  });
  await bob.getByTestId('screen').click();
  await ann.locator('[data-testid=tile][data-user=bob][data-screen=true]').waitFor();
  await waitFor(() => tile(ann, 'bob').locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth === 300), { what: 'the picture of the screen' });
  await bob.getByTestId('screen').click();
  await ann.locator('[data-testid=tile][data-user=bob][data-screen=false]').waitFor();
  await waitFor(() => tile(ann, 'bob').locator('video').evaluate((video: HTMLVideoElement) => video.videoWidth === 640), { what: 'the picture of the camera' });
});
