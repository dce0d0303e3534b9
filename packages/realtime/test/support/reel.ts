import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Socket } from 'phoenix';
import protobuf from 'protobufjs';
import { onTestFinished } from 'vitest';
import type { ReelJoinReply, ReelUpdate } from '../../src/contracts/index.ts';
import { answer, type PhoenixChannel, type PhoenixSocket } from './phoenix.ts';
import type { RealtimeUnderTest } from './realtime.ts';

/** The published file, read by a library that the server does not use. */
const PROTO = fileURLToPath(import.meta.resolve('@armoricore/realtime/proto/armoricore/v1/reel.proto'));
const batchType = (await protobuf.load(PROTO)).lookupType('armoricore.v1.ReelUpdateBatch');

/** An update of a batch as the published file describes it. */
export interface DecodedUpdate {
  id: string;
  reelId: string;
  updateData: Record<string, string>;
  targetUsers: string[];
  targetChannel: string;
  timestamp: number;
  priority: string;
}

/** @throws Error for what is no batch */
export function decodeBatch(bytes: ArrayBuffer | Uint8Array): DecodedUpdate[] {
  const message = batchType.decode(new Uint8Array(bytes));
  const { updates } = batchType.toObject(message, { longs: Number, enums: String, defaults: true, arrays: true, objects: true }) as { updates: DecodedUpdate[] };
  return updates;
}

/** One joined reel of a real phoenix.js client. */
export interface ReelClient {
  channel: PhoenixChannel;
  socket: PhoenixSocket;
  reply: ReelJoinReply;
  /** Payloads of `reel_update`: objects, or bytes. */
  frames: unknown[];
  /** Those that are JSON. */
  updates(): ReelUpdate[];
  /** Those that are bytes, decoded. */
  decoded(): DecodedUpdate[];
  /** Resolves with the reply, rejects with the refusal. */
  push(event: string, payload?: object): Promise<any>;
}

export interface JoinOptions {
  params?: object;
  /** More options of the socket. */
  socket?: object;
}

export const freshReel = (): string => `reel-${randomBytes(6).toString('hex')}`;

/** Connects a user and joins a reel. Rejects with the refusal of the join. */
export async function joinReel(realtime: RealtimeUnderTest, userId: string, reelId: string, { params = {}, socket: options = {} }: JoinOptions = {}): Promise<ReelClient> {
  const socket = new Socket(`${realtime.url.replace('http', 'ws')}/socket`, { params: { token: await realtime.token(userId) }, transport: WebSocket, ...options });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  const channel = socket.channel(`reel:${reelId}`, params) as unknown as PhoenixChannel;
  const frames: unknown[] = [];
  channel.on('reel_update', (payload) => frames.push(payload));
  const reply = (await answer(channel.join())) as ReelJoinReply;
  return {
    channel,
    socket,
    reply,
    frames,
    updates: () => frames.filter((frame) => !(frame instanceof ArrayBuffer)) as ReelUpdate[],
    decoded: () => frames.filter((frame) => frame instanceof ArrayBuffer).flatMap(decodeBatch),
    push: (event, payload = {}) => answer(channel.push(event, payload)),
  };
}

/** What updates say of a counter, added up. */
export const sumOf = (updates: readonly ReelUpdate[], counter: string): number =>
  updates.reduce((sum, { update_data }) => sum + ((update_data[counter] as number | undefined) ?? 0), 0);
