import { onTestFinished } from 'vitest';

/** The part of phoenix.js that all its versions share. */
export interface PhoenixSocket {
  connect(): void;
  disconnect(): void;
  channel(topic: string, params?: object): PhoenixChannel;
  onError(callback: (error: unknown) => void): void;
  onOpen(callback: () => void): void;
}
export interface PhoenixChannel {
  join(): PhoenixPush;
  leave(): PhoenixPush;
  on(event: string, callback: (payload: any) => void): void;
  push(event: string, payload: object): PhoenixPush;
}
interface PhoenixPush {
  receive(status: string, callback: (response: any) => void): PhoenixPush;
}

/** A socket of the phoenix.js that `Socket` comes from; it disconnects with the test. */
export function connectPhoenix(Socket: new (url: string, options: object) => PhoenixSocket, url: string, options: object): PhoenixSocket {
  const socket = new Socket(url.replace('http', 'ws'), { transport: WebSocket, ...options });
  onTestFinished(() => socket.disconnect());
  socket.connect();
  return socket;
}

/** Resolves with the reply `ok`, rejects with the `error` response. */
export function answer(push: PhoenixPush): Promise<any> {
  return new Promise((resolve, reject) => {
    push.receive('ok', resolve).receive('error', reject).receive('timeout', () => reject(new Error('timeout')));
  });
}

/** The payloads of an event, as they come. */
export function collect(channel: PhoenixChannel, ...events: string[]): { event: string; payload: any }[] {
  const seen: { event: string; payload: any }[] = [];
  for (const event of events) channel.on(event, (payload) => seen.push({ event, payload }));
  return seen;
}
