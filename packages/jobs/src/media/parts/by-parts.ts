import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mediaPart, type MediaPart } from '@armoricore/shared/jobs';
import { AppError } from '@armoricore/shared/kernel';
import type { Storage } from '@armoricore/shared/storage';
import type { JobContext } from '../../core/index.ts';
import { MEDIA_PLAYLIST } from '../../ffmpeg/arguments.ts';
import { concatInput, concatList, joinArguments, type Stretch } from '../../ffmpeg/parts.ts';
import type { Encoded } from '../../ffmpeg/run.ts';
import { encodeWithin, flawless } from '../encode.ts';
import type { Source } from '../source.ts';
import type { Encoding, Recipe } from '../transcode.ts';
import { assertUnbroken, fetchPart, findPart, shareSource, type PartRecord } from './files.ts';
import { cutFrames, isSeekable } from './plan.ts';

const SOUND = 'sound';

export interface ByPartsOptions {
  media_id: string;
  user_id: string;
  storage: Storage;
  recipe: Recipe;
  /** Length of a part, in s. */
  partS: number;
  /** The source, here, and where it is for all. */
  file: string;
  reference: string;
  source: Source;
  /** Folder for the files of the parts. */
  dir: string;
  signal: AbortSignal;
  handOut: JobContext['handOut'];
}

/**
 * Has a long video encoded by all workers, in parts, and joins these to what one run of the encoder would have made. Undefined,
 * and nothing done, for a media that is short or cannot be cut.
 * @throws AppError `encoder_failed`; what `handOut` throws, which ends the run while parts are left to do
 */
export async function encodeByParts(encoding: Encoding, options: ByPartsOptions): Promise<Encoded | undefined> {
  const { source, partS, file, signal, handOut } = options;
  const { video, durationS } = source;
  if (video === undefined || durationS === undefined) return undefined;
  const cuts = cutFrames(durationS, video.outputRate, partS);
  if (cuts === undefined || !(await isSeekable(file, video.index, { signal }))) return undefined;
  const reference = await shareSource(options.storage, options.media_id, options.reference, { file, signal });
  const parts = planParts(cuts, reference, Math.round(durationS * video.outputRate.value), encoding, options);
  const left: MediaPart[] = [];
  // What is stored is not asked for again: queues forget what was done long ago.
  for (const part of parts) if ((await findPart(options.storage, part)) === undefined) left.push(part);
  await handOut(mediaPart, left.map((input) => ({ name: input.folder, input })));
  return joinParts(parts, encoding, options);
}

/** The sound first: it takes longest of what is not cut. Names tell of the plan, so that a part of another one is not taken for it. */
function planParts(cuts: readonly Stretch[], source: string, pictures: number, { rungs, hasAudio }: Encoding, options: ByPartsOptions): MediaPart[] {
  const { media_id, user_id, recipe } = options;
  const works: MediaPart['work'][] = [
    ...(hasAudio ? [{ kind: 'sound' as const }] : []),
    ...cuts.map(({ from, to }) => ({ kind: 'pictures' as const, from, to, rungs: [...rungs], preset: recipe.preset })),
  ];
  const plan = createHash('sha256').update(JSON.stringify(works)).digest('hex').slice(0, 12);
  return works.map((work) => {
    const folder = `${plan}-${work.kind === 'sound' ? SOUND : work.from}`;
    return { media_id, user_id, source, folder, work, pictures };
  });
}

async function joinParts(parts: readonly MediaPart[], { rungs, hlsDir }: Encoding, options: ByPartsOptions): Promise<Encoded> {
  const { storage, recipe, dir, signal } = options;
  await mkdir(dir);
  const made: (PartRecord & { part: MediaPart; name: string })[] = [];
  for (const part of parts) {
    const record = await findPart(storage, part);
    if (record === undefined) throw new AppError('encoder_failed', {}, { message: 'A part of the video is gone.' });
    const name = `${part.folder}.mp4`;
    if (record.packets > 0) await fetchPart(storage, part, join(dir, name), signal);
    made.push({ ...record, part, name });
  }
  const pictures = made.flatMap(({ part: { work }, packets, name }) => {
    return work.kind === 'pictures' ? [{ name, made: packets, wanted: work.to === null ? Infinity : work.to - work.from }] : [];
  });
  assertUnbroken(pictures);
  const list = join(dir, 'list');
  await writeFile(list, concatList(pictures.filter((one) => one.made > 0).map(({ name }) => name)));
  const sound = made.find(({ part, packets }) => part.work.kind === 'sound' && packets > 0);
  const hasAudio = sound !== undefined;
  await flawless(encodeWithin(signal))({
    inputs: [concatInput(list), ...(hasAudio ? [{ file: join(dir, sound.name), own: true }] : [])],
    outputOptions: joinArguments(rungs, { hasAudio, dir: hlsDir, segmentType: recipe.segmentType }),
    output: join(hlsDir, '%v', MEDIA_PLAYLIST),
  });
  await rm(dir, { recursive: true });
  return { faults: made.reduce((sum, { faults }) => sum + faults, 0) };
}
