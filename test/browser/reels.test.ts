import { Socket, type Push } from 'phoenix';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { DESKTOP, openPerson, PHONE } from '../support/people.ts';
import { startProduct, type Product } from '../support/product.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

let product: Product;
let proxy: TcpProxy;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct({ REEL_INTERACTIONS_PER_SECOND: '10' }), launchBrowser()]);
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
  openPerson(browser, name, place, { ...options, permissions: ['clipboard-write'], url: product.url, complaints });
const count = (page: Page, label: string, value: string): Locator => page.getByTestId(`count-${label}`).filter({ hasText: new RegExp(`^${value}$`) });

it('counts hearts, comments, shares and views for all who watch', async () => {
  const ann = await person('ann', '/reels');
  await ann.locator('#reel-id').fill('sunset-42');
  await ann.keyboard.press('Enter');
  await count(ann, 'views', '1').waitFor();
  const bob = await person('bob', '/reels/sunset-42', PHONE);
  await count(ann, 'views', '2').waitFor();

  for (let i = 0; i < 5; i++) await bob.getByTestId('heart').tap();
  await count(ann, 'likes', '5').waitFor();
  await count(bob, 'likes', '5').waitFor();
  await bob.getByTestId('unlike').tap();
  await count(ann, 'likes', '4').waitFor();
  await ann.getByTestId('share').click();
  await ann.getByText('Link copied').waitFor();
  await count(bob, 'shares', '1').waitFor();

  await ann.locator('#reel-comment').fill('<b>What a sky</b>');
  await ann.keyboard.press('Enter');
  await bob.getByTestId('comments').getByText('<b>What a sky</b>').waitFor();
  await count(bob, 'comments', '1').waitFor();
  expect(await ann.locator('#reel-comment').inputValue()).toBe('');
  await keepScreenshot(ann, 'reel-desktop');
  await keepScreenshot(bob, 'reel-phone');

  await ann.getByTestId('heart').evaluate((button: HTMLElement) => {
    for (let i = 0; i < 60; i++) button.click();
  });
  await ann.getByText('That was too much at once.').waitFor();
});

it('shows all comments of one window, and what came while the connection was away', async () => {
  const ann = await openPerson(browser, 'ann', '/reels/train', { ...DESKTOP, url: proxy.through(product.url), isCut: true, complaints });
  const bob = await person('bob', '/reels/train');
  await count(ann, 'views', '2').waitFor();
  await comment('cid', 'train', ['one', 'two', 'three']);
  for (const content of ['one', 'two', 'three']) await ann.getByTestId('comments').getByText(content).waitFor();

  proxy.cut();
  await ann.locator('[data-testid=reel][data-state=joining]').waitFor();
  await bob.locator('#reel-comment').fill('four');
  await bob.keyboard.press('Enter');
  await bob.getByTestId('heart').click();
  await count(bob, 'likes', '1').waitFor();
  proxy.mend();
  await count(ann, 'likes', '1').waitFor();
  await ann.getByTestId('comments').getByText('four').waitFor();
  expect(await ann.getByTestId('count-views').textContent()).toBe('2');
});

/** Says all of it at once, as a client without a page. */
async function comment(name: string, reel: string, contents: readonly string[]): Promise<void> {
  const socket = new Socket(`${product.url.replace('http', 'ws')}/socket`, { params: { token: await product.token(name) }, transport: WebSocket });
  socket.connect();
  const channel = socket.channel(`reel:${reel}`);
  await settled(channel.join());
  await Promise.all(contents.map((content) => settled(channel.push('interaction:comment', { content }))));
  socket.disconnect();
}

const settled = (push: Push): Promise<void> =>
  new Promise((resolve, reject) => {
    push.receive('ok', () => resolve()).receive('error', ({ reason }: { reason: string }) => reject(new Error(reason)));
  });
