import type { Flow } from '../flow.ts';
import { formatRemaining } from '../format.ts';
import { STAGE_LABELS, STAGES } from '../media.ts';
import { Meter } from './meter.tsx';

type Props = Extract<Flow, { at: 'processing' }> & { onWatch: () => void };

export function Processing({ media, remainingMs, onWatch }: Props) {
  const now = media.stage ?? 'queued';
  const current = STAGES.indexOf(now);
  return (
    <Meter
      label="Processing"
      percent={media.percent}
      testId="transcode-progress"
      top={
        <>
          <strong data-testid="stage" data-stage={now}>
            {STAGE_LABELS[now]}
          </strong>
          <span>{remainingMs === null ? '' : formatRemaining(remainingMs)}</span>
          {media.playable && (
            <button type="button" class="primary" onClick={onWatch} data-testid="watch-early">
              Watch it already
            </button>
          )}
        </>
      }
      bottom={
        <>
          <span class="step-count">
            Step {current + 1} of {STAGES.length}
          </span>
          <ol class="steps">
            {STAGES.map((stage, index) => (
              <li key={stage} data-step={stepState(index, current)} aria-current={index === current ? 'step' : undefined}>
                {STAGE_LABELS[stage]}
              </li>
            ))}
          </ol>
        </>
      }
    />
  );
}

function stepState(index: number, current: number): 'done' | 'now' | 'next' {
  if (index < current) return 'done';
  return index === current ? 'now' : 'next';
}
