import fc from 'fast-check';
import { Presence as PhoenixPresence } from 'phoenix';
import { expect, it } from 'vitest';
import { entriesOf, isOwn, Replicas, type Diffs, type Entry, type ReplicaMessage } from '../../src/engine/presence/replicas.ts';
import { TopicPresence } from '../../src/engine/presence/state.ts';

const TIMES = { downMs: 6_000, graceMs: 5_000, askAgainMs: 1_000 };
const BEAT_MS = 2_000;
const TOPICS = ['a', 'b'];

type Change = { do: 'track' | 'update' | 'untrack'; topic: string; owner: string; key: string };
type Step =
  | ({ do: 'change'; node: number } & { change: Change })
  /** The next messages on the way between two nodes arrive, or are lost. */
  | { do: 'carry' | 'lose'; from: number; to: number; count: number }
  | { do: 'beat'; node: number }
  | { do: 'kill' | 'leave'; node: number };

/** Nodes on a network that keeps the order between two of them, and nothing else. */
class Simulation {
  now = 0;
  readonly nodes = new Map<string, Node>();
  readonly ways = new Map<string, ReplicaMessage[]>();

  add(id: string): Node {
    const node = new Node(id, this);
    this.nodes.set(id, node);
    return node;
  }

  send(message: ReplicaMessage, to?: string): void {
    const sent = JSON.parse(JSON.stringify(message)) as ReplicaMessage;
    for (const id of to === undefined ? this.nodes.keys() : [to]) {
      if (id === message.node) continue;
      const way = this.ways.get(`${message.node} ${id}`) ?? [];
      this.ways.set(`${message.node} ${id}`, way);
      way.push(sent);
    }
  }

  /** Takes the oldest messages off a way; lost ones go nowhere. */
  carry(from: string, to: string, { count = Infinity, lose = false } = {}): number {
    const messages = (this.ways.get(`${from} ${to}`) ?? []).splice(0, count);
    if (!lose) for (const message of messages) this.nodes.get(to)?.receive(message);
    return messages.length;
  }

  settle(): void {
    for (let moved = 1; moved > 0; ) {
      moved = 0;
      for (const way of [...this.ways.keys()]) {
        const [from, to] = way.split(' ') as [string, string];
        moved += this.carry(from, to);
      }
    }
  }

  /** Beats come and go for some seconds, and nothing is lost. */
  calm(): void {
    for (let round = 0; round < 5; round += 1) {
      this.now += BEAT_MS;
      for (const node of this.nodes.values()) node.beat();
      this.settle();
      for (const node of this.nodes.values()) node.look();
    }
  }
}

class Node {
  readonly id: string;
  readonly view = new Map<string, TopicPresence>();
  /** What clients of this node know, by the diffs they got. */
  readonly clients = new Map<string, object>();
  readonly #replicas = new Replicas(this.view, TIMES);
  readonly #simulation: Simulation;
  #clock = 0;
  #ref = 0;

  constructor(id: string, simulation: Simulation) {
    this.id = id;
    this.#simulation = simulation;
  }

  change({ do: what, topic, owner, key }: Change): void {
    const presence = this.view.get(topic) ?? new TopicPresence();
    const ref = `${this.id}-${(this.#ref += 1)}`;
    const diff = what === 'untrack' ? presence.untrack(owner, key) : presence[what](owner, key, {}, ref);
    if (presence.empty) this.view.delete(topic);
    else this.view.set(topic, presence);
    if (diff === null) return;
    this.#show([[topic, diff]]);
    this.#simulation.send({ kind: 'delta', node: this.id, clock: (this.#clock += 1), topic, changes: [[owner, key, presence.get(owner, key) ?? null]] });
  }

  beat(hello = false): void {
    this.#simulation.send({ kind: 'beat', node: this.id, clock: this.#clock, ...(hello ? { hello } : {}) });
  }

  look(): void {
    this.#show(this.#replicas.expire(this.#simulation.now));
  }

  receive(message: ReplicaMessage): void {
    const { diffs, ask } = this.#replicas.receive(message, this.#simulation.now);
    this.#show(diffs);
    if (ask) this.#simulation.send({ kind: 'pull', node: this.id }, message.node);
    if (message.kind === 'pull') this.#answer(message.node);
  }

  own(): Entry[] {
    return entriesOf(this.view, isOwn);
  }

  /** In parts of two. */
  #answer(to: string): void {
    const all = this.own();
    const parts = Math.max(1, Math.ceil(all.length / 2));
    for (let part = 0; part < parts; part += 1) {
      this.#simulation.send({ kind: 'state', node: this.id, clock: this.#clock, part, parts, entries: all.slice(part * 2, part * 2 + 2) }, to);
    }
  }

  #show(diffs: Diffs): void {
    for (const [topic, diff] of diffs) {
      this.clients.set(topic, PhoenixPresence.syncDiff((this.clients.get(topic) ?? {}) as never, JSON.parse(JSON.stringify(diff)) as never));
    }
  }
}

const byName = (a: string, b: string): number => (a < b ? -1 : 1);
/** Topics, keys and refs, however they are kept. */
function refsOf(topics: Iterable<[string, Record<string, { metas: { phx_ref?: string }[] }>]>): string[] {
  return [...topics].flatMap(([topic, keys]) => Object.entries(keys).flatMap(([key, { metas }]) => metas.map(({ phx_ref }) => `${topic} ${key} ${phx_ref}`))).toSorted(byName);
}
const shown = (node: Node): string[] => refsOf(node.clients as never);
const viewed = (node: Node): string[] => refsOf([...node.view].map(([topic, presence]) => [topic, presence.list()]));
const expected = (nodes: Iterable<Node>): string[] => [...nodes].flatMap((node) => node.own().map(([topic, , key, meta]) => `${topic} ${key} ${meta.phx_ref}`)).toSorted(byName);

const node = fc.integer({ min: 0, max: 2 });
const change = fc.record({
  do: fc.constantFrom('track' as const, 'track' as const, 'update' as const, 'untrack' as const),
  topic: fc.constantFrom(...TOPICS),
  owner: fc.constantFrom('o1', 'o2'),
  key: fc.constantFrom('anna', 'ben', 'cleo'),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('change' as const), node, change }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('carry' as const, 'lose' as const), from: node, to: node, count: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('beat' as const), node }) },
);

function play(steps: readonly Step[]): Simulation {
  const simulation = new Simulation();
  for (const id of ['n0', 'n1', 'n2']) simulation.add(id);
  simulation.calm(); // They know each other.
  for (const taken of steps) {
    simulation.now += 100;
    if (taken.do === 'change') simulation.nodes.get(`n${taken.node}`)?.change(taken.change);
    else if (taken.do === 'beat') simulation.nodes.get(`n${taken.node}`)?.beat();
    else if (taken.do === 'carry' || taken.do === 'lose') simulation.carry(`n${taken.from}`, `n${taken.to}`, { count: taken.count, lose: taken.do === 'lose' });
  }
  return simulation;
}

it('agrees soon after the network is well again, whatever was lost before; clients know the same by diffs', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const simulation = play(steps);
      for (const each of simulation.nodes.values()) expect(shown(each)).toEqual(viewed(each));
      simulation.calm();
      const all = expected(simulation.nodes.values());
      for (const each of simulation.nodes.values()) {
        expect(viewed(each)).toEqual(all);
        expect(shown(each)).toEqual(all);
      }
    }),
    { numRuns: 1_000 },
  );
});

it('leaves no ghosts of a node that died, and takes in one that was only away', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.array(step, { maxLength: 20 }), (before, after) => {
      const simulation = play(before);
      simulation.calm();
      const dead = simulation.nodes.get('n2')!;
      simulation.nodes.delete('n2');
      for (const taken of after) {
        simulation.now += 100;
        if (taken.do === 'change' && taken.node < 2) simulation.nodes.get(`n${taken.node}`)!.change(taken.change);
      }
      simulation.calm(); // Ten seconds.
      const alive = expected(simulation.nodes.values());
      for (const each of simulation.nodes.values()) expect([viewed(each), shown(each)]).toEqual([alive, alive]);
      simulation.nodes.set('n2', dead); // It was the network: it knows nothing of what was, and the others took it for dead.
      simulation.calm();
      const all = expected(simulation.nodes.values());
      for (const each of simulation.nodes.values()) expect([viewed(each), shown(each)]).toEqual([all, all]);
    }),
    { numRuns: 500 },
  );
});

it('shows no leave of a key that comes back elsewhere within the grace', () => {
  const simulation = new Simulation();
  const [one, two, three] = ['n0', 'n1', 'n2'].map((id) => simulation.add(id)) as [Node, Node, Node];
  one.change({ do: 'track', topic: 'a', owner: 'o', key: 'anna' });
  simulation.calm();
  simulation.send({ kind: 'leaving', node: one.id });
  simulation.nodes.delete(one.id);
  simulation.settle();
  simulation.now += 3_000;
  two.change({ do: 'track', topic: 'a', owner: 'o', key: 'anna' });
  simulation.settle();
  expect(viewed(three)).toEqual(['a anna n0-1', 'a anna n1-1']);
  simulation.now += 2_000;
  three.look();
  expect([viewed(three), shown(three)]).toEqual([['a anna n1-1'], ['a anna n1-1']]);
});

it('pardons the others what a process that stood still did not hear', () => {
  const simulation = new Simulation();
  const [one, two] = [simulation.add('n0'), simulation.add('n1')];
  one.change({ do: 'track', topic: 'a', owner: 'o', key: 'anna' });
  simulation.calm();
  const replicas = new Replicas(new Map(two.view), TIMES);
  replicas.receive({ kind: 'beat', node: 'n0', clock: 1 }, 0);
  replicas.pardon(5_000);
  replicas.expire(10_999);
  expect(replicas.size).toBe(1);
  replicas.expire(11_000);
  expect(replicas.size).toBe(0);
});

it('puts no state together of parts that do not belong together', () => {
  const view = new Map<string, TopicPresence>();
  const replicas = new Replicas(view, TIMES);
  const state = (clock: number, part: number): ReplicaMessage => ({ kind: 'state', node: 'n', clock, part, parts: 3, entries: [['a', `o${part}`, 'anna', { phx_ref: `${clock}-${part}` }]] });
  const after = (...messages: ReplicaMessage[]): number => {
    for (const message of messages) replicas.receive(message, 0);
    return view.get('a')?.list()['anna']?.metas.length ?? 0;
  };
  expect(after(state(1, 0), state(1, 1), state(2, 2))).toBe(0);
  expect(after(state(2, 0), state(2, 2), state(2, 1))).toBe(0);
  expect(after(state(2, 0), state(2, 1), state(2, 2))).toBe(3);
  expect(after({ ...state(1, 0), parts: 1 } as ReplicaMessage)).toBe(3); // Of before.
});
