import { signal } from '@preact/signals';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Answer, Ask } from '../../src/chat/answer.ts';
import { Sender } from '../../src/chat/sender.ts';
import { reduce } from '../../src/chat/state/reduce.ts';
import { newRoom, type RoomEvent } from '../../src/chat/state/room.ts';
import { TypingSignal } from '../../src/chat/typing.ts';

type Reply = Answer<{ message: { seq: number } }>;
const REFUSED = (reason: string): Reply => ({ ok: false, refusal: { reason } });

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp(answers: (Reply | Promise<Reply>)[]) {
  const room = signal(newRoom('room', 'me'));
  const pushed: string[] = [];
  const dispatch = (event: RoomEvent): void => {
    room.value = reduce(room.peek(), event);
  };
  const ask = (async (_event: string, payload: { clientMessageId: string }) => {
    pushed.push(payload.clientMessageId);
    return (await answers.shift()) ?? REFUSED('network');
  }) as Ask;
  const sender = new Sender(room, dispatch, ask);
  const join = (): void => dispatch({ type: 'joined', reply: { messages: [], latest_seq: 0, unread: 0 } });
  const write = (clientMessageId: string): void => {
    dispatch({ type: 'composed', clientMessageId, content: 'x', replyTo: null, createdAt: '' });
    sender.send(clientMessageId);
  };
  return { room, pushed, dispatch, sender, join, write, state: () => room.value.outbox.map((one) => `${one.clientMessageId} ${one.state}`) };
}

it('holds messages while there is no connection and sends them in order, under their names, with the next join', async () => {
  const { pushed, join, write, sender, state } = setUp([{ ok: true, reply: { message: { seq: 1 } } }, { ok: true, reply: { message: { seq: 2 } } }]);
  write('a');
  write('b');
  expect(pushed).toEqual([]);
  join();
  sender.flush();
  await vi.runAllTimersAsync();
  expect(pushed).toEqual(['a', 'b']);
  expect(state()).toEqual(['a sent', 'b sent']);
});

it('tries again what nobody answers, under the same name, and gives up after three', async () => {
  const { pushed, join, write, state } = setUp([]);
  join();
  write('a');
  await vi.runAllTimersAsync();
  expect(pushed).toEqual(['a', 'a', 'a']);
  expect(state()).toEqual(['a failed']);
});

it('does not try again what the server refused', async () => {
  const { pushed, join, write, room } = setUp([REFUSED('rate_limited')]);
  join();
  write('a');
  await vi.runAllTimersAsync();
  expect(pushed).toEqual(['a']);
  expect(room.value.outbox[0]?.refusal?.reason).toBe('rate_limited');
});

it('leaves what broke off with the connection to the next join', async () => {
  const lost = Promise.withResolvers<Reply>();
  const { pushed, join, write, dispatch, sender, state } = setUp([lost.promise, { ok: true, reply: { message: { seq: 1 } } }]);
  join();
  write('a');
  dispatch({ type: 'lost' });
  join();
  sender.flush();
  await vi.runAllTimersAsync();
  lost.resolve(REFUSED('network'));
  await vi.runAllTimersAsync();
  expect(pushed).toEqual(['a', 'a']);
  expect(state()).toEqual(['a sent']);
});

it('says that somebody types again before the server forgets it, and once that it is over', async () => {
  const said: string[] = [];
  const typing = new TypingSignal((event) => said.push(event));
  for (let at = 0; at <= 6_000; at += 500) typing.typed(at);
  expect(said).toEqual(['typing:start', 'typing:start', 'typing:start']);
  await vi.advanceTimersByTimeAsync(4_000);
  typing.stop();
  expect(said.slice(3)).toEqual(['typing:stop']);
  typing.typed(20_000);
  typing.sent();
  typing.stop();
  expect(said.slice(4)).toEqual(['typing:start']);
});
