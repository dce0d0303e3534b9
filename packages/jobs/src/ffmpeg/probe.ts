import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { FfmpegError } from './run.ts';
import { FFPROBE, FFPROBE_BRIEF, SAFE_INPUT } from './safety.ts';

const TIME_LIMIT_MS = 30_000;
/** Room for tags that hold whole texts. */
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
const TOO_MUCH = 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
/** The exit code of ffprobe for a file that it cannot read. */
const REFUSED = 1;
const MAX_STDERR = 4_000;

/** Arguments that make ffprobe describe a file's container and streams as JSON. */
export function probeArguments(file: string): string[] {
  return ['-v', 'error', '-print_format', 'json', '-show_format', '-show_streams', ...SAFE_INPUT, '-i', file];
}

/** Arguments that make ffprobe list all packets without decoding any: stream, times in s, duration in s, flags. */
export function packetArguments(file: string): string[] {
  const entries = 'packet=stream_index,pts_time,dts_time,duration_time,flags';
  return ['-v', 'error', '-show_entries', entries, '-print_format', 'csv=p=0', ...SAFE_INPUT, '-i', file];
}

/**
 * What ffprobe says of a file, as parsed JSON, still to be checked.
 * @throws FfmpegError with the tool's messages when the file is to blame, also when it makes the tool work or say too much; Error
 *   when the tool is missing or takes too long; the reason of the signal
 */
export async function probeFile(file: string, { signal }: { signal: AbortSignal }): Promise<unknown> {
  const options = { signal, timeout: TIME_LIMIT_MS, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const };
  const stdout = await new Promise<string>((resolve, reject) => {
    const child = execFile(FFPROBE_BRIEF, probeArguments(file), options, (error, out, stderr) => {
      if (error === null) resolve(out);
      else if (error.code === REFUSED) reject(new FfmpegError('ffprobe refused the file', stderr.slice(-MAX_STDERR)));
      else if (String(error.code) === TOO_MUCH) reject(new FfmpegError(`ffprobe said more than ${MAX_OUTPUT_BYTES} bytes`, ''));
      else if (error.killed !== true && typeof error.signal === 'string') reject(new FfmpegError(`ffprobe ended by ${error.signal}`, ''));
      else reject(new Error('ffprobe did not work', { cause: error }));
    });
    child.stdin?.end();
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    throw error;
  });
  return JSON.parse(stdout) as unknown;
}

/**
 * Hands each packet of a file to `onPacket`, as a line of `packetArguments`; when that throws, the tool is killed. A file that
 * breaks off ends the list without an error.
 * @throws what `onPacket` threw; Error when the tool cannot be started; the reason of the signal
 */
export async function listPackets(file: string, onPacket: (line: string) => void, { signal }: { signal: AbortSignal }): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(FFPROBE, packetArguments(file), { stdio: ['ignore', 'pipe', 'ignore'], signal, killSignal: 'SIGKILL' });
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  try {
    const lines = createInterface({ input: child.stdout, crlfDelay: Infinity });
    const read = new Promise<void>((resolve, reject) => {
      lines.once('close', resolve);
      lines.on('line', (line) => {
        try {
          onPacket(line);
        } catch (error) {
          lines.removeAllListeners('line');
          reject(error);
        }
      });
    });
    await Promise.all([read, ended]);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    child.kill('SIGKILL');
    await ended.catch(() => undefined); // Told above, when it was the first to fail.
  }
}
