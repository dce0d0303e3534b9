import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { spawnRealtime, type SpawnedRealtime } from '../../../../test/support/spawn-realtime.ts';

/** The realtime process on a free port; killed with the test. @throws Error with what it wrote when it ends before it listens */
export async function startRealtimeProcess(env: Record<string, string>): Promise<SpawnedRealtime> {
  const dataDir = await mkdtemp(join(tmpdir(), 'armoricore-process-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
  const spawned = await spawnRealtime({ NODE_ENV: 'test', PORT: '0', STORAGE_DIR: join(dataDir, 'objects'), SECRET_KEY_BASE: 's'.repeat(40), ...env });
  onTestFinished(async () => void (await spawned.end('SIGKILL'))); // Runs before the folder goes: the last comes first.
  return spawned;
}
