import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { makeClip } from '../support/clips.ts';
import { openPerson } from '../support/people.ts';
import { startProduct, type Product } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

const WORDS = 'The house at the end of the road was old and very quiet.';

let product: Product;
let browser: Browser;
let page: Page;
let folder: string;
const complaints: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'armoricore-captions-'));
  [product, browser] = await Promise.all([startProduct({ MEDIA_PRESET: 'ultrafast' }), launchBrowser()]);
  page = await openPerson(browser, 'ann', '/', { url: product.url, complaints, viewport: { width: 1200, height: 1000 } });
});
afterAll(async () => {
  await browser.close();
  await product.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Changes or reads the video element. */
const withVideo = <T>(read: (video: HTMLVideoElement) => T | Promise<T>): Promise<T> => page.getByTestId('player').evaluate(read);

/** What is shown over the video at a time; null when nothing is. */
async function shownAt(seconds: number): Promise<string | null> {
  await page.getByTestId('player').evaluate(async (video: HTMLVideoElement, to) => {
    const arrived = new Promise((resolve) => video.addEventListener('seeked', resolve, { once: true }));
    video.currentTime = to;
    await arrived;
  }, seconds);
  return withVideo((video) => {
    const cues = [...video.textTracks].filter(({ mode }) => mode === 'showing').flatMap(({ activeCues }) => [...(activeCues ?? [])]);
    return cues.length === 0 ? null : cues.map((cue) => (cue as VTTCue).text.replace(/\s+/g, ' ')).join(' ');
  });
}

const captionsButton = () => page.getByTestId('captions-button');
const isPressed = async (): Promise<boolean> => (await captionsButton().getAttribute('aria-pressed')) === 'true';

it('makes captions when the owner asks, and shows them when they are said, in this visit and the next', async () => {
  const speech = path.join(folder, 'speech.wav');
  await promisify(execFile)('flite', ['-voice', 'rms', '-t', WORDS, '-o', speech]);
  const clip = await makeClip(path.join(folder, 'speech.mp4'), { seconds: 8, size: '640x360', sound: speech });
  await page.getByTestId('file-input').setInputFiles(clip);
  await page.getByTestId('player').waitFor({ timeout: 90_000 });
  await page.getByTestId('make-captions').waitFor();
  await waitFor(() => withVideo((video) => video.readyState > 0), { what: 'the video can be sought' });
  await withVideo((video) => {
    video.currentTime = 3;
  });
  expect(await captionsButton().count()).toBe(0);

  await page.getByTestId('make-captions').click();
  await page.getByText('Listening to what is said').waitFor();
  await captionsButton().waitFor({ timeout: 60_000 });
  await page.getByTestId('caption-files').getByText('English captions').waitFor();
  expect(await page.getByTestId('make-captions').count()).toBe(0);
  await waitFor(() => withVideo((video) => video.currentTime === 3), { what: 'it goes on where it was' });

  expect(await isPressed()).toBe(false);
  expect(await shownAt(2)).toBeNull();
  await captionsButton().click();
  await waitFor(isPressed, { what: 'captions are on' });
  const shown = await waitFor(() => shownAt(2), { timeoutMs: 20_000, what: 'a caption on the screen' });
  expect(shown).toMatch(/the house at the end of the road/);
  await page.evaluate(() => window.scrollTo(0, 0));
  await keepScreenshot(page, 'player-captions');
  expect(await shownAt(7)).toBeNull();

  await page.reload();
  await page.getByTestId('player').waitFor();
  await waitFor(isPressed, { timeoutMs: 20_000, what: 'captions are on again' });
  expect(await waitFor(() => shownAt(2), { timeoutMs: 20_000, what: 'the caption again' })).toBe(shown);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.emulateMedia({ colorScheme: 'dark' });
  await keepScreenshot(page, 'player-captions-phone-dark');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

  await captionsButton().click();
  await waitFor(async () => !(await isPressed()), { what: 'captions are off' });
  expect(await shownAt(2)).toBeNull();

  await page.getByTestId('bell').click();
  await page.getByTestId('bell-item').filter({ hasText: 'Captions are ready' }).waitFor();
  expect(complaints).toEqual([]);
});
