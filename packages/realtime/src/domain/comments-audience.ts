import { ViewerCounts, type NodeCounts } from './comments-counts.ts';

/** A client that has joined a stream on this node, and what can be done with its presence. */
export interface Viewer {
  /** From now on it is in the list. */
  track(): void;
  /** Shows it the list. */
  showList(): void;
  /** The list. */
  list(): object;
}

export interface AudienceOptions {
  /** Viewers of a stream up to whom each is shown. */
  presenceMax: number;
  /** Sends to all viewers of a stream on this node. */
  tellHere(streamId: string, event: 'viewers' | 'presence_state', payload: object): void;
  tellNodes(counts: NodeCounts['counts']): void;
}

/** Between two `viewers` of a stream, at least, in ms. */
const TELL_MS = 1_000;
/** Between two times that this node tells the others of all its streams, in ms. */
const TELL_ALL_MS = 2_000;
/** What nodes need to list their viewers once they are few enough, in ms. */
const LIST_MS = 1_000;
/** Who was counted is listed again when so much of the limit is left. */
const BACK_AT = 0.8;

interface Stream {
  viewers: Set<Viewer>;
  untracked: Set<Viewer>;
  /** Viewers are shown one by one, or as a number; `listing`: as a number, while all nodes make the list. */
  mode: 'listed' | 'counted' | 'listing';
  listedAt: number;
  told: number;
  toldAt: number;
}

export type Audience = ReturnType<typeof createAudience>;

/**
 * Who watches the streams, as clients are shown it: a list of all while there are few, their number when there are many. The
 * times are ms of a clock that never goes back.
 */
export function createAudience({ presenceMax, tellHere, tellNodes }: AudienceOptions) {
  const backAt = Math.min(presenceMax, Math.max(1, Math.floor(presenceMax * BACK_AT)));
  const counts = new ViewerCounts();
  const streams = new Map<string, Stream>();
  const changed = new Set<string>();
  let toldAllAt = -Infinity;

  /** Nodes that see each other's numbers are of one mind, also between the two limits. */
  function areMany(streamId: string): boolean {
    const total = counts.total(streamId);
    return total > presenceMax || (total > backAt && counts.countedElsewhere(streamId));
  }

  function open(streamId: string): Stream {
    const stream: Stream = { viewers: new Set(), untracked: new Set(), mode: areMany(streamId) ? 'counted' : 'listed', listedAt: 0, told: 0, toldAt: -Infinity };
    streams.set(streamId, stream);
    return stream;
  }

  function tell(streamId: string, stream: Stream, now: number): void {
    const count = counts.total(streamId);
    if (count === stream.told || now - stream.toldAt < TELL_MS) return;
    stream.told = count;
    stream.toldAt = now;
    tellHere(streamId, 'viewers', { count });
  }

  function showNumber(streamId: string, stream: Stream, now: number): void {
    const news = stream.mode === 'listed';
    stream.mode = 'counted';
    changed.add(streamId);
    if (news) stream.told = 0; // Whoever sees a list now learns that it ends, even if the number is the same as before.
    tell(streamId, stream, now);
  }

  /** Silently: the list is shown when all nodes have had the time for theirs. */
  function makeList(streamId: string, stream: Stream, now: number): void {
    stream.mode = 'listing';
    stream.listedAt = now + LIST_MS;
    changed.add(streamId);
    for (const viewer of stream.untracked) viewer.track();
    stream.untracked.clear();
  }

  function showList(streamId: string, stream: Stream): void {
    stream.mode = 'listed';
    const [one] = stream.viewers;
    if (one !== undefined) tellHere(streamId, 'presence_state', one.list());
  }

  function look(streamId: string, stream: Stream, now: number): void {
    if (stream.mode !== 'counted' && areMany(streamId)) showNumber(streamId, stream, now);
    else if (stream.mode === 'counted' && counts.total(streamId) <= backAt) makeList(streamId, stream, now);
    else if (stream.mode === 'listing' && now >= stream.listedAt) showList(streamId, stream);
    if (stream.mode !== 'listed') tell(streamId, stream, now);
  }

  return {
    /** Viewers of a stream on all nodes, as far as they are known here. */
    total: (streamId: string): number => counts.total(streamId),

    /** Whether viewers of the stream are shown one by one now. */
    isListed: (streamId: string): boolean => streams.get(streamId)?.mode === 'listed',

    /** Somebody joined. Returns what is to be called when he left. */
    enter(streamId: string, viewer: Viewer, now: number): () => void {
      counts.add(streamId, 1);
      changed.add(streamId);
      const stream = streams.get(streamId) ?? open(streamId);
      stream.viewers.add(viewer);
      // At once: what comes in a storm of joins must not be shown to everyone one by one until the next look.
      if (stream.mode !== 'counted' && areMany(streamId)) showNumber(streamId, stream, now);
      if (stream.mode === 'counted') stream.untracked.add(viewer);
      else viewer.track();
      if (stream.mode === 'listed') viewer.showList();
      return () => {
        if (!stream.viewers.delete(viewer)) return;
        stream.untracked.delete(viewer);
        counts.add(streamId, -1);
        changed.add(streamId);
        if (stream.viewers.size === 0) streams.delete(streamId);
      };
    },

    /** Another node says how many it has. */
    hear: (heard: NodeCounts, now: number): void => counts.hear(heard, now),

    /** Another node is new: it is told of everything with the next look. */
    greet(): void {
      toldAllAt = -Infinity;
    },

    /** To be called several times a second: tells clients and nodes what changed. */
    look(now: number): void {
      counts.expire(now);
      for (const [streamId, stream] of streams) look(streamId, stream, now);
      const all = now - toldAllAt >= TELL_ALL_MS;
      if (all) toldAllAt = now;
      const due = new Set([...changed, ...(all ? streams.keys() : [])]);
      changed.clear();
      if (due.size > 0) tellNodes([...due].map((streamId) => [streamId, counts.here(streamId), streams.get(streamId)?.mode === 'counted']));
    },
  };
}
