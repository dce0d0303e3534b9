import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;

/** Runs ffmpeg to make an input for a test. */
export async function makeClip(args: readonly string[], file: string): Promise<void> {
  await run('ffmpeg', ['-v', 'error', '-nostdin', '-y', ...args, file], { timeout: TIMEOUT_MS });
}

const lavfi = (source: string): string[] => ['-f', 'lavfi', '-i', source];
/** Pictures that move, from ffmpeg's own generator. */
export const pictures = (size: string, seconds: number, rate = '30'): string[] => lavfi(`testsrc2=s=${size}:r=${rate}:d=${seconds}`);
export const sound = (seconds: number): string[] => lavfi(`sine=frequency=440:sample_rate=44100:d=${seconds}`);
export const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
export const AAC = ['-c:a', 'aac'];

export interface Packet {
  /** In s. */
  time: number;
  key: boolean;
}

/** The packets of the first stream of a file. */
export async function packetsOf(file: string): Promise<Packet[]> {
  const args = ['-v', 'error', '-select_streams', '0', '-show_entries', 'packet=pts_time,flags', '-of', 'csv=p=0', file];
  const { stdout, stderr } = await run('ffprobe', args, { timeout: TIMEOUT_MS, maxBuffer: 8 * 1024 * 1024 });
  if (stderr !== '') throw new Error(`ffprobe found faults in ${file}: ${stderr}`);
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '') // One stands after a packet that has side data.
    .map((line) => {
      const [time, flags = ''] = line.split(',');
      return { time: Number(time), key: flags.startsWith('K') };
    });
}
