import type { Topic } from '../state/item.ts';

const PATHS: Record<Topic | 'bell' | 'settings' | 'tick', string> = {
  bell: 'M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4M12 3v2',
  settings: 'M4 7h9M17.5 7H20M4 17h2.5M11 17h9M13 7a2.25 2.25 0 1 0 4.5 0 2.25 2.25 0 0 0-4.5 0zM6.5 17a2.25 2.25 0 1 0 4.5 0 2.25 2.25 0 0 0-4.5 0z',
  tick: 'M5 12.5l4.5 4.5L19 7.5',
  message: 'M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5z',
  call: 'M6.5 4h3l1.5 4-2 1.5a11 11 0 0 0 5.5 5.5l1.5-2 4 1.5v3A1.5 1.5 0 0 1 18.5 19 15 15 0 0 1 5 5.5 1.5 1.5 0 0 1 6.5 4z',
  video: 'M6 5h12a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V8a3 3 0 0 1 3-3zM10.2 9.2v5.6l4.8-2.8z',
  captions: 'M6 5h12a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3V8a3 3 0 0 1 3-3zM7 15h5M15 15h2M7 11.5h2M12 11.5h5',
  note: 'M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.5v.2',
};

/** A line drawing, for the eyes alone: what it is in is named. */
export function Icon({ name }: { name: keyof typeof PATHS }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
