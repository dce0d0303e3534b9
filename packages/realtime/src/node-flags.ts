/**
 * What Node is started with for a process that holds many sockets: V8 keeps young objects in 2 MiB, which one thread collects.
 * With V8's defaults (16 MiB, several threads) an idle socket takes twice the memory, since what thousands of joins leave behind
 * stays in the young generation, and collecting that holds up all sockets for milliseconds. Figures: bench/README.md.
 */
export const NODE_FLAGS = ['--max-semi-space-size=2', '--no-parallel-scavenge'] as const;
