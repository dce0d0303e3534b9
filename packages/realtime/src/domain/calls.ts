import { AppError, newId, type Log } from '@armoricore/shared/kernel';
import { hasRole, ownsOrAdmin, type Identity } from '../auth/identity.ts';
import type { CallType, CallView, IncomingCall } from '../contracts/calls.ts';
import type { IceServer, RelayedEvent, Signal } from '../contracts/webrtc.ts';
import { assertOpen, roleOf, stepCall, type Call, type CallEvent, type CallRequest } from './call-machine.ts';
import { callNews } from './call-news.ts';
import { placeCall } from './call-placement.ts';
import type { CallRepository } from './call-repository.ts';
import { callViewOf, incomingCallOf } from './call-views.ts';
import type { Page } from './page.ts';
import { createKeeper } from './webrtc-keeper.ts';
import { Rooms, type RoomNetwork, type Session } from './webrtc-rooms.ts';

/** A device of a user that joined a call, or is about to. */
export interface CallDevice extends Session {
  readonly device: string;
  readonly connection: string;
  /** What is to go to the other one as soon as there is one. */
  readonly early: { event: RelayedEvent; payload: Signal }[];
}

export interface CallOptions {
  repository: CallRepository;
  network: RoomNetwork;
  /** Tells all devices of a user. */
  tellUser: (userId: string, event: string, payload: object) => void;
  onlineAmong: (userIds: readonly string[]) => Promise<ReadonlySet<string>>;
  iceServers: (userId: string) => IceServer[];
  ringMs: number;
  graceMs: number;
  /** Only who is in a conversation with somebody may call him. */
  requireConversation: boolean;
  log: Log;
}

/** Signals of one device that wait for the other one. */
const MOST_EARLY = 100;
/** Calls that are settled in one look. */
const AT_ONCE = 50;

export type CallService = ReturnType<typeof createCallService>;

/** Calls between two. Every step is taken under the lock of the call's row; then all who have joined it are told. */
export function createCallService({ repository, network, tellUser, onlineAmong, iceServers, ringMs, graceMs, requireConversation, log }: CallOptions) {
  const rooms: Rooms<Call> = new Rooms({
    network,
    read: repository.read,
    versions: repository.versions,
    news: callNews,
    advanced: (call, session) => sendEarly(call, session as CallDevice),
    onError: (thrown) => keeper.own(Promise.reject(thrown as Error), 'reading a call'),
  });
  const keeper = createKeeper({ name: 'calls', graceMs, renew: () => repository.renew(rooms.sessions()), check: () => rooms.check(), sweep, log });

  async function change(callId: string, event: CallEvent): Promise<{ before: Call; after: Call }> {
    const changed = await repository.change(callId, (call, now) => stepCall(call, event, { now, graceMs }));
    if (changed === null) throw new AppError('not_found');
    return changed;
  }

  /** @param connection whose event it is. @throws AppError `not_found`, and what `stepCall` does */
  async function take(callId: string, event: CallEvent, connection?: string): Promise<void> {
    tell(await change(callId, event), connection);
  }

  function tell({ before, after }: { before: Call; after: Call }, connection?: string): void {
    if (before === after) return;
    rooms.changed(after);
    if (before.state !== 'ringing' || after.state === 'ringing') return;
    const { id: callId, reason, endedBy } = after;
    // Who has answered knows: his device goes on.
    const quiet = after.state === 'active' ? { reason: 'answered_elsewhere', connection } : { reason };
    tellUser(after.calleeId, 'call:ended', { callId, endedBy, ...quiet });
  }

  async function push(callId: string, calleeId: string): Promise<void> {
    const online = await onlineAmong([calleeId]);
    await repository.settlePush(callId, { wanted: !online.has(calleeId) });
  }

  async function sweep(): Promise<boolean> {
    const { timedOut, pushes } = await repository.due(AT_ONCE);
    for (const callId of timedOut) await take(callId, { kind: 'tick' });
    await Promise.all(pushes.map(({ callId, calleeId }) => push(callId, calleeId)));
    return timedOut.length === AT_ONCE;
  }

  function sendEarly(call: Call, device: CallDevice): void {
    if (device.early.length === 0 || call.state !== 'active') return;
    const { session } = peerOf(call, device);
    if (session === null) return;
    for (const { event, payload } of device.early.splice(0)) rooms.send(call.id, session, { event, payload });
  }

  return {
    service: keeper,

    /** @throws AppError `invalid_payload` (oneself), `forbidden`, `busy`, `already_in_call` */
    async initiate({ userId, connection }: { userId: string; connection: string }, { calleeId, type }: { calleeId: string; type: CallType }) {
      if (calleeId === userId) throw new AppError('invalid_payload', { path: 'calleeId', issues: [{ path: 'calleeId', message: 'is the caller' }] });
      if (requireConversation && !(await repository.shareConversation(userId, calleeId))) throw new AppError('forbidden');
      const request: CallRequest = { id: newId(), type, calleeId, caller: { userId, connection }, ringMs };
      const { call, changes, isNew } = await repository.place(request, (open, now) => placeCall(request, open, { now, graceMs }));
      for (const one of changes) tell(one, connection);
      if (call.reason === 'busy') throw new AppError('busy', { callId: call.id });
      if (isNew) {
        tellUser(calleeId, 'call:incoming', incomingCallOf(call)!);
        keeper.own(push(call.id, calleeId), 'asking for a push');
      }
      return { callId: call.id, role: roleOf(call, userId)!, iceServers: iceServers(userId) };
    },

    /** A device joins the topic of a call. @throws AppError `not_found`, `forbidden`, `call_ended`, `answered_elsewhere` */
    async arrive(callId: string, device: CallDevice): Promise<CallView & { iceServers: IceServer[] }> {
      const arrival = await change(callId, { kind: 'arrive', ...newcomerOf(device) });
      rooms.enter(device, arrival.after);
      tell(arrival);
      return { ...callViewOf(arrival.after, device.userId), iceServers: iceServers(device.userId) };
    },

    /** A device is gone: on purpose, which ends the call that it has, or because its socket is. */
    gone(callId: string, device: CallDevice, how: 'left' | 'dropped'): void {
      const call = rooms.get(callId);
      rooms.leave(callId, device);
      if (call === undefined || call.state === 'ended' || seatOf(call, device).session !== device.id) return;
      const event: CallEvent = how === 'left' ? { kind: 'end', userId: device.userId, session: device.id } : { kind: 'drop', session: device.id };
      keeper.own(take(callId, event), 'leaving a call');
    },

    /** @throws AppError `forbidden` (the caller), `call_ended`, `answered_elsewhere` */
    async answer(callId: string, device: CallDevice): Promise<void> {
      await take(callId, { kind: 'answer', ...newcomerOf(device) }, device.connection);
    },

    /** @throws AppError `forbidden` (the caller), `answered_elsewhere` */
    async reject(callId: string, { userId }: CallDevice): Promise<void> {
      await take(callId, { kind: 'reject', userId });
    },

    /** @throws AppError `answered_elsewhere` */
    async end(callId: string, { userId, id: session }: CallDevice): Promise<void> {
      await take(callId, { kind: 'end', userId, session });
    },

    /**
     * Hands a signal to the other one's device. What comes before there is one waits.
     * @throws AppError `call_ended`, `call_not_answered`, `answered_elsewhere`, `peer_away`
     */
    relay(callId: string, device: CallDevice, event: RelayedEvent, signal: Signal): void {
      const call = rooms.get(callId);
      if (call === undefined) throw new AppError('not_found');
      assertOpen(call);
      if (seatOf(call, device).session !== device.id) throw new AppError(call.state === 'ringing' ? 'call_not_answered' : 'answered_elsewhere');
      const payload = { ...signal, callId, from: device.userId };
      const peer = peerOf(call, device);
      if (peer.session !== null) rooms.send(callId, peer.session, { event, payload });
      else if (peer.away) throw new AppError('peer_away');
      else keepEarly(device, event, payload);
    },

    /** The call that a user is in, or that rings him. */
    async current(userId: string): Promise<CallView | null> {
      const call = await repository.openOf(userId);
      return call === null ? null : callViewOf(call, userId);
    },

    /** Tells a device that was not there when it began of a call that rings its user. */
    tellIncoming(userId: string, tellDevice: (call: IncomingCall) => void): void {
      const told = repository.openOf(userId).then((call) => {
        const incoming = call?.calleeId === userId ? incomingCallOf(call) : null;
        if (incoming !== null) tellDevice(incoming);
      });
      keeper.own(told, 'telling of a call that rings');
    },

    /** The log of a user: his own, or anyone's for admins and the backend. @throws AppError `forbidden` */
    log(identity: Identity, userId: string, page: Page): ReturnType<CallRepository['log']> {
      if (!ownsOrAdmin(identity, userId) && !hasRole(identity, 'service')) throw new AppError('forbidden');
      return repository.log(userId, page);
    },
  };
}

function newcomerOf({ userId, device, connection, id: session }: CallDevice) {
  return { userId, device, connection, session };
}

function seatOf(call: Call, { userId }: Session) {
  return call[roleOf(call, userId)!];
}

function peerOf(call: Call, { userId }: Session) {
  return call[roleOf(call, userId) === 'caller' ? 'callee' : 'caller'];
}

/** Of offers only the newest counts. */
function keepEarly({ early }: CallDevice, event: RelayedEvent, payload: Signal): void {
  const older = event === 'webrtc:offer' ? early.findIndex((one) => one.event === event) : -1;
  if (older !== -1) early.splice(older, 1);
  if (early.length >= MOST_EARLY) throw new AppError('call_not_answered');
  early.push({ event, payload });
}
