import { inject } from 'vitest';
import { busConformance } from '../../src/bus/conformance.ts';
import { makeRabbitHarness } from './rabbitmq-harness.ts';

busConformance('the RabbitMQ bus', () => makeRabbitHarness(inject('rabbitUrl')));
