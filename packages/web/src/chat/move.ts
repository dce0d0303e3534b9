/** The keys that move among the messages of a log, which is one stop of the Tab key. */
export function moveAmongMessages(event: KeyboardEvent): void {
  const log = event.currentTarget as HTMLElement;
  const current = (event.target as HTMLElement).closest<HTMLElement>('[data-message]');
  if (current === null || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === 'Escape') return current === event.target ? focusComposer() : current.focus();
  if (current !== event.target) return;
  const rows = [...log.querySelectorAll<HTMLElement>('[data-message]')];
  const index = rows.indexOf(current);
  const to = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: rows.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  rows[to]?.focus({ preventScroll: true });
  rows[to]?.scrollIntoView({ block: 'nearest' });
}

export function focusComposer(): void {
  document.getElementById('composer')?.focus();
}
