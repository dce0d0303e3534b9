import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/engine/index.ts';
import { testSocket } from '../../src/engine/testing/index.ts';
import { ended, room } from '../support/room.ts';

const anna = { name: 'anna' };

describe('testSocket', () => {
  it('joins, pushes, and gets replies, pushes and broadcasts', async () => {
    const socket = testSocket([room], anna);
    const lobby = await socket.join('room:lobby', {});
    expect(await lobby.expectPush('welcome')).toEqual({ room: 'lobby' });
    expect(await lobby.push('echo', { a: 1 })).toEqual({ status: 'ok', response: { a: 1 } });
    expect(await lobby.push('say', { body: 'hi' })).toEqual({ status: 'ok', response: {} });
    expect(await lobby.expectPush('said')).toEqual({ body: 'hi' });
    expect(lobby.received).toEqual([]);
  });

  it('rejects a refused join with the Refusal, and answers a refused push with its reason', async () => {
    const socket = testSocket([room], anna);
    await expect(socket.join('room:1', { deny: true })).rejects.toEqual(new Refusal('denied', { room: '1' }));
    await expect(socket.join('room:1', { crash: true })).rejects.toMatchObject({ code: 'join crashed' });
    await expect(socket.join('lobby' as 'room:1', {})).rejects.toMatchObject({ code: 'unmatched topic' });
    const one = await socket.join('room:1', {});
    expect(await one.push('deny')).toEqual({ status: 'error', response: { reason: 'not_now', retry: 1 } });
    expect(await one.push('say', { body: 7 } as never)).toMatchObject({ status: 'error', response: { reason: 'invalid_payload', path: 'body' } });
  });

  it('waits for late replies and slow joins, and keeps the order behind them', async () => {
    const socket = testSocket([room], anna);
    const [slow, quick] = await Promise.all([socket.join('room:slow', { delay: 10 }), socket.join('room:quick', {})]);
    expect(await slow.push('late')).toEqual({ status: 'ok', response: { late: true } });
    expect(await quick.push('echo', 1)).toEqual({ status: 'ok', response: 1 });
  });

  it('opens several clients of one server', async () => {
    const socket = testSocket([room], anna);
    const other = socket.another({ name: 'ben' });
    const [hers, his] = await Promise.all([socket.join('room:1', {}), other.join('room:1', {})]);
    await hers.push('hush', { body: 'psst' });
    expect(await his.expectPush('said')).toEqual({ body: 'psst (whispered)' });
    expect(hers.received.map(({ event }) => event)).toEqual(['welcome']);
    socket.broadcast('room:1', 'said', { body: 'from outside' });
    expect(await hers.expectPush('said')).toEqual({ body: 'from outside' });
  });

  it('carries bytes both ways', async () => {
    const one = await testSocket([room], anna).join('room:1', {});
    expect(await one.push('bytes')).toEqual({ status: 'ok', response: Buffer.from([0, 1, 254, 255]) });
    const { response } = await one.push('echo', Uint8Array.from([7, 8]));
    expect(response).toEqual(Buffer.from([7, 8]));
  });

  it('leaves, sees ends, and tells why a push found none', async () => {
    const socket = testSocket([room], anna);
    await (await socket.join('room:left', {})).leave();
    expect(ended).toContain('room:left shutdown:left');

    const one = await socket.join('room:1', {});
    await expect(one.push('crash')).rejects.toThrow('room:1 has ended (phx_error): Error: boom');
    expect(await one.expectEnd()).toBe('phx_error');
    expect(socket.crashes).toMatchObject([{ where: 'room:1', thrown: { message: 'boom' } }]);
    await expect(one.push('echo', 1)).rejects.toThrow('room:1 has ended');
  });

  it('sees the server close it, and closes itself', async () => {
    const socket = testSocket([room], anna, { id: 'who:anna' });
    const one = await socket.join('room:closed', {});
    const missing = expect(one.expectPush('said')).rejects.toThrow('the socket was closed with 1001');
    socket.broadcast('who:anna', 'disconnect', {});
    expect(await socket.expectClose()).toBe(1001);
    await missing;
    await expect(socket.join('room:1', {})).rejects.toThrow('the socket was closed with 1001');

    const other = testSocket([room], anna);
    await other.join('room:gone', {});
    other.close();
    expect(ended).toContain('room:gone shutdown:closed');
  });

  it('lists what came when what is expected does not', async () => {
    const one = await testSocket([room], anna).join('room:1', {});
    one.send('echo', 'unasked');
    const failure = await one.expectPush('said').catch((error: Error) => error.message);
    expect(failure).toBe("no said on room:1; what came: welcome { room: '1' }, phx_reply { status: 'ok', response: 'unasked' } (waited 2000 ms)");
  });
});
