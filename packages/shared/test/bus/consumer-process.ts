import { openBus } from '../../src/bus/index.ts';
import { openDatabase } from '../../src/db/index.ts';
import { silentLog } from '../../src/kernel/index.ts';
import { testBury } from '../../../../test/support/bus.ts';

// A consumer in a process of its own, to be killed:
// `node consumer-process.ts DATABASE_URL GROUP LEASE_MS MAX_ATTEMPTS MODE [BUS_URL BUS_NAMESPACE]`.
// `hang` never ends an event, `die` takes the process down with it, `leave` closes all after it and so ends the process.
// Says on standard output what it begins.
const [url = '', group = '', leaseMs, maxAttempts, mode, BUS_URL, BUS_NAMESPACE = 'test'] = process.argv.slice(2);
const database = openDatabase(url, { log: silentLog });
const bus = await openBus({ BUS_URL, BUS_NAMESPACE }, { database, log: silentLog, bury: testBury(database.db) });
await bus.subscribe({
  group,
  types: ['user.revoked'],
  leaseMs: Number(leaseMs),
  maxAttempts: Number(maxAttempts),
  handler: async (event, { attempt }) => {
    process.stdout.write(`${event.payload.reason}#${attempt}\n`);
    if (mode === 'die') process.kill(process.pid, 'SIGKILL');
    if (mode === 'leave') return void bus.close().then(() => database.stop());
    await new Promise(() => undefined);
  },
});
