import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLinks } from '../../src/chat/links.ts';
import { hueOf, initialsOf, namesInWords, nameOf } from '../../src/chat/names.ts';
import { refusalInWords, roomRefusalInWords } from '../../src/chat/reasons.ts';
import { isRoomId, roomIdOf } from '../../src/chat/room-id.ts';
import { dayInWords, shortTime } from '../../src/chat/times.ts';

describe('links in a message', () => {
  const hrefs = (text: string) => splitLinks(text).flatMap(({ href }) => href ?? []);

  it('lead to http and https alone, and end before the sentence does', () => {
    expect(hrefs('see https://example.com/a_(b), or (http://example.org/x?y=1&z=2).')).toEqual(['https://example.com/a_(b)', 'http://example.org/x?y=1&z=2']);
    expect(hrefs('javascript:alert(1) data:text/html,x ftp://example.com //example.com https:// JAVASCRIPT:https')).toEqual([]);
    expect(hrefs('https://bank.example@evil.example/')).toEqual([]);
    expect(hrefs('<a href="https://example.com">')).toEqual(['https://example.com/']);
  });

  it('change nothing of the text', () => {
    const part = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('https://', 'http://a.b/', 'javascript:', '<b>', ' ', ')', '"', '.'), fc.webUrl());
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const text = parts.join('');
        const pieces = splitLinks(text);
        expect(pieces.map((piece) => piece.text).join('')).toBe(text);
        for (const { href } of pieces) expect(href ?? 'http:').toMatch(/^https?:/);
      }),
    );
  });
});

describe('people and rooms', () => {
  it('users have short names, letters and a colour that stays', () => {
    expect(nameOf('guest-0190c3f2')).toBe('Guest C3F2');
    expect(nameOf('0190c3f2-0000-7000-8000-00000000abcd')).toBe('User ABCD');
    expect(nameOf('x'.repeat(256))).toHaveLength(32);
    expect([initialsOf('ann.smith'), initialsOf('guest-0190c3f2'), initialsOf('👩‍🚀 zoe'), initialsOf('--')]).toEqual(['AS', 'GC', '👩‍🚀Z', '?']);
    expect(hueOf('ann')).toBe(hueOf('ann'));
    expect([[], ['ann'], ['ann', 'bob'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map(namesInWords)).toEqual(['', 'ann', 'ann and bob', 'a, b and c', 'a, b and 2 others']);
  });

  it('a room is named as people write', () => {
    expect([roomIdOf(' Café am Platz '), roomIdOf('#lobby'), roomIdOf('Team.A_1'), roomIdOf('日本'), roomIdOf('  ')]).toEqual(['cafe-am-platz', 'lobby', 'Team.A_1', null, null]);
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (name) => isRoomId(roomIdOf(name) ?? 'none')));
  });
});

describe('times and refusals', () => {
  const now = new Date(2026, 2, 30, 0, 30);
  const before = (days: number, hours = 0) => new Date(2026, 2, 30 - days, -hours, 30).toISOString();

  it('days are told from midnight to midnight', () => {
    expect([before(0), before(0, 1), before(2), before(300)].map((iso) => dayInWords(iso, now))).toEqual(['Today', 'Yesterday', 'Saturday, March 28', 'June 3, 2025']);
    expect([before(1), before(3), before(20)].map((iso) => shortTime(iso, now))).toEqual(['Yesterday', 'Friday', 'Mar 10']);
  });

  it('reasons are told in words, with the time when there is one', () => {
    expect(refusalInWords({ reason: 'rate_limited', retryAfterMs: 2_400 })).toContain('in 3 seconds');
    expect(refusalInWords({ reason: 'of_tomorrow' })).toContain('went wrong');
    expect(roomRefusalInWords({ reason: 'forbidden' })).toContain('private');
    expect(roomRefusalInWords({ reason: 'rate_limited', retryAfterMs: 10 })).toContain('in a second');
  });
});
