/** The place of one user in a call or huddle, and the device that has it. Times are in ms of the database's clock. */
export interface Seat {
  /** Which app of the user: by the name that it gave, or by its connection. Null: none yet. */
  readonly device: string | null;
  /** The joined channel of the device. Null: it has none yet, or not any more. */
  readonly session: string | null;
  /** Its socket is gone, and it has the grace to come back. */
  readonly away: boolean;
  /** When the seat is lost. The node of a session puts it off again and again; null: never. */
  readonly until: number | null;
}

/** Somebody who joins. */
export interface Newcomer {
  readonly userId: string;
  readonly device: string;
  /** The socket that the device has now. */
  readonly connection: string;
  readonly session: string | null;
}

/** When something happens, by the database's clock, and how long those who lost their socket may take to come back, in ms. */
export interface Moment {
  readonly now: number;
  readonly graceMs: number;
}

export const VACANT: Seat = { device: null, session: null, away: false, until: null };

/** How often a node puts off the end of its sessions, in ms. */
export function renewEveryMs(graceMs: number): number {
  return Math.ceil(graceMs / 3);
}

/** How far a node puts off the end of its sessions, in ms: when it dies right afterwards, they still have the whole grace. */
export function leaseMs(graceMs: number): number {
  return graceMs + renewEveryMs(graceMs);
}

export function taken({ device, session }: Pick<Seat, 'device' | 'session'>, { now, graceMs }: Moment): Seat {
  return { device, session, away: false, until: now + leaseMs(graceMs) };
}

/** The socket of a seat is gone. */
export function forsaken(seat: Seat, { now, graceMs }: Moment): Seat {
  return { ...seat, session: null, away: true, until: now + graceMs };
}

/** Whether any device of the user may take the seat: its own left, or its node has not been heard of for one and a half turns. */
export function isFree({ device, away, until }: Seat, { now, graceMs }: Moment): boolean {
  return device === null || away || (until !== null && until < now + graceMs - renewEveryMs(graceMs) / 2);
}

export function isLost({ until }: Seat, { now }: Moment): boolean {
  return until !== null && until <= now;
}

const NAMED = 'app:';

/** What a seat says of a device that gave a name, or of one that is known by its socket alone. */
export function deviceOf(deviceId: string | undefined, connection: string): string {
  return deviceId === undefined ? `connection:${connection}` : NAMED + deviceId;
}

/** Whether the seat is the newcomer's: it comes back, or its socket asked for the seat before it joined. */
export function isOwn({ device }: Seat, newcomer: Newcomer): boolean {
  return device === newcomer.device || device === deviceOf(undefined, newcomer.connection);
}

/** Whether it is known that these are two running apps: one that gives no name may be the one that was there before. */
export function areTwoApps(one: string | null, other: string | null): boolean {
  return one !== other && one?.startsWith(NAMED) === true && other?.startsWith(NAMED) === true;
}
