import type { Metrics } from '@armoricore/shared/ops';
import type { Merged } from '../domain/reel-merge.ts';

export interface ReelFigures {
  /** What was merged goes to all who listen on a topic of this node. */
  sent(listeningOn: string, merged: Merged, payload: object): void;
}

export interface ReelFigureOptions {
  metrics: Metrics;
  /** Clients of this node that listen on a topic. */
  membersOf: (topic: string) => number;
  dropped: () => number;
}

/**
 * What windows and Protobuf spare this node, against one JSON frame for each update and client. Updates for some users alone
 * are left out: how many of them are here is not known.
 */
export function createReelFigures({ metrics, membersOf, dropped }: ReelFigureOptions): ReelFigures {
  const figures = { frames: 0, merged: 0, bytes: 0, saved: 0 };
  const total = (name: string, help: string, read: () => number): void => metrics.total({ name, help, labels: [], read: () => [{ labels: {}, value: read() }] });
  total('reel_frames_total', 'Frames of reel updates to clients of this node.', () => figures.frames);
  total('reel_updates_merged_total', 'Updates that clients of this node got in a frame with others.', () => figures.merged);
  total('reel_bytes_sent_total', 'Bytes of these frames.', () => figures.bytes);
  total('reel_bytes_saved_total', 'Bytes that one JSON frame for each update would have taken on top of them, about.', () => figures.saved);
  total('reel_values_dropped_total', 'Values of updates that were dropped because too much waited.', dropped);

  return {
    sent(listeningOn, { update, count, bytes }, payload) {
      const members = update.target_users.length === 0 ? membersOf(listeningOn) : 0;
      if (members === 0) return;
      const size = payload instanceof Uint8Array ? payload.length + FRAME.binary : Buffer.byteLength(JSON.stringify(payload)) + FRAME.json;
      figures.frames += members;
      figures.merged += members * (count - 1);
      figures.bytes += members * (size + update.reel_id.length);
      figures.saved += members * (bytes - size - update.reel_id.length);
    },
  };
}

/** What a frame adds to its payload, without the id of the reel. */
const FRAME = { binary: 3 + 'reel:reel_update'.length, json: '[null,null,"reel:","reel_update",]'.length };
