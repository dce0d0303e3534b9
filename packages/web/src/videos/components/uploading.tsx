import type { Flow } from '../flow.ts';
import { formatBytes, formatRemaining } from '../format.ts';
import { reset } from '../store.ts';
import { Meter } from './meter.tsx';

type Props = Extract<Flow, { at: 'uploading' }>;

export function Uploading({ size, sent, bytesPerSecond }: Props) {
  const remaining = bytesPerSecond !== null && bytesPerSecond > 0 ? ((size - sent) * 1000) / bytesPerSecond : null;
  return (
    <Meter
      label="Upload"
      percent={size === 0 ? 0 : (sent / size) * 100}
      testId="upload-progress"
      top={
        <>
          <strong>Uploading</strong>
          <span>{remaining === null ? '' : formatRemaining(remaining)}</span>
        </>
      }
      bottom={
        <>
          <span>
            {formatBytes(sent)} of {formatBytes(size)}
            {bytesPerSecond !== null && `, ${formatBytes(bytesPerSecond)}/s`}
          </span>
          <button type="button" class="on-screen" onClick={reset}>
            Cancel
          </button>
        </>
      }
    />
  );
}
