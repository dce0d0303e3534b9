import { AppError } from '@armoricore/shared/kernel';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ParticipantView } from '../../src/contracts/index.ts';
import { stepHuddle, type Huddle, type HuddleEvent } from '../../src/domain/huddle-machine.ts';
import { huddleNews, participantViewOf } from '../../src/domain/huddle-news.ts';
import { deviceOf, leaseMs, renewEveryMs } from '../../src/domain/webrtc-seats.ts';
import { Rooms, type News, type RoomMessage } from '../../src/domain/webrtc-rooms.ts';

const GRACE = 15_000;
const MOST = 3;
const USERS = ['anna', 'ben', 'cleo', 'dora'];

const empty = (): Huddle => ({ id: 'h', version: 1, name: null, conversationId: null, maxParticipants: MOST, createdBy: 'anna', createdAt: 0, endedAt: null, participants: [] });

/** A client: whom it shows, from its join reply and what it was told. */
class Client {
  readonly shown = new Map<string, ParticipantView>();
  readonly id: string;
  readonly userId: string;
  readonly connection: string;
  readonly device: string;
  alive = true;
  joined = true;
  known: Huddle;

  constructor(id: string, userId: string, app: string | undefined, known: Huddle) {
    this.id = id;
    this.userId = userId;
    this.connection = `socket-${id}`;
    this.device = deviceOf(app, this.connection);
    this.known = known;
  }

  reset(huddle: Huddle): void {
    this.known = huddle;
    for (const one of others(huddle, this.userId)) this.shown.set(one.ref, one);
  }

  tell(news: readonly News[]): void {
    for (const { event, payload, last = false } of news) {
      if (!this.joined) return; // Its channel has ended.
      const { participant, ref } = payload as { participant: ParticipantView; ref: string };
      if (event === 'huddle:participant:left') expect(this.shown.delete(ref)).toBe(true);
      else if (participant !== undefined) {
        expect(this.shown.has(participant.ref)).toBe(event === 'huddle:participant:updated');
        this.shown.set(participant.ref, participant);
      }
      if (last) this.joined = false;
    }
  }

  hear(huddle: Huddle): void {
    if (!this.joined || !this.alive || this.known.version >= huddle.version) return;
    this.tell(huddleNews(this.known, huddle, this));
    this.known = huddle;
  }
}

const others = ({ participants }: Huddle, userId: string): ParticipantView[] => participants.filter((one) => one.userId !== userId).map(participantViewOf);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('arrive' as const), user: fc.nat(USERS.length - 1), app: fc.constantFrom('one', 'two', undefined) }) },
  { weight: 7, arbitrary: fc.record({ what: fc.constantFrom('leave' as const, 'drop' as const, 'crash' as const, 'toggle' as const, 'hear' as const, 'hear' as const), which: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The database, its clock and all clients. */
class World {
  now = 0;
  huddle = empty();
  readonly clients: Client[] = [];

  take(event: HuddleEvent): boolean {
    const before = this.huddle;
    try {
      this.huddle = stepHuddle(before, event, { now: this.now, graceMs: GRACE });
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      expect((error as AppError).code).toMatch(/^(huddle_full|not_in_huddle)$/);
      if ((error as AppError).code === 'huddle_full') expect(before.participants.length).toBeGreaterThanOrEqual(MOST);
      return false;
    }
    const { participants, version } = this.huddle;
    expect(version).toBe(before.version + (before === this.huddle ? 0 : 1));
    expect(participants.length).toBeLessThanOrEqual(MOST);
    expect(new Set(participants.map(({ userId }) => userId)).size).toBe(participants.length);
    for (const { seat } of participants) expect(seat.until!).toBeLessThanOrEqual(this.now + leaseMs(GRACE));
    return true;
  }

  run(action: Step): Client | null {
    if (action.what === 'wait') return this.wait(action.ms);
    if (action.what === 'arrive') return this.arrive(USERS[action.user]!, action.app);
    const client = this.clients[action.which % Math.max(1, this.clients.length)];
    if (client === undefined || !client.alive || !client.joined) return null;
    const session = client.id;
    if (action.what === 'toggle') this.take({ kind: 'toggle', session, change: { audio: this.now % 2 === 0, hand: true } });
    else if (action.what === 'hear') client.hear(this.huddle);
    else {
      client.alive = false;
      if (action.what !== 'crash') this.take({ kind: action.what, session });
    }
    return null;
  }

  arrive(userId: string, app: string | undefined): Client | null {
    const client = new Client(`s${this.clients.length}`, userId, app === undefined ? app : `${userId}-${app}`, this.huddle);
    const { id: session, device, connection } = client;
    if (!this.take({ kind: 'arrive', userId, device, connection, session, ref: session, audio: true, video: false })) return null;
    this.clients.push(client);
    client.reset(this.huddle);
    return client;
  }

  wait(ms: number): null {
    for (const end = this.now + ms; this.now < end; ) {
      this.now = Math.min(end, this.now + renewEveryMs(GRACE));
      const alive = new Set(this.clients.filter((client) => client.alive).map(({ id }) => id));
      const participants = this.huddle.participants.map((one) =>
        alive.has(one.seat.session ?? '') ? { ...one, seat: { ...one.seat, until: this.now + leaseMs(GRACE) } } : one,
      );
      this.huddle = { ...this.huddle, participants };
      this.take({ kind: 'tick' });
    }
    return null;
  }
}

it('a huddle has no ghosts: every client shows who is there, and who is silent for longer than the grace is not', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (history) => {
      const world = new World();
      for (const action of history) world.run(action);
      world.wait(2 * leaseMs(GRACE));
      const alive = world.clients.filter((client) => client.alive);
      for (const client of alive) client.hear(world.huddle);
      const present = alive.filter(({ joined }) => joined);
      expect(new Set(world.huddle.participants.map(({ seat }) => seat.session))).toEqual(new Set(present.map(({ id }) => id)));
      for (const { shown, userId } of present) {
        const byRef = (a: ParticipantView, b: ParticipantView): number => (a.ref < b.ref ? -1 : 1);
        expect([...shown.values()].toSorted(byRef)).toEqual(others(world.huddle, userId).toSorted(byRef));
      }
    }),
    { numRuns: 10_000 },
  );
});

it('nodes that hear of changes late, in any order or not at all show the same in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(step, fc.nat(2), fc.array(fc.nat(9), { maxLength: 3 })), { maxLength: 25 }), async (history) => {
      const world = new World();
      const waiting: (() => void)[] = [];
      const listeners = new Set<(message: RoomMessage) => void>();
      let late = true;
      const nodes = [0, 1, 2].map(() => new Rooms<Huddle>({
        network: {
          publish: (_id, message) => waiting.push(...[...listeners].map((listen) => () => listen(message))),
          subscribe: (_id, listen) => {
            listeners.add(listen);
            return () => listeners.delete(listen);
          },
        },
        read() {
          const { promise, resolve } = Promise.withResolvers<Huddle>();
          const found = world.huddle;
          if (late) waiting.push(() => resolve(found)); // What was read may be old when it comes.
          else resolve(found);
          return promise;
        },
        versions: (ids) => Promise.resolve(new Map(ids.map((id) => [id, world.huddle.version]))),
        news: huddleNews,
        onError: (thrown) => expect.fail(String(thrown)),
      }));
      const nodeOf = new Map<Client, Rooms<Huddle>>();
      for (const [action, at, delivered] of history) {
        if (action.what === 'hear') continue;
        const before = world.huddle;
        const arrived = world.run(action);
        const node = nodes[at]!;
        if (arrived !== null) {
          node.enter(arrived, world.huddle);
          nodeOf.set(arrived, node);
        }
        if (world.huddle.version > before.version) node.changed(world.huddle);
        for (const [client, itsNode] of nodeOf) if (!client.alive || !client.joined) itsNode.leave('h', client);
        for (const index of delivered) waiting.splice(index % Math.max(1, waiting.length), 1)[0]?.();
        await Promise.resolve();
      }
      late = false;
      // Some of what was said never arrives; what was read does.
      for (const deliver of waiting.splice(0).toReversed()) deliver();
      for (const node of nodes) await node.check();
      for (const client of nodeOf.keys()) {
        if (!client.alive || !client.joined) continue;
        expect(new Set(client.shown.keys())).toEqual(new Set(others(world.huddle, client.userId).map(({ ref }) => ref)));
      }
    }),
    { numRuns: 1_000 },
  );
});
