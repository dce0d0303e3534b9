/**
 * Lets many who ask for the same share one answer: who asks while a run is under way shares the next one, which begins after
 * he asked. So a thousand who join a stream in one moment read it a few times.
 */
export function shareRuns<T>(work: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const running = new Map<string, Promise<void>>();
  const next = new Map<string, Promise<T>>();

  function begin(key: string): Promise<T> {
    next.delete(key);
    const run = work(key);
    const end = (): void => void running.delete(key);
    running.set(key, run.then(end, end));
    return run;
  }

  return (key) => {
    const under = running.get(key);
    if (under === undefined) return begin(key);
    const shared = next.get(key) ?? under.then(() => begin(key));
    next.set(key, shared);
    return shared;
  };
}
