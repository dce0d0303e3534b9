import { busConformance } from '../../src/bus/conformance.ts';
import { makePostgresHarness } from './postgres-harness.ts';

busConformance('the Postgres bus', makePostgresHarness);
