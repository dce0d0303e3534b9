/**
 * The engine beside a bare `ws` server (the usual way, and framing each broadcast once) and Socket.IO, in one run on this machine:
 * `npm run bench -- [--only fan-out,echo] [--servers engine,raw-ws] [--members N] [--idle N] [--seconds N] [--json FILE]`.
 */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { SCENARIOS, type Metrics, type Size } from './load/scenarios.ts';
import { pinGenerator, SERVERS, ServerProcess } from './load/server.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(SCENARIOS).join(',') },
    servers: { type: 'string', default: Object.keys(SERVERS).join(',') },
    members: { type: 'string', default: '1000' },
    idle: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '3' },
    json: { type: 'string' },
  },
});
const size: Size = { members: bounded('members', 2, 5_000), idle: bounded('idle', 1, 15_000), seconds: bounded('seconds', 1, 20) };
const servers = chosen('servers', SERVERS);
pinGenerator();
const results: { scenario: string; server: string; metrics: Metrics }[] = [];

for (const scenario of chosen('only', SCENARIOS)) {
  const { title, rooms = false, run } = SCENARIOS[scenario]!;
  for (const name of servers.filter((server) => !rooms || SERVERS[server]!.protocol.rooms)) {
    process.stderr.write(`${title}: ${name} …\n`);
    const server = await ServerProcess.start(name); // A fresh one each time: nothing of the last run is measured.
    try {
      results.push({ scenario, server: name, metrics: await run(server, size) });
    } finally {
      await server.stop();
    }
  }
  process.stdout.write(`\n${title}\n${table(results.filter((result) => result.scenario === scenario))}`);
}
const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length };
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ machine, size, results }, null, 2)}\n`);

function table(rows: typeof results): string {
  const columns = Object.keys(rows[0]?.metrics ?? {});
  const lines = rows.map(({ server, metrics }) => [server, ...columns.map((column) => short(metrics[column]!))]);
  return [['server', ...columns], ['---', ...columns.map(() => '---')], ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

/** Three figures that matter, and thousands in full. */
function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}

function bounded(option: 'members' | 'idle' | 'seconds', least: number, most: number): number {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < least || value > most) throw new RangeError(`--${option} ${values[option]}: a whole number from ${least} to ${most} is allowed`);
  return value;
}

function chosen(option: 'only' | 'servers', all: object): string[] {
  const names = values[option].split(',');
  const unknown = names.find((name) => !Object.hasOwn(all, name));
  if (unknown !== undefined) throw new RangeError(`--${option}: there is no ${unknown}, but ${Object.keys(all).join(', ')}`);
  return names;
}
