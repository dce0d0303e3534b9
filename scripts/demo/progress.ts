import { formatBytes, formatRemaining } from '../../packages/web/src/videos/format.ts';
import { STAGE_LABELS } from '../../packages/web/src/videos/media.ts';
import type { Progress } from './follow.ts';

const WIDTH = 28;
const REDRAW_MS = 80;
const STEP_PERCENT = 10;

export interface ProgressView extends Disposable {
  upload(sent: number, total: number): void;
  job(progress: Progress): void;
}

/** Shows progress on a stream: one line drawn anew on a terminal, else a line a stage and for each ten per cent. */
export function createProgress(stream: NodeJS.WriteStream): ProgressView {
  const show = stream.isTTY ? redrawnLine(stream) : plainLines(stream);
  return {
    upload: (sent, total) => show('Uploading', (sent / total) * 100, `${formatBytes(sent)} of ${formatBytes(total)}`),
    job: ({ stage, percent, remaining_ms }) =>
      show(STAGE_LABELS[stage], percent, remaining_ms === undefined ? '' : formatRemaining(remaining_ms)),
    [Symbol.dispose]: () => {
      if (stream.isTTY) stream.write('\r\u001B[2K');
    },
  };
}

type Show = (label: string, percent: number, note: string) => void;

function redrawnLine(stream: NodeJS.WriteStream): Show {
  let drawn = { at: -Infinity, label: '' };
  return (label, percent, note) => {
    const at = performance.now();
    if (label === drawn.label && percent < 100 && at - drawn.at < REDRAW_MS) return;
    drawn = { at, label };
    const filled = Math.round((Math.min(100, percent) / 100) * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    const line = `${label.padEnd(11)} ${bar} ${String(Math.floor(percent)).padStart(3)} %  ${note}`;
    stream.write(`\r\u001B[2K${line.slice(0, (stream.columns || 80) - 1)}`);
  };
}

function plainLines(stream: NodeJS.WriteStream): Show {
  let last = { label: '', step: -1 };
  return (label, percent, note) => {
    const step = Math.floor(percent / STEP_PERCENT);
    if (label === last.label && step <= last.step) return;
    last = { label, step };
    stream.write(`${label} ${Math.floor(percent)} %${note === '' ? '' : `, ${note}`}\n`);
  };
}
