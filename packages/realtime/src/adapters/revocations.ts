import { z } from 'zod';
import type { Identity } from '../auth/identity.ts';
import type { RevocationNetwork } from '../domain/revocations.ts';
import type { Endpoint, PubSub } from '../engine/index.ts';

/** A topic that no client can join: no channel has it. */
const TOPIC = 'armoricore.revocations';
const EVENT = 'revoked';

const revocationSchema = z.object({
  kind: z.enum(['user', 'token']),
  subject: z.string(),
  since: z.number(),
  expiresAt: z.number().nullable(),
});

/** Revocations between nodes, and the sockets of this one. */
export function revocationNetwork(pubsub: PubSub, endpoint: Endpoint): RevocationNetwork {
  return {
    announce: (revocation) => pubsub.publish({ topic: TOPIC, event: EVENT, payload: revocation }),
    onAnnounced: (listener) => pubsub.subscribe(TOPIC, ({ payload }) => listener(revocationSchema.parse(payload))),
    disconnectWhere: (fits) => void endpoint.disconnectWhere((identity) => fits(identity as Identity)),
  };
}
