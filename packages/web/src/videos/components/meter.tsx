import type { ComponentChildren } from 'preact';

interface MeterProps {
  label: string;
  /** 0 to 100. */
  percent: number;
  testId: string;
  top: ComponentChildren;
  bottom: ComponentChildren;
}

/** A large figure and a bar: how far something is. */
export function Meter({ label, percent, testId, top, bottom }: MeterProps) {
  const whole = Math.floor(percent);
  return (
    <div class="meter">
      <div class="meter-top">{top}</div>
      <p class="meter-figure" aria-hidden="true">
        {whole}
        <span>%</span>
      </p>
      <div
        class="bar"
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={whole}
        data-testid={testId}
      >
        <span class="bar-fill" style={{ transform: `scaleX(${percent / 100})` }} />
      </div>
      <div class="meter-bottom">{bottom}</div>
    </div>
  );
}
