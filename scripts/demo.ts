/**
 * Makes a file on this machine a stream, by the running server: `npm run demo -- FILE`. Uploads it, follows the media
 * job over a Phoenix channel, and prints the links. Exit codes: 0 ready, 1 failed, 2 wrong usage, 130 interrupted.
 */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { connectApi } from './demo/api.ts';
import { DemoError } from './demo/error.ts';
import { followMedia } from './demo/follow.ts';
import { createProgress } from './demo/progress.ts';
import { statFile, uploadFile } from './demo/upload.ts';

const USAGE = `Usage: npm run demo -- FILE [options]

  --json         the last line of the output is {"media_id", "hls", "poster", "seconds"}
  --url URL      where the server is (http://localhost:4000)
  --token TOKEN  who asks; not needed for a development server
  --public       anyone may play it, without a signed link`;

function readArguments() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      url: { type: 'string', default: 'http://localhost:4000' },
      token: { type: 'string' },
      public: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [file, ...more] = positionals;
  const parsed = URL.parse(values.url);
  if (!parsed || !['http:', 'https:'].includes(parsed.protocol)) throw new TypeError(`--url needs an http or https URL, not ${values.url}`);
  if (!values.help && (file === undefined || more.length > 0)) throw new TypeError('One FILE is needed.');
  // npm runs scripts at the root of the repository; a relative path means where the person is.
  return { ...values, base: parsed.href, file: resolve(process.env['INIT_CWD'] ?? '.', file ?? '.') };
}

type Arguments = ReturnType<typeof readArguments>;

interface Result {
  media_id: string;
  hls: string;
  poster: string | null;
  seconds: number;
}

async function makeStream({ file, base, token, public: isPublic }: Arguments, signal: AbortSignal): Promise<Result> {
  const { size } = await statFile(file);
  const api = await connectApi(base, token, signal);
  const { media_id, upload } = await api.createUpload({ filename: basename(file), size_bytes: size, public: isPublic });
  using progress = createProgress(process.stderr);
  try {
    await uploadFile(file, upload, { signal, onSent: (bytes) => progress.upload(bytes, size) });
    await api.completeUpload(media_id);
    const ready = await followMedia(media_id, { base, token: api.token, signal, onProgress: progress.job });
    const absolute = (link: string): string => new URL(link, base).href;
    const [poster] = ready.thumbnail_urls;
    if (ready.playback_urls === null) throw new DemoError('internal', 'The server gave no link to the stream.');
    return {
      media_id,
      hls: absolute(ready.playback_urls.hls),
      poster: poster === undefined ? null : absolute(poster),
      seconds: (ready.duration_ms ?? 0) / 1000,
    };
  } catch (error) {
    throw error instanceof DemoError ? error.of(media_id) : error;
  }
}

function report({ media_id, hls, poster, seconds }: Result): void {
  const lines = [`Ready: ${seconds} s of video, media ${media_id}`, `HLS     ${hls}`];
  if (poster !== null) lines.push(`Poster  ${poster}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function main(): Promise<number> {
  let args: Arguments;
  try {
    args = readArguments();
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${USAGE}\n`);
    return 2;
  }
  if (args.help) {
    process.stdout.write(`${USAGE}\n`);
    return 0;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  try {
    const result = await makeStream(args, interrupted.signal);
    if (args.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else report(result);
    return 0;
  } catch (error) {
    if (interrupted.signal.aborted) {
      process.stderr.write('Interrupted.\n');
      return 130;
    }
    if (!(error instanceof DemoError)) throw error;
    const { mediaId: media_id, reason, message } = error;
    process.stderr.write(`${basename(args.file)}: ${message} (${reason})\n`);
    if (args.json) process.stdout.write(`${JSON.stringify({ media_id, reason, message })}\n`);
    return 1;
  }
}

process.exitCode = await main();
