import { expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../src/address.ts';

const read = (hash: string): [readonly string[], Record<string, string>] => {
  const { segments, params } = parseAddress(hash);
  return [segments, Object.fromEntries(params)];
};

it('reads addresses of screens, and those with parameters alone', () => {
  expect(read('')).toEqual([[], {}]);
  expect(read('#/')).toEqual([[], {}]);
  expect(read('#/chat/tea?user=ann&x=1?2')).toEqual([['chat', 'tea'], { user: 'ann', x: '1?2' }]);
  expect(read('#media=0190&token=a.b')).toEqual([[], { media: '0190', token: 'a.b' }]);
  expect(read('#/chat/%zz//a%2Fb')).toEqual([['chat', '%zz', 'a/b'], {}]);
});

it('writes what it reads', () => {
  for (const hash of ['#/', '#media=0190', '#/chat/a%2Fb', '#/chat/tea?user=ann']) {
    const { segments, params } = parseAddress(hash);
    expect(formatAddress(segments, params)).toBe(hash);
  }
});
