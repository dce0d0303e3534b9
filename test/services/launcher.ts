/** Starts all services, prints their folders and URLs as one JSON line, and stays until it is killed. */
import { startNats } from '../support/services/nats.ts';
import { startRabbit } from '../support/services/rabbitmq.ts';
import { startRedis } from '../support/services/redis.ts';

const services = await Promise.all([startRedis(), startNats(), startRabbit()]);
process.stdout.write(`${JSON.stringify(services.map(({ folder }) => folder))}\n`);
setInterval(() => undefined, 60_000);
