import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { lockFolder } from '../src/lock.ts';
import { temporaryFolder } from './support/processes.ts';

const HOLDER = `
  const { lockFolder } = await import(process.argv[1]);
  await lockFolder(process.argv[2]);
  console.log('locked');
  setInterval(() => undefined, 1e6);
`;

test('a folder is locked once at a time, and the holder is named', async () => {
  const folder = await temporaryFolder();
  const lock = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(`pid ${process.pid}`);
  lock.release();
  (await lockFolder(folder)).release();
});

test('the lock of a process that was killed is free', async () => {
  const folder = path.join(await temporaryFolder(), 'made/on/the/way');
  const module = new URL('../src/lock.ts', import.meta.url).href;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, module, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(createInterface({ input: holder.stdout }), 'line');
  await expect(lockFolder(folder)).rejects.toThrow(`pid ${holder.pid}`);

  holder.kill('SIGKILL');
  await once(holder, 'exit');
  (await lockFolder(folder)).release();
});
