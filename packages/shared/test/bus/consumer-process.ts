import { createPostgresBus } from '../../src/bus/postgres.ts';
import { openDatabase } from '../../src/db/index.ts';
import { silentLog } from '../../src/kernel/index.ts';

// A consumer in a process of its own, to be killed: `node consumer-process.ts URL GROUP LEASE_MS MAX_ATTEMPTS MODE`.
// `hang` never ends an event, `die` takes the process down with it. Says on standard output what it begins.
const [url = '', group = '', leaseMs, maxAttempts, mode] = process.argv.slice(2);
const database = openDatabase(url, { log: silentLog });
const bus = createPostgresBus({ database, connectionString: url, log: silentLog });
await bus.subscribe({
  group,
  types: ['user.revoked'],
  leaseMs: Number(leaseMs),
  maxAttempts: Number(maxAttempts),
  handler: async (event, { attempt }) => {
    process.stdout.write(`${event.payload.reason}#${attempt}\n`);
    if (mode === 'die') process.kill(process.pid, 'SIGKILL');
    await new Promise(() => undefined);
  },
});
