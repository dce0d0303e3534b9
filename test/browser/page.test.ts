import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { makeClip } from '../support/clips.ts';
import { startProduct, type Product } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

let product: Product;
let browser: Browser;
let page: Page;
let folder: string;
let complaints: string[];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'armoricore-page-'));
  [product, browser] = await Promise.all([startProduct(), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  page = await browser.newPage({ viewport: { width: 1200, height: 860 } });
  complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(product.url);
  await page.locator('[data-testid=connection][data-state=live]').waitFor();
});
afterEach(() => page.close());

const choose = (file: string): Promise<void> => page.getByTestId('file-input').setInputFiles(file);

it('takes a video and shows the upload, the transcode with its stages, and plays it', async () => {
  const clip = await makeClip(path.join(folder, 'holiday.mp4'), { seconds: 8, size: '1280x720' });
  await keepScreenshot(page, 'page-empty');
  await choose(clip);
  await page.getByTestId('stage').waitFor();
  await keepScreenshot(page, 'page-working');

  const player = page.getByTestId('player');
  await player.waitFor({ timeout: 90_000 });
  expect(await player.getAttribute('poster')).toContain('/poster.jpg');
  await player.evaluate((video: HTMLVideoElement) => {
    video.muted = true;
    return video.play();
  });
  await waitFor(() => player.evaluate((video: HTMLVideoElement) => video.currentTime > 1), { timeoutMs: 30_000, what: 'the video plays' });
  const { width, duration } = await player.evaluate((video: HTMLVideoElement) => ({ width: video.videoWidth, duration: video.duration }));
  expect(width).toBeGreaterThan(0);
  expect(duration).toBeCloseTo(8, 0);
  await keepScreenshot(page, 'page-playing');
  expect(complaints).toEqual([]);

  await page.reload();
  await page.getByText('holiday').first().waitFor();
});

it('says in words why a file that is no video failed, and takes another', async () => {
  const file = path.join(folder, 'letter.mp4');
  await writeFile(file, 'Dear reader, this is a letter.\n'.repeat(100));
  await choose(file);
  const failure = page.getByTestId('failure');
  await failure.waitFor({ timeout: 60_000 });
  expect(await failure.textContent()).toContain('not_media');
  await keepScreenshot(page, 'page-failed');
  await page.getByText('Back to the start').click();
  await page.getByTestId('drop-zone').waitFor();
  expect(complaints).toEqual([]);
});
