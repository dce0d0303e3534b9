import { createLocalPubSub } from '../../src/engine/index.ts';
import { pubsubConformance } from '../../src/engine/pubsub/conformance.ts';

pubsubConformance('The local adapter', () => {
  const pubsub = createLocalPubSub(() => undefined);
  return { near: pubsub, far: pubsub };
});
