import path from 'node:path';
import { Failure, NODE, ROOT, runQuietly, say } from './command.mjs';
import { digestOf, isStamped, stamp } from './stamp.mjs';

const WEB = path.join(ROOT, 'packages/web');
const STAMP = path.join(WEB, 'dist/.stamp');
const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'package.json', 'tsconfig.json', '../../pnpm-lock.yaml'];

/** Builds the browser page, unless it was built from the same sources. */
export async function buildPage() {
  const digest = digestOf(SOURCES, { root: WEB });
  if (isStamped(STAMP, digest)) return;
  say('Building the page …');
  const { code, output } = await runQuietly(NODE, ['node_modules/vite/bin/vite.js', 'build'], { cwd: WEB });
  if (code !== 0) throw new Failure(`${output}The page could not be built; what vite said is above.`);
  stamp(STAMP, digest);
}
