import { computed, effect, signal } from '@preact/signals';
import { call } from '../api.ts';
import type { Live } from '../socket.ts';
import { listen, listenForCaptions } from '../videos/follow.ts';
import { library } from '../videos/library.ts';
import { itemsIn, keepItems, keptItems, keyOf } from './kept.ts';
import {
  captionsNews, deliveryInWords, failedNews, fromLog, fromNotification, noCaptionsNews, readyNews,
  type LoggedNotification, type News, type Notification, type NotificationStatus,
} from './news.ts';
import { followClicks } from './opened.ts';
import type { BellEvent } from './state/item.ts';
import { EMPTY, MOST, reduce, unreadOf } from './state/reduce.ts';

export const bell = signal(EMPTY);
export const unread = computed(() => unreadOf(bell.value));
/** The title of what came last, for those who do not see the bell. */
export const heard = signal('');

export function dispatch(event: BellEvent): void {
  bell.value = reduce(bell.peek(), event);
}

/** Collects what concerns the signed-in user. Returns what ends it. */
export function runBell({ user, userId, joined }: Live): () => void {
  bell.value = EMPTY;
  dispatch({ type: 'restored', items: keptItems(userId) });
  const stopKeeping = effect(() => keepItems(userId, bell.value.items));
  const onStorage = ({ key, newValue }: StorageEvent): void => {
    if (key === keyOf(userId)) dispatch({ type: 'restored', items: itemsIn(newValue) });
  };
  window.addEventListener('storage', onStorage);

  user.on('notification', (notification: Notification) => tell(fromNotification(notification)));
  user.on('notification:status', (status: NotificationStatus) => {
    const { notification_id, title, body } = status;
    dispatch({ type: 'status', id: notification_id, title, body, delivery: deliveryInWords(status) });
  });
  listen(user, {
    onProgress: () => undefined,
    onReady: ({ media_id }) => tell(readyNews(media_id, filenameOf(media_id), now())),
    onFailed: (failed) => tell(failedNews(failed, filenameOf(failed.media_id), now())),
  });
  listenForCaptions(user, {
    onDone: (done) => tell(captionsNews(done, filenameOf(done.media_id), now())),
    onFailed: (failed) => tell(noCaptionsNews(failed, filenameOf(failed.media_id), now())),
  });
  const stopReading = effect(() => {
    if (joined.value > 0) void catchUp();
  });
  const stopFollowing = followClicks();
  return () => {
    stopFollowing();
    window.removeEventListener('storage', onStorage);
    stopReading();
    stopKeeping();
    bell.value = EMPTY;
    heard.value = '';
  };
}

/** Reads what came while nobody listened. */
async function catchUp(): Promise<void> {
  try {
    const { notifications } = await call<{ notifications: LoggedNotification[] }>('GET', `/notifications?limit=${MOST}`);
    const missed = notifications.map(fromLog).filter((item) => item !== null);
    for (const item of missed) dispatch({ type: 'came', item, seen: false });
  } catch (error) {
    console.warn('What came meanwhile could not be read.', error);
  }
}

function tell(item: News): void {
  const before = bell.peek();
  const seen = item.href === location.hash && document.visibilityState === 'visible';
  dispatch({ type: 'came', item, seen });
  if (bell.peek() !== before && !seen) heard.value = item.title ?? 'A notification';
}

const now = (): string => new Date().toISOString();

const filenameOf = (mediaId: string): string | null => library.peek().find(({ media_id }) => media_id === mediaId)?.filename ?? null;
