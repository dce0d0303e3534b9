import { expect, it } from 'vitest';
import { createUserChannel } from '../../src/channels/user.ts';
import type { IncomingCall } from '../../src/contracts/calls.ts';
import { testSocket } from '../../src/engine/testing/index.ts';

const ben = { userId: 'ben', roles: [], sources: [], expiresAt: Infinity };

function callOf(callId: string): IncomingCall {
  return { callId, callerId: 'anna', calleeId: 'ben', type: 'audio', createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T00:00:45.000Z' };
}

it('a call that begins to ring while a device joins is told to it once', async () => {
  const found = Promise.withResolvers<(call: IncomingCall) => void>();
  const channel = createUserChannel({ tellIncoming: (_userId, tell) => found.resolve(tell) });
  const socket = testSocket([channel], ben);
  const device = await socket.join('user:ben', {});
  const tell = await found.promise;
  socket.broadcast('user:ben', 'call:incoming', callOf('first'));
  tell(callOf('first'));
  socket.broadcast('user:ben', 'call:incoming', callOf('second'));
  expect(await device.expectPush('call:incoming' as never)).toMatchObject({ callId: 'first' });
  expect(await device.expectPush('call:incoming' as never)).toMatchObject({ callId: 'second' });
  expect(device.received).toEqual([]);
});
