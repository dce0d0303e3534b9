import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes a clip with moving pictures and a tone, or another sound; `seconds` long. */
export async function makeClip(file: string, { seconds = 4, size = '640x360', rate = 30, sound = '' } = {}): Promise<string> {
  const video = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=${rate}`];
  const audio = sound === '' ? ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000'] : ['-i', sound];
  const codecs = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', '+faststart'];
  await run('ffmpeg', ['-v', 'error', '-y', ...video, ...audio, '-t', String(seconds), ...codecs, file]);
  return file;
}

/** The `field`s of all packets of a stream, as ffprobe prints them. Fails when ffprobe has anything to say. */
export async function packets(source: string, stream: string, field: string): Promise<string[]> {
  const { stdout, stderr } = await run('ffprobe', ['-v', 'warning', '-select_streams', stream, '-show_entries', `packet=${field}`, '-of', 'csv=p=0', source]);
  if (stderr !== '') throw new Error(`ffprobe on ${source}: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}
