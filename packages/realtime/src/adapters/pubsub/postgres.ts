import { openDatabase, startListener } from '@armoricore/shared/db';
import { withDeadline, type Log } from '@armoricore/shared/kernel';
import { untilUp, type OpenLink } from './cluster.ts';

/** Nodes of one database are one cluster. */
const CHANNEL = 'armoricore_pubsub';
/** PostgreSQL takes less than 8,000 bytes a notification. */
const MOST_BYTES = 7_900;
const SEND_MS = 5_000;

/** By NOTIFY. Each batch is one transaction, which writes nothing; larger ones are cut into several notifications. */
export function postgresLink(connectionString: string, log: Log): OpenLink {
  return (receive) => {
    const database = openDatabase(connectionString, { max: 1, log });
    let listening = false;
    const listener = startListener({
      connectionString,
      channel: CHANNEL,
      onNotify(packet) {
        if (packet === null) listening = true;
        else receive(packet);
      },
      log,
    });
    return {
      maxBytes: MOST_BYTES,
      async send(packets) {
        const query = database.pool.query('SELECT pg_notify($1, packet) FROM unnest($2::text[]) AS packet', [CHANNEL, packets]);
        await withDeadline(query, SEND_MS, `the database did not take it within ${SEND_MS} ms`);
      },
      async ready() {
        await untilUp(() => listening, 'the database of PubSub');
        await database.ready();
      },
      async close() {
        await listener.stop();
        await database.stop();
      },
    };
  };
}
