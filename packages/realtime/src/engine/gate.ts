import type { SocketInfo } from './channel.ts';
import { refusalOf } from './refusal.ts';
import { serializerFor, type Serializer } from './serializer/serializer.ts';
import type { Connected, ConnectInfo, Mount } from './socket.ts';

/** A client that may come in. */
export interface Admitted {
  serializer: Serializer;
  /** Its identity is another one when the connection is renewed. */
  socketInfo: SocketInfo<unknown> & { identity: unknown };
  /** In ms since the epoch. */
  expiresAt: number;
}

/** Why a client may not come in. */
export interface Rejected {
  status: number;
  body: string;
}

const FORBIDDEN: Rejected = { status: 403, body: '' };

/** A promise only when the socket handler takes its time. */
export type Admission = Admitted | Rejected | Promise<Admitted | Rejected>;

/** Asks the socket handler of a mount about a client. */
export function admit(mount: Mount, info: ConnectInfo, onCrash: (where: string, thrown: unknown) => void): Admission {
  const serializer = serializerFor(info.params['vsn']);
  if (serializer === null) return FORBIDDEN;
  const accept = ({ identity, id, expiresAt = Infinity }: Connected<unknown>): Admitted => {
    return { serializer, socketInfo: { identity, id: id ?? null, transport: info.transport }, expiresAt };
  };
  const refuse = (thrown: unknown): Rejected => {
    const refusal = refusalOf(thrown);
    if (refusal !== null) return info.transport === 'websocket' ? (mount.onRefused?.(refusal) ?? FORBIDDEN) : FORBIDDEN;
    onCrash(`connect ${mount.path}`, thrown);
    return { status: 500, body: '' };
  };
  try {
    const connected = mount.socket.connect(info);
    return connected instanceof Promise ? connected.then(accept).catch(refuse) : accept(connected);
  } catch (thrown) {
    return refuse(thrown);
  }
}

export function isRejected(outcome: Admitted | Rejected): outcome is Rejected {
  return 'status' in outcome;
}
