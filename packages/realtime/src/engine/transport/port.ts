import type { Frame } from '../message.ts';

/** What a connection needs of its transport. */
export interface Transport {
  send(frame: Frame): void;
  /** The client has left a topic: volatile frames of it that still wait are of no use. */
  forget?(topic: string): void;
  close(code: number): void;
  /** Stop and go on reading from the client, so that TCP holds a client back whose join takes long. */
  pause(): void;
  resume(): void;
  /** Bytes that came from the client so far; absent where silence does not end a connection. */
  readonly bytesRead?: number;
}
