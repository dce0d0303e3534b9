import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createUnsubscribeSigner, emailAddress, fieldsOf, fillTemplate, localeChain, maskEmail, notificationPreferences, notificationTemplate, preferenceOf, pushTarget, targetOfToken } from '../../src/notifications/index.ts';

describe('a template', () => {
  const template = { title: 'Hi {{ name }}', body: '{{n}} of {{name}}', subject: '{{name}}: {{n}}', html: '<a href="/u?n={{name}}">{{n}}</a>' };

  it('is filled in, escaped where it becomes HTML and on one line where it becomes one', () => {
    const texts = fillTemplate(template, { name: '"><b>\r\nX-Evil: 1', n: 3 }, 't');
    expect(texts).toEqual({
      title: 'Hi "><b> X-Evil: 1',
      body: '3 of "><b>\r\nX-Evil: 1',
      subject: '"><b> X-Evil: 1: 3',
      html: '<a href="/u?n=&quot;&gt;&lt;b&gt;\r\nX-Evil: 1">3</a>',
    });
  });

  it('holds nothing that a param could break out with, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const { subject, title, html = '' } = fillTemplate(template, { name, n: 1 }, 't');
        expect(`${subject}${title}`).not.toMatch(/[\r\n\0\u2028]/);
        expect(html.match(/[<>"]/g)).toHaveLength(6);
      }),
      { numRuns: 50 },
    );
  });

  it('names the params that are missing, own ones alone', () => {
    expect(fieldsOf(template)).toEqual(['name', 'n']);
    const missing = () => fillTemplate({ title: '{{toString}} {{a}}', body: '{{b.c}}' }, { b: 1 }, 'news (en)');
    expect(missing).toThrow('The template news (en) needs the params toString, a, b.c.');
  });

  it.each(['{{', '}}', '{{a b}}', '{{a}', '{{}}', '{{<x>}}'])('is refused with %j in it', (body) => {
    expect(notificationTemplate.safeParse({ title: 't', body }).success).toBe(false);
  });
});

describe('locales', () => {
  it.each([
    [['zh-hant-tw', 'EN'], ['zh-Hant-TW', 'zh-Hant', 'zh', 'en']],
    [['de-AT-u-co-phonebk'], ['de-AT-u-co-phonebk', 'de-AT-u-co', 'de-AT', 'de']],
    [[null, undefined, 'not a tag', 'fr'], ['fr']],
    [['pt-BR', 'pt-BR', 'pt'], ['pt-BR', 'pt']],
  ])('%j are looked for as %j', (wishes, chain) => {
    expect(localeChain(wishes)).toEqual(chain);
  });
});

describe('addresses', () => {
  it.each(['a@b.example', 'first.last+tag@sub.example.org', "o'neil@example.com"])('%s is one', (address) => expect(emailAddress.safeParse(address).success).toBe(true));
  it.each(['a@b,c@d.example', 'a@b.example\n', 'a@b.example\r\nTo: x@y.example', '<a@b.example>', 'a b@c.example', 'a@b', '.a@b.example', 'a..b@c.example', `${'a'.repeat(250)}@b.example`])('%j is none', (address) =>
    expect(emailAddress.safeParse(address).success).toBe(false),
  );
  it('are masked', () => expect(['anna@example.org', 'x', '@'].map(maskEmail)).toEqual(['a***@example.org', '***', '***']));

  const keys = { p256dh: 'B'.repeat(87), auth: 'a'.repeat(22) };
  it.each(['https://push.example.com/x', 'https://updates.push.services.mozilla.com/wpush/v2/abc'])('%s may be a push service', (endpoint) =>
    expect(pushTarget.safeParse({ platform: 'webpush', subscription: { endpoint, keys } }).success).toBe(true),
  );
  it.each(['http://push.example.com/', 'https://127.0.0.1/', 'https://[::1]/', 'https://localhost/', 'https://2130706433/', 'https://user:pw@push.example.com/', 'file:///etc/passwd', 'https://intranet/x', 'nonsense'])('%s may not', (endpoint) =>
    expect(pushTarget.safeParse({ platform: 'webpush', subscription: { endpoint, keys } }).success).toBe(false),
  );
  it('bare tokens are told apart by their form', () => {
    expect(targetOfToken('AB'.repeat(32))).toEqual({ platform: 'apns', token: 'ab'.repeat(32) });
    expect(targetOfToken('c0:APA91b_x-y')).toEqual({ platform: 'fcm', token: 'c0:APA91b_x-y' });
    expect(['', 'short', 'with space:x', '../x/../y', 'a'.repeat(2_000)].map(targetOfToken)).toEqual(Array(5).fill(null));
  });
});

describe('preferences', () => {
  const wishes = notificationPreferences.parse({ categories: { news: { push: false }, '*': { email: false } } });
  it('of a category, else of all, else on', () => {
    expect(preferenceOf(wishes, 'news')).toEqual({ push: false, email: true, quiet: 'digest' });
    expect(preferenceOf(wishes, 'other')).toEqual({ push: true, email: false, quiet: 'digest' });
    expect(preferenceOf(notificationPreferences.parse({}), 'constructor')).toEqual({ push: true, email: true, quiet: 'digest' });
  });
  it.each([{ categories: { 'A b': {} } }, { categories: { x: { sms: true } } }, { locale: 'not a tag' }, { more: 1 }, { categories: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`c${i}`, {}])) }])('are not %j', (wrong) =>
    expect(notificationPreferences.safeParse(wrong).success).toBe(false),
  );
});

describe('links that unsubscribe', () => {
  const signer = createUnsubscribeSigner('s'.repeat(32));
  it('say for whom and from what, whoever it is', () => {
    fc.assert(fc.property(fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' }), (userId) => {
      expect(signer.verify(signer.sign({ userId, category: 'news' }))).toEqual({ userId, category: 'news' });
    }));
  });
  it('cannot be made or changed by others', () => {
    const token = signer.sign({ userId: 'anna', category: 'news' });
    const forged = [token.slice(0, -1), `${token}x`, token.replace(/^./, 'X'), createUnsubscribeSigner('t'.repeat(32)).sign({ userId: 'anna', category: 'news' }), '', '.', 'a.b'];
    for (const wrong of forged) expect(() => signer.verify(wrong)).toThrow('signed URL is not valid');
  });
});
