import { signal } from '@preact/signals';

interface Picking {
  /** Who asked; the focus goes back there. */
  button: HTMLElement;
  onPick: (emoji: string) => void;
}

/** Who waits for an emoji to be chosen; null while nobody does. */
export const picking = signal<Picking | null>(null);

export function pickEmoji(button: HTMLElement, onPick: (emoji: string) => void): void {
  picking.value = { button, onPick };
}

export function stopPicking(): void {
  const button = picking.peek()?.button;
  picking.value = null;
  button?.focus({ preventScroll: true });
}
