import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startService, type Service } from './process.ts';
import { HOST, serverPort } from './tcp.ts';

/** Erlang's port mapper starts as a daemon when none runs, and would stay; ours ends with the guard's group. */
const WITH_EPMD = 'epmd & exec rabbitmq-server';

/** One thread instead of many that spin while they wait; distribution, which nobody uses, on the loopback only. */
const ERLANG_ARGUMENTS = '-noinput -start_epmd false -kernel inet_dist_use_interface {127,0,0,1} +S 1:1 +SDio 1 +A 1 +sbwt none';

/** A private RabbitMQ with the user guest. Durable queues and persistent messages survive a restart. */
export function startRabbit(): Promise<Service> {
  return startService({
    name: 'rabbitmq',
    prepare: async (folder) => {
      const [port, distribution, epmd] = [await serverPort(), await serverPort(), await serverPort()];
      const plugins = path.join(folder, 'enabled_plugins');
      await writeFile(plugins, '[].\n');
      const env = {
        ERL_EPMD_ADDRESS: HOST,
        ERL_EPMD_PORT: String(epmd),
        RABBITMQ_NODENAME: 'armoricore@localhost',
        RABBITMQ_NODE_IP_ADDRESS: HOST,
        RABBITMQ_NODE_PORT: String(port),
        RABBITMQ_DIST_PORT: String(distribution),
        RABBITMQ_MNESIA_BASE: path.join(folder, 'mnesia'),
        RABBITMQ_ENABLED_PLUGINS_FILE: plugins,
        // Files that are not there, instead of those of the system.
        RABBITMQ_CONF_ENV_FILE: path.join(folder, 'rabbitmq-env.conf'),
        RABBITMQ_CONFIG_FILE: path.join(folder, 'rabbitmq.conf'),
        RABBITMQ_CONFIG_FILES: path.join(folder, 'conf.d'),
        RABBITMQ_ADVANCED_CONFIG_FILE: path.join(folder, 'advanced.config'),
        RABBITMQ_LOG_BASE: folder,
        RABBITMQ_LOGS: '-',
        RABBITMQ_ALLOW_INPUT: 'true', // Makes the script become the server, which then gets the signals.
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: ERLANG_ARGUMENTS,
      };
      return { command: ['/bin/sh', '-c', WITH_EPMD], env, port };
    },
    hello: { words: 'AMQP\0\0\x09\x01', answer: /PLAIN/ }, // connection.start names the ways to log in.
    url: (port) => `amqp://guest:guest@${HOST}:${port}`,
  });
}
