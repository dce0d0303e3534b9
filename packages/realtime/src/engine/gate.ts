import type { SocketInfo } from './channel.ts';
import { refusalOf } from './refusal.ts';
import { serializerFor, type Serializer } from './serializer/serializer.ts';
import type { DirectJoin } from './direct.ts';
import { direct } from './serializer/direct.ts';
import type { Connected, ConnectInfo, Mount } from './socket.ts';

/** A client that may come in. */
export interface Admitted {
  serializer: Serializer;
  /** Its identity is another one when the connection is renewed. */
  socketInfo: SocketInfo<unknown> & { identity: unknown };
  /** In ms since the epoch. */
  expiresAt: number;
  /** What a direct connection is joined to. */
  join?: DirectJoin;
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
  const serializer = mount.direct === undefined ? serializerFor(info.params['vsn']) : direct;
  if (serializer === null) return FORBIDDEN;
  const accept = ({ identity, id, expiresAt = Infinity }: Connected<unknown>): Admitted => {
    const binary = info.transport === 'websocket' && serializer.version !== 1;
    const admitted = { serializer, socketInfo: { identity, id: id ?? null, transport: info.transport, binary }, expiresAt };
    return mount.direct === undefined ? admitted : { ...admitted, join: mount.direct(info) };
  };
  const refuse = (thrown: unknown): Rejected => rejection(mount, info.transport, thrown, onCrash);
  try {
    const connected = mount.socket.connect(info);
    return connected instanceof Promise ? connected.then(accept).catch(refuse) : accept(connected);
  } catch (thrown) {
    return refuse(thrown);
  }
}

/** How a client is told that it may not come in. A crash is reported, and 500. */
export function rejection(mount: Mount, transport: ConnectInfo['transport'], thrown: unknown, onCrash: (where: string, thrown: unknown) => void): Rejected {
  const refusal = refusalOf(thrown);
  if (refusal !== null) return transport === 'websocket' ? (mount.onRefused?.(refusal) ?? FORBIDDEN) : FORBIDDEN;
  onCrash(`connect ${mount.path}`, thrown);
  return { status: 500, body: '' };
}

export function isRejected(outcome: Admitted | Rejected): outcome is Rejected {
  return 'status' in outcome;
}
