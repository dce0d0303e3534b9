import type { Comment, Counters, Reel, ReelEvent, Update } from './reel.ts';

/** Comments that are shown. */
const SHOWN = 50;

/** The next state of a reel. Pure: what comes late or twice does no harm, and totals never go back. */
export function reduce(reel: Reel, event: ReelEvent): Reel {
  switch (event.type) {
    case 'joined': {
      const { counters, liked, updates } = event.reply;
      const before = reel.counters;
      const joined: Reel = { ...withComments(reel, commentsIn(updates)), state: 'joined', refusal: null, liked, counters: newer(before, counters) };
      // While the connection was lost there may have been more comments than the last updates show.
      return { ...joined, gap: before !== null && counters.comments > before.comments };
    }
    case 'refused':
      return { ...reel, state: 'refused', refusal: event.refusal };
    case 'lost':
      return reel.state === 'refused' ? reel : { ...reel, state: 'joining' };
    case 'updated':
      return updated(reel, event.update);
    case 'done': {
      const { counters, liked = reel.liked, comment } = event.done;
      return { ...withComments(reel, comment === undefined ? [] : [comment]), liked, counters: newer(reel.counters, counters) };
    }
    case 'listed':
      return { ...withComments(reel, commentsIn(event.updates)), gap: false };
  }
}

function updated(reel: Reel, { update_data: data }: Update): Reel {
  const counters = isCounters(data['counters']) ? newer(reel.counters, data['counters']) : reel.counters;
  const known = withComments(reel, commentsIn([{ id: '', update_data: data }]));
  return { ...known, counters, gap: known.gap || (typeof data['comments'] === 'number' && data['comments'] > 1) };
}

function newer(known: Counters | null, told: Counters): Counters {
  return known !== null && known.revision > told.revision ? known : told;
}

/** Ids are in the order of time. */
function withComments(reel: Reel, told: readonly Comment[]): Reel {
  const fresh = told.filter(({ id }) => !reel.comments.some((known) => known.id === id));
  if (fresh.length === 0) return reel;
  return { ...reel, comments: [...reel.comments, ...fresh].toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(-SHOWN) };
}

/** Updates are of the backend's making as well: what has another shape is none of ours. */
function commentsIn(updates: readonly Update[]): Comment[] {
  return updates.flatMap(({ update_data: { comment } }) => (isComment(comment) ? [comment] : []));
}

function isComment(value: unknown): value is Comment {
  if (typeof value !== 'object' || value === null) return false;
  const { id, user_id, content, created_at } = value as Record<string, unknown>;
  return [id, user_id, content, created_at].every((field) => typeof field === 'string');
}

function isCounters(value: unknown): value is Counters {
  if (typeof value !== 'object' || value === null) return false;
  const { likes, comments, shares, views, revision } = value as Record<string, unknown>;
  return [likes, comments, shares, views, revision].every(Number.isFinite);
}
