/** Advisory locks of the bus; each is a pair, so that it meets no other lock of the product. */
const SPACE = 4_711_010;

/** Publishers hold it shared, a change of the groups alone: so a new group misses no event that is not committed yet. */
export const GROUPS_LOCK = [SPACE, 1] as const;
/** Held while old events are deleted. */
export const PRUNE_LOCK = [SPACE, 2] as const;
/** First half of the lock, one per group, under which the group's events are claimed; the second half is a hash of its name. */
export const CLAIM_SPACE = SPACE + 1;

/** NOTIFY channel; the payload is the event type. */
export const CHANNEL = 'armoricore_bus';
