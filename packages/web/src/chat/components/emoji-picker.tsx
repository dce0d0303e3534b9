import { useEffect, useRef } from 'preact/hooks';
import { picking, stopPicking } from '../picking.ts';

const EMOJI: readonly [emoji: string, name: string][] = [
  ['👍', 'thumbs up'],
  ['❤️', 'heart'],
  ['😂', 'tears of joy'],
  ['😮', 'surprise'],
  ['😢', 'sadness'],
  ['🎉', 'party'],
  ['🙏', 'thanks'],
  ['👀', 'eyes'],
  ['🔥', 'fire'],
  ['✅', 'done'],
  ['🚀', 'rocket'],
  ['🤔', 'thinking'],
];
const WIDTH = 268;
const HEIGHT = 150;
const MARGIN = 8;

/** A dozen emoji and a field for any other, beside the button that asked for them. */
export function EmojiPicker() {
  const box = useRef<HTMLDivElement>(null);
  const now = picking.value;
  useEffect(() => {
    if (now === null) return;
    box.current?.showPopover();
    box.current?.querySelector('button')?.focus();
  }, [now]);
  if (now === null) return null;
  const pick = (emoji: string): void => {
    stopPicking();
    now.onPick(emoji);
  };
  return (
    <div
      ref={box}
      class="emoji-picker"
      popover="auto"
      role="dialog"
      aria-label="Choose an emoji"
      style={placeOf(now.button)}
      onToggle={(event) => event.newState === 'closed' && stopPicking()}
    >
      <div class="emoji-grid" onKeyDown={moveFocus}>
        {EMOJI.map(([emoji, name]) => (
          <button key={emoji} type="button" title={name} aria-label={name} onClick={() => pick(emoji)}>
            {emoji}
          </button>
        ))}
      </div>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const text = new FormData(event.currentTarget).get('emoji');
          if (typeof text === 'string' && text.trim() !== '') pick(text.trim());
        }}
      >
        <input name="emoji" aria-label="Another emoji" placeholder="Another emoji" maxLength={32} autocomplete="off" />
        <button type="submit">Add</button>
      </form>
    </div>
  );
}

/** Above the button where there is room, else below; always within the window. */
function placeOf(button: HTMLElement): { left: string; top: string } {
  const { left, top, bottom } = button.getBoundingClientRect();
  const x = Math.max(MARGIN, Math.min(left, window.innerWidth - WIDTH - MARGIN));
  const y = top > HEIGHT + MARGIN ? top - HEIGHT - MARGIN : Math.min(bottom + MARGIN, window.innerHeight - HEIGHT - MARGIN);
  return { left: `${x}px`, top: `${Math.max(MARGIN, y)}px` };
}

function moveFocus(event: KeyboardEvent): void {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -6, ArrowDown: 6 }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  const buttons = [...(event.currentTarget as HTMLElement).querySelectorAll('button')];
  const index = buttons.indexOf(document.activeElement as HTMLButtonElement);
  buttons[index + step]?.focus();
}
