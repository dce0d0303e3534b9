import { AppError } from '@armoricore/shared/kernel';
import type { Identity } from '../auth/identity.ts';
import { mount, type ConnectInfo, type SocketHandler } from '../engine/index.ts';

/** A client of a direct endpoint has nothing to send but heartbeats. */
const MAX_FRAME_BYTES = 1_024;
const ENCODINGS = ['json', 'protobuf'];

/** Paths at which a socket is joined to a topic by connecting: `/ws/user/anna` to `user:anna`. */
export function directMounts(socket: SocketHandler<Identity>): ReturnType<typeof mount>[] {
  const options = { authToken: true, maxFrameBytes: MAX_FRAME_BYTES };
  return [
    mount('/ws/reel/:reel_id', socket, { ...options, direct: (info) => ({ topic: `reel:${idOf(info, 'reel_id')}`, params: { encoding: encodingOf(info, ENCODINGS) } }) }),
    mount('/ws/user/:user_id', socket, { ...options, direct: (info) => textOnly(info, `user:${idOf(info, 'user_id')}`) }),
    mount('/ws/system', socket, { ...options, direct: (info) => textOnly(info, 'system') }),
  ];
}

/** There are no Protobuf messages for these: whoever asks for them would wait for ever. */
function textOnly(info: ConnectInfo, topic: string): { topic: string } {
  encodingOf(info, ['json']);
  return { topic };
}

/** @throws AppError `invalid_payload` */
function encodingOf({ params }: ConnectInfo, allowed: readonly string[]): string {
  const { encoding = 'json' } = params;
  if (typeof encoding !== 'string' || !allowed.includes(encoding)) throw new AppError('invalid_payload', { path: 'encoding', allowed });
  return encoding;
}

/** A segment of the path, which the engine hands on as it came. @throws AppError `invalid_payload` */
function idOf({ params }: ConnectInfo, name: string): string {
  try {
    return decodeURIComponent(String(params[name]));
  } catch (cause) {
    throw new AppError('invalid_payload', { path: name }, { cause });
  }
}
