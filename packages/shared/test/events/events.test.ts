import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createEvent, EVENT_TYPES, eventDefinition, eventKey, parseEvent, type EventType } from '../../src/events/index.ts';
import { AppError, newId } from '../../src/kernel/index.ts';
import { EXAMPLES } from './examples.ts';

function envelope(type: EventType, payload: unknown = EXAMPLES[type]): Record<string, unknown> {
  return { event_type: type, event_id: newId(), timestamp: '2030-01-01T00:00:00+02:00', source: eventDefinition(type).from[0], payload };
}

function refusal(input: unknown): AppError {
  try {
    parseEvent(input);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

const pathsOf = (error: AppError): string[] => (error.details.issues as { path: string }[]).map(({ path }) => path);
const without = (object: Record<string, unknown>, name: string) => Object.fromEntries(Object.entries(object).filter(([key]) => key !== name));

describe.each(EVENT_TYPES)('%s', (type) => {
  it('takes an event with every field, and gives it back as it was', () => {
    const event = { ...envelope(type), trace: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, user_id: 'u-1' };
    expect(parseEvent(event)).toEqual(event);
  });

  it('has a key that names its family and what it is about', () => {
    const key = eventKey(parseEvent(envelope(type)));
    expect(key.startsWith(`${type.split('.')[0]}:`)).toBe(true);
    expect(Object.values(EXAMPLES[type])).toContain(key.slice(key.indexOf(':') + 1));
  });

  it('is refused, with the path, when a field that it needs is missing or of another kind', () => {
    const { required = [] } = z.toJSONSchema(eventDefinition(type).payload, { io: 'input' }) as { required?: string[] };
    expect(required.length).toBeGreaterThan(0);
    for (const field of required) {
      for (const payload of [without(EXAMPLES[type], field), { ...EXAMPLES[type], [field]: Symbol.iterator }]) {
        const error = refusal(envelope(type, payload));
        expect([error.code, pathsOf(error)]).toEqual(['invalid_payload', [field]]);
      }
    }
  });
});

describe('an envelope', () => {
  const right = envelope('user.revoked');

  it.each(['event_type', 'event_id', 'timestamp', 'source', 'payload'])('needs %s', (field) => {
    const error = refusal(without(right, field));
    expect([error.code, pathsOf(error)]).toEqual(['invalid_event', [field]]);
  });

  it.each([
    ['event_id', 'not-a-uuid'],
    ['timestamp', '2030-01-01'],
    ['timestamp', 'yesterday'],
    ['source', 'Über'],
    ['source', 'x'.repeat(65)],
    ['payload', []],
    ['payload', 'text'],
    ['trace', 'abc'],
    ['user_id', ''],
  ])('refuses %s = %j', (field, value) => {
    const error = refusal({ ...right, [field]: value });
    expect([error.code, pathsOf(error)]).toEqual(['invalid_event', [field]]);
  });

  it('has no other fields', () => {
    expect(refusal({ ...right, extra: 1 }).code).toBe('invalid_event');
  });

  it('of an unknown type is told the types that there are', () => {
    const error = refusal({ ...right, event_type: 'no.such' });
    expect(error).toMatchObject({ code: 'unknown_event_type', details: { event_type: 'no.such', allowed: EVENT_TYPES } });
    expect(refusal({ ...right, event_type: 'constructor' }).code).toBe('unknown_event_type');
  });
});

describe('parsing', () => {
  it('throws nothing but AppErrors, whatever comes', () => {
    const anyPayload = fc.dictionary(fc.string(), fc.anything());
    const almost = fc.record(
      {
        event_type: fc.oneof(fc.constantFrom(...EVENT_TYPES), fc.string()),
        event_id: fc.oneof(fc.uuid(), fc.string()),
        timestamp: fc.oneof(fc.date({ noInvalidDate: true }).map((date) => date.toISOString()), fc.string()),
        source: fc.oneof(fc.constant('backend'), fc.string()),
        payload: fc.oneof(anyPayload, fc.constantFrom(...Object.values(EXAMPLES)), fc.anything()),
      },
      { requiredKeys: ['event_type', 'payload'] },
    );
    fc.assert(
      fc.property(fc.oneof(almost, fc.anything()), (input) => {
        try {
          parseEvent(input);
        } catch (error) {
          expect(error).toBeInstanceOf(AppError);
          expect(() => JSON.stringify(error)).not.toThrow();
        }
      }),
      { numRuns: 500 },
    );
  });

  it('fills in what may be left out', () => {
    expect(parseEvent(envelope('media.uploaded', without(EXAMPLES['media.uploaded'], 'metadata'))).payload).toMatchObject({ metadata: {} });
  });
});

describe('making an event', () => {
  it('gives it an id and a time, and takes an id that is given', () => {
    const event = createEvent('user.revoked', { user_id: 'u' }, { source: 'backend', userId: 'u' });
    expect(parseEvent(event)).toEqual(event);
    expect(event).toMatchObject({ source: 'backend', user_id: 'u' });
    const eventId = newId();
    expect(createEvent('user.revoked', { user_id: 'u' }, { source: 'backend', eventId }).event_id).toBe(eventId);
  });

  it('checks the payload', () => {
    expect(() => createEvent('user.revoked', { user_id: '' }, { source: 'backend' })).toThrow(expect.objectContaining({ code: 'invalid_payload' }) as Error);
  });
});
