import { AppError, type ErrorCode } from '@armoricore/shared/kernel';
import { encode, FfmpegError, type EncodeCommand, type Encoded } from '../ffmpeg/run.ts';

const DAMAGE = /Invalid data found|Error while decoding|Decoder .* not found|Could not find codec parameters|output file is empty/i;

/** Runs one ffmpeg command of a job; `onTime` gets how far the output is, in s. @throws AppError */
export type Encode = (command: EncodeCommand, onTime?: (seconds: number) => void) => Promise<Encoded>;

/**
 * ffmpeg with its failures as errors of the table.
 * @throws AppError `insufficient_storage`, `media_corrupt`, `encoder_failed`; the reason of the signal
 */
export function encodeWithin(signal: AbortSignal): Encode {
  return async (command, onTime) => {
    try {
      return await encode(command, { signal, ...(onTime === undefined ? {} : { onTime }) });
    } catch (error) {
      throw error instanceof FfmpegError ? new AppError(refusal(error.stderr), {}, { cause: error }) : error;
    }
  };
}

/** The same over what was made here, in which there is nothing to forgive. @throws AppError `encoder_failed` also for a fault */
export function flawless(encodeOwn: Encode): Encode {
  return async (command, onTime) => {
    const encoded = await encodeOwn(command, onTime);
    if (encoded.faults > 0) throw new AppError('encoder_failed', { faults: encoded.faults });
    return encoded;
  };
}

/** What ffmpeg's messages mean: whether the source is to blame, or our side. */
function refusal(stderr: string): ErrorCode {
  if (/No space left on device/i.test(stderr)) return 'insufficient_storage';
  if (/Cannot allocate memory/i.test(stderr)) return 'encoder_failed';
  return DAMAGE.test(stderr) ? 'media_corrupt' : 'encoder_failed';
}
