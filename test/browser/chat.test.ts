import { Socket, type Push } from 'phoenix';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { startProduct, type Product } from '../support/product.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';

const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const DESKTOP: BrowserContextOptions = { viewport: { width: 1280, height: 800 } };
/** What a browser says of a connection that the test itself cuts. */
const OF_THE_CUT = /net::ERR_|WebSocket connection/;

let product: Product;
let proxy: TcpProxy;
let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  [product, browser] = await Promise.all([startProduct({ CHAT_MESSAGES_PER_SECOND: '1000' }), launchBrowser()]);
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

/** A browser of its own, in which somebody has a place of the page open. */
async function person(name: string, place: string, options: BrowserContextOptions = DESKTOP, base = product.url): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(`${name}: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !(base !== product.url && OF_THE_CUT.test(message.text()))) complaints.push(`${name}: ${message.text()}`);
  });
  await page.goto(new URL(`/#${place}?user=${name}`, base).href);
  await page.locator('[data-testid=connection][data-state=live]').waitFor({ state: 'attached' });
  return page;
}

const log = (page: Page): Locator => page.getByTestId('log');
const row = (page: Page, text: string): Locator => log(page).locator('.row', { hasText: text });
const composer = (page: Page): Locator => page.locator('#composer');

/** A client without a page, which says what it is told to as soon as the one before is durable. */
async function writer(name: string, room: string): Promise<(text: string) => Promise<void>> {
  const socket = new Socket(`${product.url.replace('http', 'ws')}/socket`, { params: { token: await product.token(name) }, transport: WebSocket });
  socket.connect();
  const channel = socket.channel(`chat:${room}`);
  await settled(channel.join());
  onTestFinished(() => socket.disconnect());
  return (content) => settled(channel.push('message:send', { type: 'text', content }));
}

const settled = (push: Push): Promise<void> =>
  new Promise((resolve, reject) => {
    push.receive('ok', () => resolve()).receive('error', ({ reason }: { reason: string }) => reject(new Error(reason)));
  });

async function say(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

async function act(page: Page, text: string, tool: string): Promise<void> {
  await row(page, text).hover();
  await row(page, text).getByRole('button', { name: tool }).click();
}

it('lets two people talk: typing, reactions, answers, edits, deletions and read marks', async () => {
  const [ann, bob] = await Promise.all([person('ann', '/chat/tea'), person('bob', '/chat/tea')]);
  await ann.getByTestId('people').getByText('2 here').waitFor();

  await composer(bob).pressSequentially('Hello');
  await ann.getByTestId('typing').getByText('bob is typing').waitFor();
  await composer(bob).press('Enter');
  await row(ann, 'Hello').waitFor();
  await waitFor(async () => (await ann.getByTestId('typing').textContent()) === '', { what: 'the end of typing' });
  await say(ann, 'Good morning, bob. Shall we ship it?\nI think so.');
  await row(bob, 'Shall we ship it').waitFor();
  const readByBob = ann.getByTestId('read-by').getByText('Read by bob');
  await readByBob.waitFor();
  await ann.reload();
  await readByBob.waitFor();

  await act(ann, 'Hello', 'React');
  await ann.getByRole('dialog', { name: 'Choose an emoji' }).waitFor();
  await keepScreenshot(ann, 'chat-emoji');
  await ann.getByRole('button', { name: 'party' }).click();
  const reaction = row(bob, 'Hello').locator('.reaction');
  await reaction.waitFor();
  await reaction.click();
  await row(ann, 'Hello').locator('.reaction', { hasText: '2' }).waitFor();
  await row(ann, 'Hello').locator('.reaction').click();
  await row(bob, 'Hello').locator('.reaction', { hasText: '1' }).waitFor();

  await act(bob, 'Shall we', 'Reply');
  await say(bob, 'Yes, on Thursday');
  await row(ann, 'Yes, on Thursday').locator('.quote', { hasText: 'Shall we ship it?' }).waitFor();

  await composer(bob).press('ArrowUp');
  await bob.getByTestId('composer-bar').getByText('Editing').waitFor();
  await say(bob, 'Yes, on Friday');
  await row(ann, 'Yes, on Friday').getByText('edited').waitFor();
  await composer(bob).press('ArrowUp');
  await composer(bob).press('Escape');
  await bob.getByTestId('composer-bar').waitFor({ state: 'detached' });
  expect(await composer(bob).inputValue()).toBe('');

  await say(bob, 'This was for somebody else');
  await row(ann, 'somebody else').waitFor();
  await act(bob, 'somebody else', 'Delete');
  await bob.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await row(ann, 'This message was deleted').waitFor();
  expect(await log(ann).getByText('somebody else').count()).toBe(0);

  await keepScreenshot(ann, 'chat-desktop');
  await ann.emulateMedia({ colorScheme: 'dark' });
  await keepScreenshot(ann, 'chat-desktop-dark');
});

it('counts what is unread while one is elsewhere, and shows where it begins', async () => {
  const [ann, bob] = await Promise.all([person('ann', '/chat/news'), person('bob', '/chat/news')]);
  await say(bob, 'The first');
  await row(ann, 'The first').waitFor();
  await bob.getByTestId('read-by').waitFor();
  await ann.getByTestId('nav-videos').click();
  await waitFor(() => ann.evaluate(() => document.activeElement?.tagName === 'H1'), { what: 'the focus on the heading' });
  await say(bob, 'The second');
  await say(bob, 'The third');
  await ann.getByTestId('nav-badge').filter({ hasText: '2 unread' }).waitFor();
  expect(await ann.title()).toContain('(2)');

  await ann.getByTestId('nav-chat').click();
  await ann.locator('[data-room=news]').getByTestId('unread').waitFor();
  await ann.reload();
  const unread = ann.locator('[data-room=news]').getByTestId('unread');
  expect(await unread.textContent()).toContain('2');
  await ann.locator('[data-room=news]').click();
  await ann.getByTestId('divider').waitFor();
  // Of a room in the list the newest message is known at first; the page with those before it comes when it is opened.
  await waitFor(async () => {
    const lines = await log(ann).locator('li').allTextContents();
    const at = lines.indexOf('New messages');
    return lines[at - 1]?.includes('The first') === true && lines[at + 1]?.includes('The second') === true;
  }, { what: 'the line between what was read and what is new' });
  await unread.waitFor({ state: 'detached' });
  await bob.getByTestId('read-by').waitFor();
});

it('keeps what is written while the connection is away, sends it once, and catches up', async () => {
  const [ann, bob] = await Promise.all([person('ann', '/chat/train', DESKTOP, proxy.through(product.url)), person('bob', '/chat/train')]);
  await say(ann, 'Before the tunnel');
  await row(bob, 'Before the tunnel').waitFor();
  proxy.cut();
  await ann.getByTestId('banner').getByText('The connection is lost').waitFor();
  await say(ann, 'In the tunnel');
  await ann.locator('[data-outgoing=pending]', { hasText: 'In the tunnel' }).waitFor();
  await say(bob, 'Are you there?');
  await act(bob, 'Before the tunnel', 'React');
  await bob.getByRole('button', { name: 'heart' }).click();
  await row(bob, 'Before').locator('.reaction').waitFor();
  await waitFor(() => ann.getByTestId('banner').evaluate((banner) => getComputedStyle(banner).opacity === '1'), { what: 'the banner' });
  await keepScreenshot(ann, 'chat-reconnecting');
  proxy.mend();

  await row(ann, 'Are you there?').waitFor({ timeout: 20_000 });
  await row(bob, 'In the tunnel').waitFor();
  await row(ann, 'Before').locator('.reaction').waitFor();
  await ann.getByTestId('banner').waitFor({ state: 'detached' });
  await ann.locator('[data-outgoing]').waitFor({ state: 'detached' });
  for (const page of [ann, bob]) {
    const texts = await log(page).locator('.text').allTextContents();
    expect(texts).toEqual(['Before the tunnel', 'Are you there?', 'In the tunnel']);
  }
});

it('shows what people write as text, and links only to the web', async () => {
  const [ann, bob] = await Promise.all([person('ann', '/chat/code'), person('bob', '/chat/code', PHONE)]);
  const hostile = `<img src=x onerror="window.hit=1"><script>window.hit=1</script> javascript:window.hit=1 https://example.com/a?b=1&c=2.`;
  await say(ann, hostile);
  const text = row(bob, 'window.hit').locator('.text');
  await text.waitFor();
  expect(await text.textContent()).toBe(hostile);
  expect(await text.locator('img, script').count()).toBe(0);
  expect(await bob.evaluate(() => 'hit' in window)).toBe(false);
  expect(await text.locator('a').evaluateAll((links) => links.map((link) => [link.getAttribute('href'), link.getAttribute('rel')]))).toEqual([
    ['https://example.com/a?b=1&c=2', 'noopener noreferrer'],
  ]);
});

it('holds its place while earlier messages come in above and new ones below', async () => {
  const write = await writer('ann', 'long');
  for (let i = 1; i <= 120; i++) await write(`Line ${i} of many`);
  const bob = await person('bob', '/chat/long');
  await row(bob, 'Line 120 ').waitFor();
  expect(await row(bob, 'Line 60 ').count()).toBe(0);
  await waitFor(() => log(bob).evaluate((box) => box.scrollHeight - box.scrollTop - box.clientHeight < 2), { what: 'the end of the log' });

  const before = await log(bob).evaluate((box) => {
    box.scrollTo({ top: 300 });
    return [...box.querySelectorAll('.row')].find(({ textContent }) => textContent.includes('Line 80 '))!.getBoundingClientRect().y;
  });
  const moved = async (): Promise<number> => Math.abs((await row(bob, 'Line 80 ').boundingBox())!.y - before);
  await row(bob, 'Line 60 ').waitFor({ state: 'attached' });
  expect(await moved()).toBeLessThan(2);

  await write('One more at the end');
  await bob.getByTestId('jump').filter({ hasText: '1 new' }).waitFor();
  expect(await moved()).toBeLessThan(2);
  await bob.getByTestId('jump').click();
  await bob.getByTestId('jump').waitFor({ state: 'detached' });
  await row(bob, 'One more at the end').waitFor();
});

it('can be used with the keyboard alone', async () => {
  const page = await person('kim', '/');
  await page.keyboard.press('Tab');
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
  const tabTo = async (what: string, matches: (active: Element | null, wanted: string) => boolean, wanted: string): Promise<void> => {
    for (let i = 0; i < 25; i++) {
      if (await page.evaluate(`(${matches.toString()})(document.activeElement, ${JSON.stringify(wanted)})`)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`the Tab key does not reach ${what}`);
  };
  await tabTo('the chat', (active, wanted) => active?.getAttribute('data-testid') === wanted, 'nav-chat');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Chat' }).waitFor();
  expect(await page.getByTestId('nav-chat').getAttribute('aria-current')).toBe('page');
  await tabTo('the name of a room', (active, wanted) => active?.id === wanted, 'room-name');
  await page.keyboard.type('Café am Platz');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'cafe-am-platz' }).waitFor();
  await waitFor(() => composer(page).evaluate((field) => field === document.activeElement), { what: 'the focus in the text field' });
  await page.keyboard.type('First line');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('second line');
  await page.keyboard.press('Enter');
  await row(page, 'First line\nsecond line').waitFor();
  await page.locator('[data-outgoing]').waitFor({ state: 'detached' });

  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Shift+Tab');
  await tabTo('the tools of a message', (active, wanted) => active?.getAttribute('aria-label') === wanted, 'React');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Choose an emoji' }).waitFor();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await row(page, 'First line').locator('.reaction', { hasText: '❤️' }).waitFor();
});

it('fits a phone: the list, the room, and back; a draft stays', async () => {
  const page = await person('guest-0190c3f2', '/chat', PHONE);
  await page.locator('#room-name').fill('pocket');
  await page.locator('#room-name').press('Enter');
  await composer(page).fill('Not sent yet');
  await page.getByRole('link', { name: 'All rooms' }).click();
  await page.locator('[data-room=pocket]').tap();
  expect(await composer(page).inputValue()).toBe('Not sent yet');
  await page.getByRole('button', { name: 'Send' }).tap();
  await row(page, 'Not sent yet').waitFor();
  await page.locator('[data-outgoing]').waitFor({ state: 'detached' });
  await keepScreenshot(page, 'chat-phone');
  await page.emulateMedia({ colorScheme: 'dark' });
  await keepScreenshot(page, 'chat-phone-dark');
  await page.getByRole('link', { name: 'All rooms' }).click();
  await page.setViewportSize({ width: 360, height: 640 });
  await keepScreenshot(page, 'chat-phone-list');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
});
