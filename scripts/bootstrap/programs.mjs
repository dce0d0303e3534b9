import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { cleanEnvironment, Failure, runQuietly, say } from './command.mjs';

/** The names that a program goes by, and the Debian package that has it. */
const PROGRAMS = {
  ffmpeg: { names: ['ffmpeg'], debian: 'ffmpeg' },
  ffprobe: { names: ['ffprobe'], debian: 'ffmpeg' },
  chromium: { names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'], debian: 'chromium' },
};

/** Makes sure that programs are on PATH: installs them as root on Debian or Ubuntu, else says what to install. */
export async function requirePrograms(wanted) {
  const missing = wanted.filter((program) => !PROGRAMS[program].names.some(isOnPath));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((program) => PROGRAMS[program].debian))];
  const advice = `Needed and not on PATH: ${missing.join(', ')}. On Debian: apt-get install ${packages.join(' ')}`;
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) throw new Failure(advice);

  say(`Installing ${packages.join(' and ')} with apt-get …`);
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', ...packages]]) {
    const env = { ...cleanEnvironment(), DEBIAN_FRONTEND: 'noninteractive' };
    const { code, output } = await runQuietly('apt-get', ['-q', ...args], { env });
    if (code !== 0) throw new Failure(`${output}apt-get ${args[0]} failed. ${advice}`);
  }
}

function isOnPath(name) {
  return (process.env.PATH ?? '').split(path.delimiter).some((folder) => {
    try {
      accessSync(path.join(folder, name), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}
