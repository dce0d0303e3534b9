import { namesInWords } from '../names.ts';

/** Who types. It has its place also while nobody does, so that nothing jumps. */
export function TypingLine({ typing }: { typing: readonly string[] }) {
  return (
    <p class="typing-line" aria-live="polite" data-testid="typing">
      {typing.length > 0 && (
        <>
          <span class="typing-dots" aria-hidden="true">
            <i />
            <i />
            <i />
          </span>
          <span>
            <bdi>{namesInWords(typing)}</bdi> {typing.length === 1 ? 'is typing' : 'are typing'}
          </span>
        </>
      )}
    </p>
  );
}
