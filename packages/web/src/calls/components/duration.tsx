import { useEffect, useState } from 'preact/hooks';
import { durationInWords } from '../words.ts';

/** How long something has been going on; ticks. */
export function Duration({ since }: { since: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="duration" role="timer" data-testid="duration">
      {durationInWords(now - since)}
    </span>
  );
}
