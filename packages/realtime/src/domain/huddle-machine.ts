import { AppError } from '@armoricore/shared/kernel';
import type { Toggles } from '../contracts/huddles.ts';
import { areTwoApps, forsaken, isFree, isLost, isOwn, taken, type Moment, type Newcomer, type Seat } from './webrtc-seats.ts';

/** A room for calls of several. Times are in ms of the database's clock. */
export interface Huddle {
  readonly id: string;
  /** Rises with each change. */
  readonly version: number;
  readonly name: string | null;
  readonly conversationId: string | null;
  readonly maxParticipants: number;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly endedAt: number | null;
  /** In the order of their coming; a user is in it once. */
  readonly participants: readonly Participant[];
}

export interface Participant extends Toggles {
  readonly userId: string;
  /** Another one whenever the others have to connect to this participant anew. */
  readonly ref: string;
  readonly seat: Seat;
  readonly joinedAt: number;
}

export type HuddleEvent =
  /** A device joined the topic. `ref`: of the participant that it becomes, unless it comes back. */
  | ({ kind: 'arrive'; ref: string; session: string } & Newcomer & Pick<Toggles, 'audio' | 'video'>)
  | { kind: 'leave'; session: string }
  /** A socket is gone. */
  | { kind: 'drop'; session: string }
  | { kind: 'toggle'; session: string; change: Partial<Toggles> }
  /** The user may not be in it any more. */
  | { kind: 'remove'; userId: string }
  | { kind: 'end' }
  /** Time passed. */
  | { kind: 'tick' };

/**
 * What becomes of a huddle: the same object when nothing does.
 * @throws AppError `huddle_ended`, `huddle_full`, `not_in_huddle`
 */
export function stepHuddle(huddle: Huddle, event: HuddleEvent, moment: Moment): Huddle {
  const { participants } = huddle;
  switch (event.kind) {
    case 'arrive':
      return arrive(huddle, event, moment);
    case 'leave':
      return without(huddle, ({ seat }) => seat.session === event.session);
    case 'drop':
      return changed(huddle, participants.map((one) => (one.seat.session === event.session ? { ...one, seat: forsaken(one.seat, moment) } : one)));
    case 'toggle':
      return toggle(huddle, event);
    case 'remove':
      return without(huddle, ({ userId }) => userId === event.userId);
    case 'end':
      return huddle.endedAt === null ? { ...huddle, version: huddle.version + 1, endedAt: moment.now, participants: [] } : huddle;
    case 'tick':
      return without(huddle, ({ seat }) => isLost(seat, moment));
  }
}

/**
 * A user has one place. Who comes back takes his place as it was; another device takes it over as somebody new, since the
 * others have no connection to it.
 */
function arrive(huddle: Huddle, newcomer: Extract<HuddleEvent, { kind: 'arrive' }>, moment: Moment): Huddle {
  assertGoesOn(huddle);
  const { userId, device, session, ref, audio, video } = newcomer;
  const seat = taken({ device, session }, moment);
  const fresh: Participant = { userId, ref, audio, video, screen: false, hand: false, joinedAt: moment.now, seat };
  const known = huddle.participants.find((one) => one.userId === userId);
  if (known === undefined) {
    // Who is lost, but was not swept yet, is in nobody's way.
    const present = huddle.participants.filter((one) => !isLost(one.seat, moment));
    if (present.length >= huddle.maxParticipants) throw new AppError('huddle_full', { max_participants: huddle.maxParticipants });
    return changed(huddle, [...present, fresh]);
  }
  const comesBack = isOwn(known.seat, newcomer) || (isFree(known.seat, moment) && !areTwoApps(known.seat.device, device));
  const others = huddle.participants.filter((one) => one !== known);
  if (!comesBack) return changed(huddle, [...others, fresh]);
  return changed(huddle, huddle.participants.map((one) => (one === known ? { ...known, seat } : one)));
}

function toggle(huddle: Huddle, { session, change }: { session: string; change: Partial<Toggles> }): Huddle {
  assertGoesOn(huddle);
  const own = huddle.participants.find(({ seat }) => seat.session === session);
  if (own === undefined) throw new AppError('not_in_huddle');
  const differs = Object.entries(change).some(([name, value]) => own[name as keyof Toggles] !== value);
  return differs ? changed(huddle, huddle.participants.map((one) => (one === own ? { ...own, ...change } : one))) : huddle;
}

function without(huddle: Huddle, isGone: (participant: Participant) => boolean): Huddle {
  return changed(huddle, huddle.participants.some(isGone) ? huddle.participants.filter((one) => !isGone(one)) : huddle.participants);
}

function changed(huddle: Huddle, participants: readonly Participant[]): Huddle {
  const same = participants.length === huddle.participants.length && participants.every((one, i) => one === huddle.participants[i]);
  return same ? huddle : { ...huddle, version: huddle.version + 1, participants };
}

function assertGoesOn({ endedAt }: Huddle): void {
  if (endedAt !== null) throw new AppError('huddle_ended');
}
