import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issueToken } from '../../packages/realtime/src/auth/tokens.ts';
import { createEvent } from '../../packages/shared/src/events/index.ts';
import { newId } from '../../packages/shared/src/kernel/index.ts';
import { createFileSystemStorage } from '../../packages/shared/src/storage/filesystem.ts';
import { keepScreenshot, launchBrowser } from '../support/browser.ts';
import { makeClip } from '../support/clips.ts';
import { startProduct, type Product } from '../support/product.ts';
import { freshRedis } from '../support/services/fresh.ts';
import { waitFor } from '../support/wait.ts';

const JWT_SECRET = 'a-secret-of-the-tests-with-32-characters-or-more';

let browser: Browser;
let clip: Buffer;
beforeAll(async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'armoricore-board-'));
  [browser, clip] = await Promise.all([launchBrowser(), makeClip(path.join(folder, 'clip.mp4'), { seconds: 1 }).then((file) => readFile(file))]);
  await rm(folder, { recursive: true });
});
afterAll(() => browser.close());

describe.each(['postgres', 'redis'] as const)('Bull Board with the queues on %s', (backend) => {
  let product: Product;
  let context: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    product = await startProduct({ JWT_SECRET, ...(backend === 'redis' ? { REDIS_URL: await freshRedis() } : {}) });
  });
  afterAll(() => product.stop());
  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    page = await context.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  });
  afterEach(() => context.close());

  const token = (userId: string, role: string) => issueToken({ secret: JWT_SECRET }, { userId, roles: [role], ttlS: 600 });

  async function signIn(userId: string, role: string): Promise<void> {
    await page.goto(`${product.url}/admin/queues`);
    expect(page.url()).toBe(`${product.url}/admin/login`);
    await page.getByLabel('Token').fill(await token(userId, role));
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await page.waitForURL(`${product.url}/admin/queues`);
  }

  async function stateOf(mediaId: string): Promise<string | undefined> {
    const response = await fetch(`${product.url}/api/v1/media/${mediaId}`, { headers: { authorization: `Bearer ${await token('anna', 'user')}` } });
    return ((await response.json()) as { media?: { state: string } }).media?.state;
  }

  /** A media whose source is not there (yet); its job fails at once. Gives the id of the media and of the job. */
  async function failedMedia(): Promise<{ mediaId: string; jobId: string; sourceKey: string }> {
    const mediaId = newId();
    const sourceKey = `uploads/${mediaId}/source`;
    const event = createEvent('media.uploaded', { media_id: mediaId, user_id: 'anna', file_path: `file:///${sourceKey}`, metadata: { title: 'my holiday' } }, { source: 'backend' });
    const headers = { authorization: `Bearer ${await token('backend', 'service')}`, 'content-type': 'application/json' };
    const { status } = await fetch(`${product.url}/api/v1/events`, { method: 'POST', headers, body: JSON.stringify(event) });
    expect(status).toBe(202);
    await waitFor(async () => (await stateOf(mediaId)) === 'failed', { timeoutMs: 20_000, what: 'the media has failed' });
    return { mediaId, jobId: event.event_id, sourceKey };
  }

  const jobCard = (jobId: string) => page.locator('[class*=card]').filter({ hasText: jobId });
  const retryButton = (jobId: string) => jobCard(jobId).locator('button:has(.lucide-refresh-cw)');

  it('shows an admin the queues, and does a failed job again at a click', async () => {
    const { mediaId, jobId, sourceKey } = await failedMedia();
    await page.goto(`${product.url}/admin/queues`);
    await keepScreenshot(page, `board-${backend}-login`);
    await signIn('root', 'admin');
    for (const name of ['media', 'notification', 'caption', 'moderation']) await page.getByRole('link', { name, exact: true }).first().waitFor();
    await page.getByText('1 Job', { exact: true }).waitFor();
    await keepScreenshot(page, `board-${backend}-queues`);

    await page.goto(`${product.url}/admin/queues/queue/media?status=failed`);
    await jobCard(jobId).getByText('source_not_found').waitFor();
    await keepScreenshot(page, `board-${backend}-failed`);
    await jobCard(jobId).getByRole('tab', { name: 'Data' }).click();
    await jobCard(jobId).getByText(mediaId).waitFor();
    expect(await page.content()).not.toContain('my holiday');

    const storage = createFileSystemStorage({ root: path.join(product.dataDir, 'objects'), secret: 'x'.repeat(32), publicUrl: product.url, playbackUrlTtlS: 60 });
    await storage.put(sourceKey, clip, { contentType: 'video/mp4' });
    await retryButton(jobId).click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await jobCard(jobId).waitFor({ state: 'detached' });
    await waitFor(async () => (await stateOf(mediaId)) === 'ready', { timeoutMs: 60_000, what: 'the media is ready' });
    await page.goto(`${product.url}/admin/queues/queue/media?status=completed`);
    await page.getByText('media.transcode').waitFor();
    await keepScreenshot(page, `board-${backend}-done`);
    expect(complaints).toEqual([]);
  });

  it('lets a viewer look and do nothing', async () => {
    const { jobId } = await failedMedia();
    await signIn('eye', 'viewer');
    await page.goto(`${product.url}/admin/queues/queue/media?status=failed`);
    await jobCard(jobId).getByText('source_not_found').waitFor();
    await keepScreenshot(page, `board-${backend}-viewer`);
    expect(await retryButton(jobId).count()).toBe(0);
    expect(await page.getByText('Retry all').count()).toBe(0);
    expect(complaints).toEqual([]);

    const forced = await page.evaluate(async (id) => (await fetch(`/admin/queues/api/queues/media/${id}/retry`, { method: 'PUT' })).status, jobId);
    expect(forced).toBe(403);
    await page.reload();
    await jobCard(jobId).waitFor();
  });
});
