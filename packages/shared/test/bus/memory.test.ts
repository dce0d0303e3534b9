import { busConformance } from '../../src/bus/conformance.ts';
import { createMemoryBroker, createMemoryBus, type MemoryBus } from '../../src/bus/index.ts';

busConformance('the memory bus', async () => {
  const broker = createMemoryBroker();
  const opened: MemoryBus[] = [];
  return {
    open: async () => {
      const bus = createMemoryBus({ broker });
      opened.push(bus);
      return bus;
    },
    crash: async (bus) => opened.find((one) => one === bus)?.disconnect(),
    deadLetters: async (name) =>
      broker.deadLetters
        .filter(({ group }) => group === name)
        .map(({ eventId, reason, attempts, lastError }) => ({ eventId, reason, attempts, lastError })),
    close: async () => void (await Promise.all(opened.map((bus) => bus.close()))),
  };
});
