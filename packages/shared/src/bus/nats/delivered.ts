import type { Msg } from '@nats-io/transport-node';
import { GROUP_HEADER } from './publish.ts';

/** A message that was given to us for `leaseMs`. */
export interface Delivered {
  lane: number;
  /** Where the broker hears what became of it. */
  reply: string;
  /** Place in the stream; the same at each try. */
  seq: number;
  /** Rises with every delivery of the lane, so that it tells whether a delivery is the last one. */
  deliverySeq: number;
  /** From 1. */
  attempts: number;
  /** Messages behind it in its lane. */
  behind: number;
  onlyFor?: string;
  json: string;
  /** Until when (performance.now) it is surely ours. */
  leaseEnd: number;
}

/** An event of the log as the broker delivers it; `leaseEndOf` says until when what a lane gives is ours. */
export function readDelivered(message: Msg, leaseEndOf: (lane: number) => number): Delivered {
  const reply = message.reply ?? '';
  const lane = Number(message.subject.split('.')[2]);
  const onlyFor = message.headers?.get(GROUP_HEADER) ?? '';
  const { seq, deliverySeq, attempts, behind } = parseReply(reply);
  const delivered = { lane, reply, seq, deliverySeq, attempts, behind, json: message.string(), leaseEnd: leaseEndOf(lane) };
  return onlyFor === '' ? delivered : { ...delivered, onlyFor };
}

/**
 * What the broker writes into the reply subject of a delivery, from the end:
 * `$JS.ACK.[<domain>.<account>.]<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>[.<random>]`
 */
export function parseReply(reply: string): { attempts: number; seq: number; deliverySeq: number; time: string; behind: number } {
  const tokens = reply.split('.');
  const first = tokens.length === 9 ? 4 : 6;
  const [attempts, seq, deliverySeq, time, behind] = tokens.slice(first);
  return { attempts: Number(attempts), seq: Number(seq), deliverySeq: Number(deliverySeq), time: time ?? '', behind: Number(behind) };
}
