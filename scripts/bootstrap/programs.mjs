import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, Failure, runQuietly, say } from './command.mjs';
import { withoutServices } from './quiet-install.mjs';

/** The names that a program goes by, the Debian packages that it needs, and the services that come with it. */
const PROGRAMS = {
  ffmpeg: { names: ['ffmpeg'], debian: ['ffmpeg'], services: [] },
  ffprobe: { names: ['ffprobe'], debian: ['ffmpeg'], services: [] },
  chromium: { names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], debian: ['chromium'], services: [] },
  /** Recognises speech: the offline engine of captions, with its model of English. */
  pocketsphinx: { names: ['pocketsphinx_continuous'], debian: ['pocketsphinx', 'pocketsphinx-en-us'], services: [] },
  /** Speaks: the input of the tests of captions. */
  flite: { names: ['flite'], debian: ['flite'], services: [] },
  redis: { names: ['redis-server'], debian: ['redis-server'], services: ['redis-server.service'] },
  nats: { names: ['nats-server'], debian: ['nats-server'], services: ['nats-server.service'] },
  rabbitmq: { names: ['rabbitmq-server'], debian: ['rabbitmq-server'], services: ['rabbitmq-server.service', 'epmd.service', 'epmd.socket'] },
};

/** Where Debian keeps servers, which is not on the PATH of every user. */
const SERVER_FOLDERS = ['/usr/sbin', '/sbin'];

/** The list of packages was fetched by this process. */
let isUpToDate = false;

/** Makes sure that programs are there: installs them as root on Debian or Ubuntu, else says what to install. */
export async function requirePrograms(wanted) {
  const missing = wanted.filter((program) => !PROGRAMS[program].names.some(isInstalled));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((program) => PROGRAMS[program].debian))];
  const advice = `Needed and not on PATH: ${missing.join(', ')}. On Debian: apt-get install ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) throw new Failure(advice);

  say(`Installing ${packages.join(', ')} with apt-get …`);
  if (!isUpToDate) await aptGet(['update'], advice);
  isUpToDate = true;
  await withoutServices(
    missing.flatMap((program) => PROGRAMS[program].services),
    () => aptGet(['install', '-y', '--no-install-recommends', ...packages], advice),
  );
}

/** Brings in programs that the product can do without, or says in one line what is missing `without` them. */
export async function offerPrograms(wanted, without) {
  try {
    await requirePrograms(wanted);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say(`${error.message.trimEnd().split('\n').at(-1)} – until then ${without}.`);
  }
}

async function aptGet(args, advice) {
  const env = { ...cleanEnvironment(), DEBIAN_FRONTEND: 'noninteractive' };
  const { code, output } = await runQuietly('apt-get', ['-q', ...args], { env });
  if (code !== 0) throw new Failure(`${output}apt-get ${args[0]} failed. ${advice}`);
}

function isInstalled(name) {
  return [...(process.env.PATH ?? '').split(path.delimiter), ...SERVER_FOLDERS].some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
