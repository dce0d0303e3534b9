import { execFile } from 'node:child_process';
import { FfmpegError } from './run.ts';
import { FFPROBE, SAFE_INPUT } from './safety.ts';

const TIME_LIMIT_MS = 30_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;
/** The exit code of ffprobe for a file that it cannot read. */
const REFUSED = 1;
const MAX_STDERR = 4_000;

/** Arguments that make ffprobe describe a file's container and streams as JSON. */
export function probeArguments(file: string): string[] {
  return ['-v', 'error', '-print_format', 'json', '-show_format', '-show_streams', ...SAFE_INPUT, '-i', file];
}

/**
 * What ffprobe says of a file, as parsed JSON, still to be checked.
 * @throws FfmpegError with the tool's messages when the file is to blame; Error when the tool is missing, takes too long or says
 *   too much; the reason of the signal
 */
export async function probeFile(file: string, { signal }: { signal: AbortSignal }): Promise<unknown> {
  const options = { signal, timeout: TIME_LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const };
  const stdout = await new Promise<string>((resolve, reject) => {
    const child = execFile(FFPROBE, probeArguments(file), options, (error, out, stderr) => {
      if (error === null) resolve(out);
      else if (error.code === REFUSED) reject(new FfmpegError('ffprobe refused the file', stderr.slice(-MAX_STDERR)));
      else reject(new Error('ffprobe did not work', { cause: error }));
    });
    child.stdin?.end();
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
  return JSON.parse(stdout) as unknown;
}
