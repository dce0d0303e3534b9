import { TOPICS, type Item } from './state/item.ts';
import { MOST } from './state/reduce.ts';

/** Where the items of a user are kept in this browser: news are told once, and a page may be loaded anew. */
export const keyOf = (userId: string): string => `armoricore.bell.${userId}`;

export function keepItems(userId: string, items: readonly Item[]): void {
  try {
    localStorage.setItem(keyOf(userId), JSON.stringify(items));
  } catch {
    // No room in the browser's storage: they live as long as the page.
  }
}

export function keptItems(userId: string): Item[] {
  try {
    return itemsIn(localStorage.getItem(keyOf(userId)));
  } catch {
    return [];
  }
}

/** The items in a text of the storage; what is damaged, or of another version of the page, is left out. */
export function itemsIn(text: string | null): Item[] {
  try {
    const value: unknown = JSON.parse(text ?? '[]');
    return Array.isArray(value) ? value.filter(isItem).slice(0, MOST) : [];
  } catch {
    return [];
  }
}

function isItem(value: unknown): value is Item {
  if (typeof value !== 'object' || value === null) return false;
  const { id, topic, title, body, at, href, read, delivery } = value as Record<keyof Item, unknown>;
  const isText = (one: unknown): boolean => typeof one === 'string';
  const isTextOrNull = (one: unknown): boolean => one === null || isText(one);
  const isPlace = href === null || (typeof href === 'string' && href.startsWith('#'));
  const isTime = typeof at === 'string' && !Number.isNaN(Date.parse(at));
  return isText(id) && isText(body) && isTime && isPlace && isTextOrNull(title) && isTextOrNull(delivery) && typeof read === 'boolean' && TOPICS.some((one) => one === topic);
}
