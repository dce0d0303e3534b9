import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { waitFor } from '../../../../test/support/wait.ts';
import type { RealtimeUnderTest } from './realtime.ts';
import { connectDevice, type Device, type Topic } from './webrtc.ts';

/** A device that has joined the lobby of calls and its user's own topic. */
export interface User extends Device {
  id: string;
  lobby: Topic;
  own: Topic;
}

/** Both topics of a call. */
export interface CallTopics {
  callId: string;
  topic: string;
  a: Topic;
  b: Topic;
}

export const freshUser = (name: string): string => `${name}-${randomBytes(4).toString('hex')}`;

export const endOf = (topic: Topic) => waitFor(() => topic.all('call:ended')[0]);

/** Users of a server, and calls between them. */
export function callers(realtime: () => RealtimeUnderTest) {
  async function come(id: string): Promise<User> {
    const device = connectDevice(realtime().url, await realtime().token(id));
    return { ...device, id, lobby: await device.join('webrtc:lobby'), own: await device.join(`user:${id}`) };
  }

  /** A call that rings. */
  async function ring(anna: User, ben: User, params: { anna?: object; ben?: object } = {}): Promise<CallTopics> {
    const { callId } = await anna.lobby.push('call:initiate', { calleeId: ben.id, type: 'video' });
    const topic = `webrtc:${callId}`;
    return { callId, topic, a: await anna.join(topic, params.anna), b: await ben.join(topic, params.ben) };
  }

  return {
    come,
    pair: () => Promise.all([come(freshUser('anna')), come(freshUser('ben'))]),
    ring,
    /** One that is answered. */
    async connect(anna: User, ben: User, params: { anna?: object; ben?: object } = {}): Promise<CallTopics> {
      const call = await ring(anna, ben, params);
      expect(await call.b.push('call:answer', { callId: call.callId })).toEqual({});
      await waitFor(() => call.a.all('call:answered').length === 1);
      return call;
    },
  };
}
