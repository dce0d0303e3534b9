/** Who presented a token. */
export interface Identity {
  userId: string;
  roles: readonly string[];
  /** Event sources that the holder may publish as; only tokens with the role `service` publish at all. */
  sources: readonly string[];
  /** End of the token, in ms since the epoch. */
  expiresAt: number;
}

export function hasRole(identity: Identity, role: 'admin' | 'service'): boolean {
  return identity.roles.includes(role);
}

/** Whether the identity may act on what belongs to a user. */
export function ownsOrAdmin(identity: Identity, userId: string): boolean {
  return identity.userId === userId || hasRole(identity, 'admin');
}
