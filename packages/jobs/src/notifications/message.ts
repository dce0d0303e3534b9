import type { PayloadOf } from '@armoricore/shared/events';
import type { Texts } from '@armoricore/shared/notifications';
import type { PushMessage } from './port.ts';

type Input = PayloadOf<'notification.requested'>;

/** What a device is sent of a notification; a digest has texts of its own and no data of one of its parts. */
export function pushMessageOf(input: Input, texts: Texts, { id, isDigest, leftS }: { id: string; isDigest: boolean; leftS: number }): PushMessage {
  const { notification_id: notificationId, kind = 'alert', collapse_key: collapseKey, priority, badge } = input;
  const shown = kind === 'background' || (texts.title === '' && texts.body === '') ? {} : { title: texts.title, body: texts.body };
  return {
    id,
    notificationId,
    kind,
    ...shown,
    data: isDigest ? { type: 'digest' } : input.data,
    collapseKey: isDigest ? undefined : collapseKey,
    tag: isDigest ? 'digest' : (collapseKey ?? notificationId),
    priority,
    ttlS: leftS,
    badge,
  };
}

/**
 * Shortens what is written until the message fits, so that a long text costs its end and not the notification. Null when it does not
 * fit without any text.
 * @param build makes what is sent
 * @param max in bytes
 */
export function fitted<T>(message: PushMessage, build: (message: PushMessage) => T, sizeOf: (built: T) => number, max: number): T | null {
  let candidate = message;
  for (;;) {
    const built = build(candidate);
    const over = sizeOf(built) - max;
    if (over <= 0) return built;
    const { body = '' } = candidate;
    if (body === '') return null;
    // A unit of the text takes one to six bytes: this always gets nearer and takes hardly too much.
    const cut = body.slice(0, Math.max(0, body.length - Math.max(2, Math.ceil(over / 3)))).replace(/[\uD800-\uDBFF]$/, '');
    candidate = { ...candidate, body: cut === '' ? '' : `${cut}…` };
  }
}

/** Data as text values, which FCM and browsers' service workers take: what is no text becomes JSON. */
export function textData(data: PushMessage['data']): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value ?? null)]));
}
