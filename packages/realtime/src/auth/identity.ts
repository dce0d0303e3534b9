/** Who presented a token. */
export interface Identity {
  userId: string;
  roles: readonly string[];
  /** Event sources that the holder may publish as; only tokens with the role `service` publish at all. */
  sources: readonly string[];
  /** End of the token, in ms since the epoch. */
  expiresAt: number;
  /** When the token was issued, in ms since the epoch, as exact as it says: tokens count in seconds. */
  issuedAt?: number;
  /** The `jti` of the token. */
  tokenId?: string;
  /** Where its socket is connected from. */
  remoteAddress?: string;
  /** Conversations that the token itself opens to its holder. */
  conversations?: readonly string[];
}

/** `admin` may do everything, `viewer` sees what operators see, `service` is a program of the backend, `moderator` keeps order in comments. */
export type Role = 'admin' | 'service' | 'viewer' | 'moderator';

export function hasRole(identity: Identity, role: Role): boolean {
  return identity.roles.includes(role);
}

/** Whether the identity may act on what belongs to a user. */
export function ownsOrAdmin(identity: Identity, userId: string): boolean {
  return identity.userId === userId || hasRole(identity, 'admin');
}

/** Whether a newer token of a user grants all that an older one did. */
export function grantsAsMuch(newer: Identity, older: Identity): boolean {
  const covers = (has: readonly string[], had: readonly string[]): boolean => had.every((one) => has.includes(one));
  return (
    covers(newer.roles, older.roles) && covers(newer.sources, older.sources) && covers(newer.conversations ?? [], older.conversations ?? [])
  );
}
