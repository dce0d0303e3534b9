import { spawn } from 'node:child_process';
import { userInfo } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const NODE = path.join(ROOT, 'node_modules/.bin/node');

/** Something that the user has to know and a stack trace would not explain. */
export class Failure extends Error {}

/** Settings of npm that say how to reach the registry; the others belong to the command that started us. */
const KEPT_NPM_SETTINGS = /^npm_config_(registry|proxy|https?_proxy|noproxy|cafile|ca|strict_ssl|userconfig|cache)$/i;

/** The environment without what `npm run` adds, with the Node of the repository first on PATH and a home. */
export function cleanEnvironment() {
  const entries = Object.entries(process.env).filter(([name]) => !/^(npm_|INIT_CWD$)/i.test(name) || KEPT_NPM_SETTINGS.test(name));
  const env = Object.fromEntries(entries);
  env.HOME ||= userInfo().homedir;
  env.PATH = [path.dirname(NODE), env.PATH].filter(Boolean).join(path.delimiter);
  return env;
}

/**
 * Runs a command quietly in the root of the repository.
 * @returns {Promise<{code: number, output: string}>} its exit code (1 when it could not be run or was killed) and all that it wrote.
 */
export function runQuietly(command, args, { cwd = ROOT, env = cleanEnvironment(), show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', show ? 'inherit' : 'pipe', show ? 'inherit' : 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', (error) => resolve({ code: 1, output: `${output}${error.message}\n` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** One line about what is going on; on standard error, because some commands answer on standard output. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}
