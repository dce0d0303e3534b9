import { createReadStream } from 'node:fs';
import { open, writeFile, type FileHandle } from 'node:fs/promises';
import { encode } from '../ffmpeg/run.ts';
import type { Span } from './transcriber.ts';

/** What speech recognition works on: mono, 16 bit little endian, so many samples a second. */
export const SAMPLE_RATE = 16_000;
const SAMPLE_BYTES = 2;
const BYTES_PER_MS = (SAMPLE_RATE * SAMPLE_BYTES) / 1000;
/** The quietest place is looked for in steps of this, in ms. */
const STEP_MS = 20;
const WAV_HEADER_BYTES = 44;

/** Raw samples in a file. Times are in ms. */
export interface Pcm {
  durationMs: number;
  /** All of it, in pieces of 64 KiB. */
  stream(signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Writes a part of it as a WAV file. */
  writeWav(part: Span, file: string): Promise<void>;
  /** The middle of the `STEP_MS` that are least loud. */
  quietest(within: Span): Promise<number>;
}

/**
 * Decodes the sound of a file that the pipeline made, as it lies on the clock of the players: gaps become silence.
 * @throws FfmpegError, the reason of the signal
 */
export async function decodeSound(input: string, output: string, { maxDurationS, signal }: { maxDurationS: number; signal: AbortSignal }): Promise<Pcm> {
  const outputOptions = [
    '-map', '0:a:0', '-vn', '-sn', '-dn', '-af', `aresample=${SAMPLE_RATE}:async=1:first_pts=0`, '-ac', '1', '-t', String(maxDurationS),
    '-c:a', 'pcm_s16le', '-f', 's16le',
  ];
  await encode({ inputs: [{ file: input, own: true }], outputOptions, output }, { signal });
  return openPcm(output);
}

export async function openPcm(file: string): Promise<Pcm> {
  const withFile = async <T>(work: (handle: FileHandle) => Promise<T>): Promise<T> => {
    const handle = await open(file);
    try {
      return await work(handle);
    } finally {
      await handle.close();
    }
  };
  const read = (part: Span): Promise<Buffer> =>
    withFile(async (handle) => {
      const from = byteAt(part.startMs);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, byteAt(part.endMs) - from)), { position: from });
      return buffer.subarray(0, bytesRead - (bytesRead % SAMPLE_BYTES));
    });
  const { size } = await withFile((handle) => handle.stat());

  return {
    durationMs: Math.floor(size / BYTES_PER_MS),
    stream: (signal) => createReadStream(file, { highWaterMark: 64 * 1024, signal }),
    async writeWav(part, target) {
      const samples = await read(part);
      await writeFile(target, Buffer.concat([wavHeader(samples.length), samples]));
    },
    async quietest(within) {
      const samples = await read(within);
      const step = STEP_MS * BYTES_PER_MS;
      let best = { at: 0, loudness: Infinity };
      for (let at = 0; at + step <= samples.length; at += step) {
        let loudness = 0;
        for (let i = at; i < at + step; i += SAMPLE_BYTES) loudness += Math.abs(samples.readInt16LE(i));
        if (loudness < best.loudness) best = { at, loudness };
      }
      return within.startMs + best.at / BYTES_PER_MS + STEP_MS / 2;
    },
  };
}

function byteAt(ms: number): number {
  return Math.max(0, Math.round(ms * (BYTES_PER_MS / SAMPLE_BYTES))) * SAMPLE_BYTES;
}

/** The 44 bytes before the samples of a WAV file (RIFF, format 1). */
function wavHeader(bytes: number): Buffer {
  const header = Buffer.alloc(WAV_HEADER_BYTES);
  header.write('RIFF', 0);
  header.writeUInt32LE(WAV_HEADER_BYTES - 8 + bytes, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(SAMPLE_RATE, 24);
  header.writeUInt32LE(SAMPLE_RATE * SAMPLE_BYTES, 28);
  header.writeUInt16LE(SAMPLE_BYTES, 32);
  header.writeUInt16LE(SAMPLE_BYTES * 8, 34);
  header.write('data', 36);
  header.writeUInt32LE(bytes, 40);
  return header;
}
