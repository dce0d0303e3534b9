import type { Flow } from '../flow.ts';
import { reasonInWords } from '../reasons.ts';
import { FileButton } from './file-button.tsx';

type Props = Extract<Flow, { at: 'failed' }>;

export function Failure({ reason, message }: Props) {
  return (
    <div class="failure" role="alert" data-testid="failure">
      <h2>This one did not work</h2>
      <p class="failure-words">{reasonInWords(reason, message)}</p>
      <FileButton label="Try another file" />
      <p class="failure-code">
        Reason: <code>{reason}</code>
      </p>
    </div>
  );
}
