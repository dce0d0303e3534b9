import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { makeClip } from '../support/clips.ts';
import { startProduct, type Product } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

let product: Product;
let browser: Browser;
let page: Page;
let folder: string;
const complaints: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'armoricore-player-'));
  [product, browser] = await Promise.all([startProduct({ MEDIA_PRESET: 'ultrafast' }), launchBrowser()]);
  page = await browser.newPage({ viewport: { width: 1200, height: 1000 } });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(product.url);
  await page.locator('[data-testid=connection][data-state=live]').waitFor();
});
afterAll(async () => {
  await browser.close();
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Changes or reads the video element. */
const withVideo = <T>(read: (video: HTMLVideoElement) => T | Promise<T>): Promise<T> => page.getByTestId('player').evaluate(read);

it('plays a ladder to its end, on the level that was chosen, and shows the storyboard on the seek bar', async () => {
  const clip = await makeClip(path.join(folder, 'walk.mp4'), { seconds: 14, size: '1280x720' });
  await page.getByTestId('file-input').setInputFiles(clip);
  await page.getByTestId('player').waitFor({ timeout: 90_000 });
  await withVideo((video) => {
    video.muted = true;
    return video.play();
  });

  const quality = page.locator('.quality select');
  for (const [label, height] of [['144p', 144], ['720p', 720]] as const) {
    await quality.selectOption({ label });
    await withVideo((video) => { video.currentTime = 1; });
    await waitFor(async () => (await withVideo((video) => video.videoHeight)) === height, { timeoutMs: 30_000, what: `level ${label}` });
  }

  const bar = await page.getByTestId('seek-bar').boundingBox();
  const sheet = page.waitForResponse((response) => response.url().includes('/storyboard/sheet_000.jpg'));
  await page.mouse.move(bar!.x + bar!.width * 0.6, bar!.y + bar!.height / 2);
  expect((await sheet).status()).toBe(200);
  const glance = page.getByTestId('storyboard');
  await glance.waitFor();
  expect(await glance.textContent()).toBe('0:08');
  expect(await glance.locator('.glance-picture').getAttribute('style')).toContain('background-position: -640px 0px');
  await keepScreenshot(page, 'player-storyboard');

  await page.mouse.down();
  await page.mouse.up();
  await waitFor(async () => (await withVideo((video) => video.currentTime)) > 8, { what: 'a click seeks' });
  await withVideo((video) => {
    video.playbackRate = 4;
    return video.play();
  });
  await waitFor(() => withVideo((video) => video.ended), { timeoutMs: 30_000, what: 'the end of the video' });
  expect(await withVideo((video) => video.error)).toBeNull();
  expect(complaints).toEqual([]);
});

it('can be watched before all is made, and goes on with all sizes when it is', async () => {
  const long = await makeClip(path.join(folder, 'long.mp4'), { seconds: 60, size: '1280x720' });
  await page.getByTestId('file-input').setInputFiles(long);
  await page.getByTestId('watch-early').click({ timeout: 60_000 });
  await withVideo((video) => {
    video.muted = true;
    return video.play();
  });
  await waitFor(async () => (await withVideo((video) => video.currentTime)) > 0.5, { timeoutMs: 30_000, what: 'it plays early' });
  expect(await page.locator('.details').count()).toBe(0);
  await page.locator('.details').waitFor({ timeout: 90_000 });
  await page.locator('.quality').waitFor({ timeout: 30_000 });
  await waitFor(async () => (await withVideo((video) => video.readyState)) >= 3, { timeoutMs: 30_000, what: 'it goes on' });
  expect(await withVideo((video) => video.currentTime)).toBeGreaterThan(0.5);
  expect(complaints).toEqual([]);
});
