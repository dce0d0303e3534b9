import type { Outcome, Provider } from '../../src/notifications/port.ts';

/** A provider in this process: what it was given, and what it says. */
export interface MemoryProvider<To, Message> extends Provider<To, Message> {
  received: { to: To; message: Message; at: number }[];
  answer: (to: To) => Outcome | Promise<Outcome>;
}

export function memoryProvider<To, Message>(name: string): MemoryProvider<To, Message> {
  const provider: MemoryProvider<To, Message> = {
    name,
    received: [],
    answer: () => ({ kind: 'sent', id: 'p-1' }),
    async send(to, message) {
      provider.received.push({ to, message, at: performance.now() });
      return await provider.answer(to);
    },
  };
  return provider;
}
