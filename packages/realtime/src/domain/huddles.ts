import { AppError, newId, type Log } from '@armoricore/shared/kernel';
import { hasRole, type Identity } from '../auth/identity.ts';
import type { CreateHuddle, HuddleEntry, HuddleView, ParticipantView, Toggles } from '../contracts/huddles.ts';
import type { IceServer, RelayedEvent, Signal } from '../contracts/webrtc.ts';
import { actorIn, type Act } from './audit.ts';
import { stepHuddle, type Huddle, type HuddleEvent } from './huddle-machine.ts';
import { huddleNews, participantViewOf } from './huddle-news.ts';
import type { HuddleRepository } from './huddle-repository.ts';
import { createKeeper } from './webrtc-keeper.ts';
import { Rooms, type RoomNetwork, type Session } from './webrtc-rooms.ts';

/** A device of a user that joined a huddle, or is about to. */
export interface HuddleDevice extends Session {
  readonly device: string;
  readonly connection: string;
}

export interface HuddleOptions {
  repository: HuddleRepository;
  network: RoomNetwork;
  /** Whether somebody may read a conversation. @throws AppError `not_found`, `forbidden` */
  admit: (conversationId: string, identity: Identity) => Promise<void>;
  /** Listens to who is removed from a conversation. */
  onMemberRemoved: (conversationId: string, listener: (userId: string) => void) => () => void;
  iceServers: (userId: string) => IceServer[];
  graceMs: number;
  maxParticipants: number;
  log: Log;
}

/** Huddles that are settled in one look. */
const AT_ONCE = 50;

export type HuddleService = ReturnType<typeof createHuddleService>;

/** Persistent rooms for calls of several. Every step is taken under the lock of the huddle's row; then all in it are told. */
export function createHuddleService({ repository, network, admit, onMemberRemoved, iceServers, graceMs, maxParticipants, log }: HuddleOptions) {
  const rooms: Rooms<Huddle> = new Rooms({
    network,
    read: repository.read,
    versions: repository.versions,
    news: huddleNews,
    onError: (thrown) => keeper.own(Promise.reject(thrown as Error), 'reading a huddle'),
  });
  const keeper = createKeeper({ name: 'huddles', graceMs, renew: () => repository.renew(rooms.sessions()), check: () => rooms.check(), sweep, log });

  async function change(huddleId: string, event: HuddleEvent, act?: Act): Promise<{ before: Huddle; after: Huddle }> {
    const changed = await repository.change(huddleId, (huddle, now) => stepHuddle(huddle, event, { now, graceMs }), act);
    if (changed === null) throw new AppError('not_found');
    return changed;
  }

  /** @throws AppError `not_found`, and what `stepHuddle` does */
  async function take(huddleId: string, event: HuddleEvent, act?: Act): Promise<void> {
    const { before, after } = await change(huddleId, event, act);
    if (after !== before) rooms.changed(after);
  }

  async function sweep(): Promise<boolean> {
    const due = await repository.due(AT_ONCE);
    for (const huddleId of due) await take(huddleId, { kind: 'tick' });
    return due.length === AT_ONCE;
  }

  /** Who may see a huddle may join it. @throws AppError `not_found`, `forbidden` */
  async function seen(huddleId: string, identity: Identity): Promise<Huddle> {
    const huddle = await repository.read(huddleId);
    if (huddle === null) throw new AppError('not_found');
    if (huddle.conversationId !== null) await admit(huddle.conversationId, identity);
    return huddle;
  }

  function assertIn(huddleId: string, device: HuddleDevice): Huddle {
    const huddle = rooms.get(huddleId);
    if (huddle?.participants.some(({ seat }) => seat.session === device.id) !== true) throw new AppError('not_in_huddle');
    return huddle;
  }

  return {
    service: keeper,

    /** @throws AppError `not_found`, `forbidden` (the conversation), `invalid_payload` */
    async create(identity: Identity, wish: CreateHuddle): Promise<{ huddleId: string }> {
      const { name, conversationId } = wish;
      const limit = wish.maxParticipants ?? maxParticipants;
      if (limit > maxParticipants) {
        throw new AppError('invalid_payload', { path: 'maxParticipants', issues: [{ path: 'maxParticipants', message: `more than ${maxParticipants}` }] });
      }
      if (conversationId !== null) await admit(conversationId, identity);
      const id = newId();
      await repository.create({ id, name, conversationId, maxParticipants: limit, createdBy: identity.userId });
      return { huddleId: id };
    },

    /** A device joins. @throws AppError `not_found`, `forbidden`, `huddle_ended`, `huddle_full` */
    async arrive(huddleId: string, identity: Identity, device: HuddleDevice, toggles: Pick<Toggles, 'audio' | 'video'>) {
      await seen(huddleId, identity);
      const { audio, video } = toggles;
      const newcomer = { userId: device.userId, device: device.device, connection: device.connection, session: device.id, ref: device.id };
      const { before, after } = await change(huddleId, { kind: 'arrive', ...newcomer, audio, video });
      rooms.enter(device, after);
      if (after !== before) rooms.changed(after);
      return { huddle: viewOf(after), participants: after.participants.map(participantViewOf) satisfies ParticipantView[], iceServers: iceServers(device.userId) };
    },

    /** Calls `listener` when the user may not be in the huddle any more; it leaves by itself. The answer ends that. */
    whenRemoved(huddleId: string, { userId }: HuddleDevice): () => void {
      const conversationId = rooms.get(huddleId)?.conversationId ?? null;
      if (conversationId === null) return () => undefined;
      return onMemberRemoved(conversationId, (removed) => {
        if (removed === userId) keeper.own(take(huddleId, { kind: 'remove', userId }), 'removing a participant');
      });
    },

    /** A device is gone: on purpose, or because its socket is. */
    gone(huddleId: string, device: HuddleDevice, how: 'left' | 'dropped'): void {
      const huddle = rooms.get(huddleId);
      rooms.leave(huddleId, device);
      if (huddle?.participants.some(({ seat }) => seat.session === device.id) !== true) return;
      keeper.own(take(huddleId, { kind: how === 'left' ? 'leave' : 'drop', session: device.id }), 'leaving a huddle');
    },

    async leave(huddleId: string, device: HuddleDevice): Promise<void> {
      rooms.leave(huddleId, device);
      await take(huddleId, { kind: 'leave', session: device.id });
    },

    /** By who made it, or an admin. @throws AppError `forbidden` */
    async end(huddleId: string, identity: Identity): Promise<void> {
      const huddle = await repository.read(huddleId);
      if (huddle === null) throw new AppError('not_found');
      const own = huddle.createdBy === identity.userId;
      if (!own && !hasRole(identity, 'admin')) throw new AppError('forbidden');
      const act: Act = { actor: actorIn(identity), action: 'huddle.end', subject: `huddle:${huddleId}`, details: { created_by: huddle.createdBy } };
      await take(huddleId, { kind: 'end' }, own ? undefined : act);
    },

    /** @throws AppError `not_in_huddle`, `huddle_ended` */
    toggle: (huddleId: string, device: HuddleDevice, toggles: Partial<Toggles>): Promise<void> =>
      take(huddleId, { kind: 'toggle', session: device.id, change: toggles }),

    /** Hands a signal to one participant's device. @throws AppError `not_in_huddle`, `not_found` (whom it is for), `peer_away` */
    relay(huddleId: string, device: HuddleDevice, event: RelayedEvent, { to, ...signal }: Signal & { to: string }): void {
      const peer = assertIn(huddleId, device).participants.find(({ userId }) => userId === to && userId !== device.userId);
      if (peer === undefined) throw new AppError('not_found', { to });
      if (peer.seat.session === null) throw new AppError('peer_away', { to });
      rooms.send(huddleId, peer.seat.session, { event, payload: { ...signal, huddleId, from: device.userId } });
    },

    /** @throws AppError `not_found`, `forbidden` */
    async get(huddleId: string, identity: Identity): Promise<HuddleEntry> {
      return huddleEntryOf(await seen(huddleId, identity));
    },

    list({ userId, conversations = [], roles }: Identity, page: { before?: string | undefined; limit: number }): ReturnType<HuddleRepository['list']> {
      const trusted = roles.includes('admin') || roles.includes('service');
      return repository.list({ userId, conversations, trusted }, page);
    },
  };
}

function viewOf({ id: huddleId, name, conversationId, maxParticipants, createdBy, createdAt }: Huddle): HuddleView {
  return { huddleId, name, conversationId, maxParticipants, createdBy, createdAt: new Date(createdAt).toISOString() };
}

/** A huddle over REST. */
export function huddleEntryOf(huddle: Huddle): HuddleEntry {
  const { id, name, conversationId, maxParticipants, createdBy, createdAt, endedAt } = huddle;
  return {
    huddle_id: id,
    name,
    conversation_id: conversationId,
    max_participants: maxParticipants,
    created_by: createdBy,
    created_at: new Date(createdAt).toISOString(),
    ended_at: endedAt === null ? null : new Date(endedAt).toISOString(),
    participants: huddle.participants.map(participantViewOf).map(({ userId, joinedAt, ref: _ref, ...shown }) => ({ user_id: userId, ...shown, joined_at: joinedAt })),
  };
}
