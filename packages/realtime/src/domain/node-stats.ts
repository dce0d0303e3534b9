import type { NodeStats } from '../contracts/system.ts';

/** What a node has counted since it started, and what it measured since it was asked last. */
export interface NodeReading {
  sockets: {
    connections: number;
    channels: number;
    presences: number;
    joins: number;
    refusedJoins: number;
    messagesIn: number;
    messagesOut: number;
    replaced: number;
    ends: Record<string, number>;
  };
  usersOnline: number;
  lostBroadcasts: number;
  topTopics: NodeStats['top_topics'];
  memory: NodeStats['memory'];
  /** Processor time since the start, in ms. */
  cpuMs: number;
  eventLoop: NodeStats['event_loop'];
}

export interface NodeStatsOptions {
  node: string;
  instance: string;
  version: string;
  read: () => NodeReading;
  /** ms since the epoch, and ms of a clock that never goes back. */
  clock?: () => { date: number; now: number };
}

/** The figures of this node: each call tells those of the time since the call before. */
export function createNodeStats({ node, instance, version, read, clock = () => ({ date: Date.now(), now: performance.now() }) }: NodeStatsOptions): () => NodeStats {
  const start = clock();
  let last = { now: start.now, reading: read() };

  return () => {
    const { date, now } = clock();
    const reading = read();
    const { sockets } = reading;
    const seconds = Math.max(0.001, (now - last.now) / 1_000);
    const before = last.reading;
    const perSecond = (of: 'joins' | 'messagesIn' | 'messagesOut'): number => round((sockets[of] - before.sockets[of]) / seconds);
    last = { now, reading };
    return {
      node,
      instance,
      version,
      started_at: new Date(start.date).toISOString(),
      at: new Date(date).toISOString(),
      uptime_s: round((now - start.now) / 1_000),
      connections: sockets.connections,
      channels: sockets.channels,
      users_online: reading.usersOnline,
      joins_total: sockets.joins,
      joins_refused_total: sockets.refusedJoins,
      messages_in_total: sockets.messagesIn,
      messages_out_total: sockets.messagesOut,
      volatile_replaced_total: sockets.replaced,
      lost_broadcasts_total: reading.lostBroadcasts,
      joins_per_s: perSecond('joins'),
      messages_in_per_s: perSecond('messagesIn'),
      messages_out_per_s: perSecond('messagesOut'),
      presences: sockets.presences,
      ends_total: sockets.ends,
      top_topics: reading.topTopics,
      memory: reading.memory,
      cpu_percent: round((reading.cpuMs - before.cpuMs) / seconds / 10),
      event_loop: reading.eventLoop,
    };
  };
}

/** To a tenth. */
function round(value: number): number {
  return Math.round(value * 10) / 10;
}
