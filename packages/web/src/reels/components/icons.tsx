const PATHS = {
  reel: 'M7 3.500h10A1.500 1.500 0 0 1 18.500 5v14a1.500 1.500 0 0 1-1.500 1.500H7A1.500 1.500 0 0 1 5.500 19V5A1.500 1.500 0 0 1 7 3.500zM10.300 9.200v5.600l4.700-2.800z',
  heart: 'M12 20.300l-1.300-1.200C6 14.900 3 12.200 3 8.800A4.700 4.700 0 0 1 7.700 4 5.200 5.200 0 0 1 12 6.300 5.200 5.200 0 0 1 16.300 4 4.700 4.700 0 0 1 21 8.800c0 3.400-3 6.100-7.700 10.300z',
  eye: 'M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z',
  share: 'M12 15V4M8 7.500L12 3.500l4 4M5 12.500V18a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-5.500',
  comment: 'M4 6.500A2.500 2.500 0 0 1 6.500 4h11A2.500 2.500 0 0 1 20 6.500v7a2.500 2.500 0 0 1-2.500 2.500H11l-4.500 4v-4A2.500 2.500 0 0 1 4 13.500z',
} as const;

export type IconName = keyof typeof PATHS;

/** A line drawing of 24 × 24, for the eyes alone: what it is in is named. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
