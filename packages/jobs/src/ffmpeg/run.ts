import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg';
import { FFMPEG, SAFE_INPUT } from './safety.ts';

/** Last lines of the tool's messages that are kept. */
const STDERR_LINES = 40;
const STDERR_CHARACTERS = 4_000;
const TIME_MARK = /time=(\d+):(\d\d):(\d\d(?:\.\d+)?)/;

export interface EncodeCommand {
  /** Absolute path of the one input. */
  input: string;
  inputOptions?: readonly string[];
  /** All that stands between input and output, one element for each word. */
  outputOptions: readonly string[];
  /** Absolute path of the output. */
  output: string;
}

export interface EncodeOptions {
  signal: AbortSignal;
  onTime?: (seconds: number) => void;
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
 * Runs ffmpeg over one input with the safety options, and kills it when `signal` aborts.
 * `onTime` gets how far the output is, in seconds.
 * @throws FfmpegError, or the reason of the signal
 */
export async function encode(command: EncodeCommand, { signal, onTime }: EncodeOptions): Promise<void> {
  signal.throwIfAborted();
  const run = prepare(command);
  const kill = (): void => void run.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      run
        .on('start', () => {
          if (signal.aborted) kill(); // The abort came while the tool was being started.
        })
        .on('stderr', (line: string) => {
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
function prepare({ input, inputOptions = [], outputOptions, output }: EncodeCommand): FfmpegCommand {
  return ffmpeg({ stdoutLines: STDERR_LINES })
    .setFfmpegPath(FFMPEG)
    .input(input)
    .inputOptions(...['-nostdin', ...SAFE_INPUT, ...inputOptions])
    .output(output)
    .outputOptions(...outputOptions);
}

/** Seconds of a `time=00:01:02.50` in a line of ffmpeg's statistics. */
export function parseTimeMark(line: string): number | undefined {
  const [, hours, minutes, seconds] = TIME_MARK.exec(line) ?? [];
  return hours === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
