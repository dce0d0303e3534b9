import type { Bell, BellEvent, Item } from './item.ts';

/** Items that are kept; older ones go. */
export const MOST = 50;

export const EMPTY: Bell = { items: [] };

/** The next state of the bell. Pure: what comes twice or late does no harm, and what was read stays so. */
export function reduce(bell: Bell, event: BellEvent): Bell {
  switch (event.type) {
    case 'came':
      return came(bell, { ...event.item, read: event.seen, delivery: null });
    case 'status':
      return change(bell, event.id, (item) => ({
        ...item,
        title: event.title ?? item.title,
        body: event.body ?? item.body,
        delivery: event.delivery ?? item.delivery,
      }));
    case 'read':
      return change(bell, event.id, (item) => (item.read ? item : { ...item, read: true }));
    case 'read_all':
      return bell.items.every(({ read }) => read) ? bell : { items: bell.items.map((item) => ({ ...item, read: true })) };
    case 'restored':
      return event.items.reduce(merge, bell);
  }
}

export function unreadOf({ items }: Bell): number {
  return items.filter(({ read }) => !read).length;
}

/** The second time only what was not known is news. */
function came(bell: Bell, item: Item): Bell {
  if (!bell.items.some(({ id }) => id === item.id)) return put(bell, item);
  return change(bell, item.id, (known) => ({ ...known, title: known.title ?? item.title, body: known.body || item.body }));
}

/** The same bell when there is nothing new: two tabs that tell each other what they have would never end. */
function merge(bell: Bell, item: Item): Bell {
  const known = bell.items.find(({ id }) => id === item.id);
  if (known === undefined) return isTooOld(bell, item) ? bell : put(bell, item);
  return item.read && !known.read ? change(bell, item.id, (own) => ({ ...own, read: true })) : bell;
}

function isTooOld({ items }: Bell, { at }: Item): boolean {
  return items.length >= MOST && at <= (items.at(-1) as Item).at;
}

function put({ items }: Bell, item: Item): Bell {
  return { items: [...items, item].toSorted((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MOST) };
}

function change(bell: Bell, id: string, to: (item: Item) => Item): Bell {
  return bell.items.some((item) => item.id === id) ? { items: bell.items.map((item) => (item.id === id ? to(item) : item)) } : bell;
}
