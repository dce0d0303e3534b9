import type { Cue } from './cues.ts';

/** A WebVTT file. @param header lines that stand below `WEBVTT` */
export function webVtt(cues: readonly Cue[], header: readonly string[] = []): string {
  const blocks = cues.map(({ startMs, endMs, lines }) => `${clock(startMs, '.')} --> ${clock(endMs, '.')}\n${lines.map(escapeVtt).join('\n')}\n`);
  return [['WEBVTT', ...header].join('\n') + '\n', ...blocks].join('\n');
}

/** A SubRip file. It has no way to escape: what players take for markup or for a time line is written with signs that look alike. */
export function subRip(cues: readonly Cue[]): string {
  return cues
    .map(({ startMs, endMs, lines }, i) => `${i + 1}\n${clock(startMs, ',')} --> ${clock(endMs, ',')}\n${lines.map(disarm).join('\n')}\n`)
    .join('\n');
}

/** `hh:mm:ss.mmm`, with the mark that a format wants before the milliseconds. */
function clock(ms: number, mark: '.' | ','): string {
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  return `${two(ms / 3_600_000)}:${two((ms / 60_000) % 60)}:${two((ms / 1000) % 60)}${mark}${String(ms % 1000).padStart(3, '0')}`;
}

/** https://www.w3.org/TR/webvtt1/#webvtt-cue-text-span: so there is neither markup nor an arrow in it. */
function escapeVtt(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function disarm(text: string): string {
  return text.replaceAll('<', '‹').replaceAll('>', '›').replaceAll('{', '(').replaceAll('}', ')');
}
