import type { ParticipantView } from '../contracts/huddles.ts';
import type { Huddle, Participant } from './huddle-machine.ts';
import type { News, Session } from './webrtc-rooms.ts';

/** What a device that knew `before` is to be told when `after` is true. Of its own user it knows, unless it lost the place. */
export function huddleNews(before: Huddle, after: Huddle, { id, userId }: Pick<Session, 'id' | 'userId'>): News[] {
  const huddleId = after.id;
  if (after.endedAt !== null) return before.endedAt === null ? [{ event: 'huddle:ended', payload: { huddleId }, last: true }] : [];
  const lost = lossOf(before, after, { id, userId });
  if (lost !== null) return [{ event: 'huddle:left', payload: { huddleId, reason: lost }, last: true }];
  const [old, now] = [byRef(before, userId), byRef(after, userId)];
  const left = [...old.values()].filter(({ ref }) => !now.has(ref)).map((one) => leftNews(huddleId, one, after));
  const others = [...now.values()].flatMap((one) => {
    const known = old.get(one.ref);
    if (known !== undefined && isSame(known, one)) return [];
    const event = known === undefined ? 'huddle:participant:joined' : 'huddle:participant:updated';
    return [{ event, payload: { huddleId, participant: participantViewOf(one) } }];
  });
  return [...left, ...others];
}

export function participantViewOf({ userId, ref, audio, video, screen, hand, seat, joinedAt }: Participant): ParticipantView {
  return { userId, ref, audio, video, screen, hand, connected: seat.session !== null, joinedAt: new Date(joinedAt).toISOString() };
}

/** How the session lost its place; null when it did not. */
function lossOf(before: Huddle, after: Huddle, { id, userId }: Pick<Session, 'id' | 'userId'>): 'elsewhere' | 'removed' | null {
  if (!before.participants.some(({ seat }) => seat.session === id)) return null;
  const own = after.participants.find((one) => one.userId === userId);
  if (own === undefined) return 'removed';
  return own.seat.session === id ? null : 'elsewhere';
}

function leftNews(huddleId: string, { userId, ref, seat }: Participant, after: Huddle): News {
  const isBack = after.participants.some((one) => one.userId === userId);
  const reason = isBack ? 'elsewhere' : seat.away ? 'dropped' : 'left';
  return { event: 'huddle:participant:left', payload: { huddleId, userId, ref, reason } };
}

function byRef({ participants }: Huddle, except: string): Map<string, Participant> {
  return new Map(participants.filter(({ userId }) => userId !== except).map((one) => [one.ref, one]));
}

function isSame(one: Participant, other: Participant): boolean {
  const [a, b] = [participantViewOf(one), participantViewOf(other)];
  return (Object.keys(a) as (keyof ParticipantView)[]).every((name) => a[name] === b[name]);
}
