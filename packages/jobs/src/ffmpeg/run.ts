import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { FFMPEG, OWN_INPUT, SAFE_INPUT } from './safety.ts';

/** Last lines of the tool's messages that are kept. */
const STDERR_LINES = 40;
const STDERR_CHARACTERS = 4_000;
const TIME_MARK = /time=(\d+):(\d\d):(\d\d(?:\.\d+)?)/;
/** Each message with its level, also when it is the same as the one before. */
const LOG_LEVEL = 'repeat+level+info';
const FAULT = /\[(?:error|fatal|panic)\]/;

export interface EncodeInput {
  /** Absolute path. */
  file: string;
  options?: readonly string[];
  /** Made here; anything else is read as the upload of a stranger. */
  own?: boolean;
}

export interface EncodeCommand {
  inputs: readonly EncodeInput[];
  /** All that stands between inputs and output, one element for each word. */
  outputOptions: readonly string[];
  /** Absolute path of the output. */
  output: string;
}

export interface EncodeOptions {
  signal: AbortSignal;
  /** Gets how far the output is, in seconds. */
  onTime?: (seconds: number) => void;
}

export interface Encoded {
  /** How many errors the tool told of and went on: what it forgives. */
  faults: number;
}

/** ffmpeg ended in another way than with code 0. */
export class FfmpegError extends Error {
  override readonly name = 'FfmpegError';
  /** The end of what the tool wrote to standard error. */
  readonly stderr: string;

  constructor(message: string, stderr: string) {
    super(`${message}\n${stderr}`.trim());
    this.stderr = stderr;
  }
}

/**
 * Runs ffmpeg with the safety options, and kills it when `signal` aborts.
 * @throws FfmpegError, or the reason of the signal
 */
export async function encode(command: EncodeCommand, { signal, onTime }: EncodeOptions): Promise<Encoded> {
  signal.throwIfAborted();
  const run = prepare(command);
  const kill = (): void => void run.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  let faults = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      run
        .on('start', () => {
          if (signal.aborted) kill(); // The abort came while the tool was being started.
        })
        .on('stderr', (line: string) => {
          if (FAULT.test(line)) faults += 1;
          const seconds = parseTimeMark(line);
          if (seconds !== undefined) onTime?.(seconds);
        })
        .on('end', () => resolve())
        .on('error', (error: Error, _stdout: unknown, stderr: unknown) => {
          const tail = typeof stderr === 'string' ? stderr.slice(-STDERR_CHARACTERS) : '';
          reject(new FfmpegError(error.message.split('\n')[0] ?? 'ffmpeg failed', tail));
        })
        .run();
    });
    return { faults };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

/**
 * The command for fluent-ffmpeg. It never gets a listener for `progress`: with one, fluent-ffmpeg starts an ffprobe of its
 * own on the input, without the safety options. Options are spread: given as one array, it would cut
 * those that hold a space.
 */
function prepare({ inputs, outputOptions, output }: EncodeCommand): FfmpegCommand {
  const command = ffmpeg({ stdoutLines: STDERR_LINES }).setFfmpegPath(FFMPEG);
  for (const { file, options = [], own = false } of inputs) {
    command.input(file).inputOptions(...['-nostdin', '-loglevel', LOG_LEVEL, ...(own ? OWN_INPUT : SAFE_INPUT), ...options]);
  }
  return command.output(output).outputOptions(...outputOptions);
}

/** Seconds of a `time=00:01:02.50` in a line of ffmpeg's statistics. */
export function parseTimeMark(line: string): number | undefined {
  const [, hours, minutes, seconds] = TIME_MARK.exec(line) ?? [];
  return hours === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
