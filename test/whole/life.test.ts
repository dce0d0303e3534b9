import { once } from 'node:events';
import { expect, it } from 'vitest';
import { startProduct } from '../support/product.ts';
import { waitFor } from '../support/wait.ts';

/** How long the parts may take to end after the launcher. */
const WITHIN = { timeoutMs: 20_000 };

it.each(['SIGINT', 'SIGTERM', 'SIGKILL'] as const)('%s of the launcher leaves no process', async (signal) => {
  const product = await startProduct();
  try {
    const commands = (await product.processes()).map(({ command }) => command).join('\n');
    for (const part of ['realtime/src/main.ts', 'jobs/src/main.ts', 'postgres']) expect(commands).toContain(part);
    const exited = once(product.launcher, 'exit');
    product.launcher.kill(signal);
    const [code] = (await exited) as [number | null];
    if (signal !== 'SIGKILL') expect(code).toBe(0);
    await waitFor(async () => (await product.processes()).length === 0, { ...WITHIN, what: 'no process is left' });
  } finally {
    await product.stop();
  }
});

it('runs twice side by side, each with a data folder of its own', async () => {
  const products = await Promise.all([startProduct(), startProduct()]);
  try {
    for (const { url } of products) expect((await fetch(`${url}/health/ready`)).status).toBe(200);
    expect(products[0]!.url).not.toBe(products[1]!.url);
  } finally {
    await Promise.all(products.map((product) => product.stop()));
  }
});
