import { keyConfig, loadConfig } from '../../packages/shared/src/config/index.ts';
import { loadMasterKey, type KeyEntry, type KeyStore } from '../../packages/shared/src/keys/index.ts';
import type { ReadStream } from 'node:tty';

const USAGE = `npm run keys -- list
npm run keys -- add NAME < value
npm run keys -- rotate NAME < value
npm run keys -- remove NAME [VERSION]
NEW_MASTER_KEY=… npm run keys -- rotate-master   (or NEW_MASTER_KEY_FILE)`;

/** Longest value that is read, in bytes. */
const LONGEST = 64 * 1024;

export class UsageError extends Error {}

export interface CommandContext {
  store: KeyStore;
  env: Record<string, string | undefined>;
  input: Pick<ReadStream, 'isTTY'> & AsyncIterable<Buffer | string>;
}

/** Runs one command and answers what there is to print. @throws UsageError, ConfigError, and AppError of the store */
export async function runCommand([command, name, ...rest]: readonly string[], { store, env, input }: CommandContext): Promise<string[]> {
  if (command === 'list' && name === undefined) return describe(await store.list());
  if (command === 'rotate-master' && name === undefined) {
    const { keys } = loadConfig({ keys: keyConfig }, { MASTER_KEY: env['NEW_MASTER_KEY'], MASTER_KEY_FILE: env['NEW_MASTER_KEY_FILE'] });
    const next = loadMasterKey(keys);
    if (next === null) throw new UsageError(`NEW_MASTER_KEY is not set, nor NEW_MASTER_KEY_FILE\n${USAGE}`);
    return [`${await store.rewrap(next)} values are wrapped with master key ${next.id}: restart everything with that one as MASTER_KEY`];
  }
  if (name === undefined) throw new UsageError(USAGE);
  if (command === 'remove' && rest.length <= 1 && /^\d*$/.test(rest[0] ?? '')) {
    const removed = await store.remove(name, rest[0] === undefined ? undefined : Number(rest[0]));
    return [`${name}: ${removed} ${removed === 1 ? 'version' : 'versions'} removed`];
  }
  if ((command !== 'add' && command !== 'rotate') || rest.length > 0) throw new UsageError(USAGE);
  const { version } = await store[command](name, await readValue(input));
  return [`${name}: version ${version} is the current one`];
}

/** A value on the command line would stay in the shell's history, and one that is typed on the screen. */
async function readValue(input: CommandContext['input']): Promise<string> {
  if (input.isTTY) throw new UsageError(`The value comes from standard input, as in: openssl rand -base64 48 | npm run keys -- add NAME\n${USAGE}`);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > LONGEST) throw new UsageError(`The value is longer than ${LONGEST} bytes`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString().replace(/\r?\n$/, '');
}

function describe(entries: readonly KeyEntry[]): string[] {
  return entries.map(({ name, version, createdAt, masterId }) => `${name}  version ${version}  ${createdAt.toISOString()}  master key ${masterId}`);
}
