/** What an item of the bell is about, for its picture. */
export const TOPICS = ['message', 'call', 'video', 'captions', 'note'] as const;
export type Topic = (typeof TOPICS)[number];

/** One line of the bell. */
export interface Item {
  /** The notification's own id, or what a piece of news is about: the same news that comes twice is one item. */
  id: string;
  topic: Topic;
  /** Null while only the server knows it: a template makes it. */
  title: string | null;
  body: string;
  /** ISO. */
  at: string;
  /** The place in this page that it is about, like `#/chat/tea`. */
  href: string | null;
  read: boolean;
  /** What became of it elsewhere: on devices and by email. */
  delivery: string | null;
}

export interface Bell {
  /** Newest first. */
  items: readonly Item[];
}

export type BellEvent =
  /** `seen`: somebody looks at what it is about at this moment. */
  | { type: 'came'; item: Omit<Item, 'read' | 'delivery'>; seen: boolean }
  /** Texts and fate of a notification; what is missing is not known. */
  | { type: 'status'; id: string; title?: string | undefined; body?: string | undefined; delivery: string | null }
  | { type: 'read'; id: string }
  | { type: 'read_all' }
  /** What was kept, or another tab knows. */
  | { type: 'restored'; items: readonly Item[] };
