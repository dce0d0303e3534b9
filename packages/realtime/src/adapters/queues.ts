import type { QueueStore, QueueStoreOptions } from '@armoricore/shared/queues';

/** The job queues, for a process that only looks at them. */
export interface QueuesOnDemand {
  /** Loads the library and connects when asked first, and again when that failed. */
  open(): Promise<QueueStore>;
  close(): Promise<void>;
}

export function queuesOnDemand(options: QueueStoreOptions): QueuesOnDemand {
  let opened: Promise<QueueStore> | undefined;

  async function connect(): Promise<QueueStore> {
    const { openQueues } = await import('@armoricore/shared/queues');
    return openQueues(options);
  }

  return {
    open() {
      opened ??= connect().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
    async close() {
      const store = await opened?.catch(() => undefined); // Whoever asked for it was told.
      await store?.close();
    },
  };
}
