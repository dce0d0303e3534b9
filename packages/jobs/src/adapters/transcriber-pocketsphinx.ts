import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readEnvironment } from '@armoricore/shared/config';
import { AppError } from '@armoricore/shared/kernel';
import { primaryOf } from '../captions/language.ts';
import type { Transcriber, Word } from '../captions/transcriber.ts';

const PROGRAM = 'pocketsphinx_continuous';
const LAUNCHER = fileURLToPath(new URL('../../bin/pocketsphinx', import.meta.url));
const LANGUAGE = 'en';
/** A line for each word: the word, which way it was spoken, start and end in s, probability. */
const WORD = /^([a-z'.-]+)(?:\(\d+\))? (\d+\.\d+) (\d+\.\d+) (\d+\.\d+)$/;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;
/** What a shell answers when a program is not there. */
const NOT_FOUND = 127;

export interface PocketsphinxOptions {
  timeoutMs: number;
  /** Where programs are looked for; by default as this process does. */
  path?: string;
}

/**
 * Speech recognition on this machine by CMU PocketSphinx with its model of US English: words without punctuation, good enough to find
 * one's way. It runs contained like ffmpeg, and gets nothing but samples that were decoded here.
 */
export function createPocketsphinxTranscriber({ timeoutMs, path = readEnvironment()['PATH'] ?? '' }: PocketsphinxOptions): Transcriber {
  return {
    name: 'pocketsphinx',

    async transcribe(file, { language = LANGUAGE, signal }) {
      if (primaryOf(language) !== LANGUAGE) throw new AppError('language_unsupported', { language, allowed: [LANGUAGE] });
      return { words: wordsOf(await run(file, { timeoutMs, path, signal })), language: LANGUAGE };
    },

    async ready() {
      const found = await Promise.all(
        path.split(delimiter).filter((folder) => folder !== '').map((folder) => access(join(folder, PROGRAM), constants.X_OK).then(() => true, () => false)),
      );
      if (!found.includes(true)) throw missing();
    },
  };
}

function run(file: string, { timeoutMs, path, signal }: Required<PocketsphinxOptions> & { signal: AbortSignal }): Promise<string> {
  signal.throwIfAborted();
  const options = { signal, timeout: timeoutMs, maxBuffer: MAX_OUTPUT_BYTES, killSignal: 'SIGKILL' as const, env: { PATH: path } };
  return new Promise((resolve, reject) => {
    const child = execFile(LAUNCHER, ['-infile', file, '-time', 'yes', '-logfn', '/dev/null'], options, (error, stdout) => {
      if (error === null) resolve(stdout);
      else if (signal.aborted) reject(signal.reason);
      else if (error.code === NOT_FOUND) reject(missing(error));
      else if (error.killed === true) reject(new AppError('service_failed', { service: PROGRAM, timeout_ms: timeoutMs }, { cause: error }));
      else reject(new AppError('service_failed', { service: PROGRAM }, { cause: error }));
    });
    child.stdin?.end();
  });
}

/** Words in the tool's output. Silence, noises and the marks of sentences are not words. */
export function wordsOf(output: string): Word[] {
  return output.split('\n').flatMap((line) => {
    const [, text, start, end, probability] = WORD.exec(line) ?? [];
    if (text === undefined) return [];
    return [{ text, startMs: Math.round(Number(start) * 1000), endMs: Math.round(Number(end) * 1000), confidence: Math.min(1, Number(probability)) }];
  });
}

function missing(cause?: unknown): AppError {
  return new AppError('transcriber_missing', { missing: 'pocketsphinx and pocketsphinx-en-us' }, { cause });
}
