/** Lets one loop sleep until somebody wakes it or time is up. A wake while it is awake makes the next sleep return at once. */
export interface Wake {
  wake(): void;
  sleep(ms: number): Promise<void>;
}

export function createWake(): Wake {
  let pending = false;
  let rouse: (() => void) | undefined;
  return {
    wake() {
      pending = true;
      rouse?.();
    },
    async sleep(ms) {
      if (!pending) {
        let timer: NodeJS.Timeout | undefined;
        await new Promise<void>((resolve) => {
          rouse = resolve;
          timer = setTimeout(resolve, ms);
        });
        clearTimeout(timer);
      }
      rouse = undefined;
      pending = false;
    },
  };
}
