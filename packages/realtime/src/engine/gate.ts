import type { SocketInfo } from './channel.ts';
import type { Mount, ConnectInfo } from './socket.ts';
import { Refusal, refusalOf } from './refusal.ts';
import { serializerFor, type Serializer } from './serializer/serializer.ts';

/** A client that may come in. */
export interface Admitted {
  serializer: Serializer;
  socketInfo: SocketInfo<unknown>;
  /** In ms since the epoch. */
  expiresAt: number;
}

/** Why a client may not come in. */
export interface Rejected {
  status: number;
  body: string;
}

const FORBIDDEN: Rejected = { status: 403, body: '' };

/** Asks the socket handler of a mount about a client. */
export async function admit(mount: Mount, info: ConnectInfo, onCrash: (where: string, thrown: unknown) => void): Promise<Admitted | Rejected> {
  const serializer = serializerFor(info.params['vsn']);
  if (serializer === null) return FORBIDDEN;
  try {
    const { identity, id = null, expiresAt = Infinity } = await mount.socket.connect(info);
    return { serializer, socketInfo: { identity, id, transport: info.transport }, expiresAt };
  } catch (thrown) {
    const refusal = refusalOf(thrown);
    if (refusal instanceof Refusal) return info.transport === 'websocket' ? (mount.onRefused?.(refusal) ?? FORBIDDEN) : FORBIDDEN;
    onCrash(`connect ${mount.path}`, thrown);
    return { status: 500, body: '' };
  }
}

export function isRejected(outcome: Admitted | Rejected): outcome is Rejected {
  return 'status' in outcome;
}
