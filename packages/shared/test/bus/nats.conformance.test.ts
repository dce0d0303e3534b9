import { inject } from 'vitest';
import { busConformance } from '../../src/bus/conformance.ts';
import { makeBrokerHarness } from './broker-harness.ts';

busConformance('NATS JetStream', () => makeBrokerHarness(inject('natsUrl'), ['widening', 'stops-count']));
