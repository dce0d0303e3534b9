import { inject } from 'vitest';
import { busConformance } from '../../src/bus/conformance.ts';
import { makeBrokerHarness } from './broker-harness.ts';

busConformance('the Redis bus', () => makeBrokerHarness(inject('redisUrl')));
