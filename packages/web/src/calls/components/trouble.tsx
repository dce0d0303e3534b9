import { troubleInWords, type DeviceTrouble } from '../rtc/device-trouble.ts';

/** Which device cannot be used, and what helps. */
export function Trouble({ trouble }: { trouble: DeviceTrouble | null }) {
  return (
    <div role="alert" class="trouble-place">
      {trouble !== null && (
        <p class="trouble" data-testid="trouble">
          {troubleInWords(trouble)}
        </p>
      )}
    </div>
  );
}
