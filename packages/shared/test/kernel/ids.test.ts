import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deriveId, newId } from '../../src/kernel/index.ts';

const uuidV7 = z.uuid({ version: 'v7' });

describe('newId', () => {
  it('is a UUID version 7 and rises with time', async () => {
    const before = newId();
    await new Promise((resolve) => setTimeout(resolve, 2));
    const after = newId();
    expect(uuidV7.safeParse(before).success).toBe(true);
    expect(before < after).toBe(true);
  });
});

describe('deriveId', () => {
  const anyId = fc.uuid({ version: 7 });

  it('is a UUID version 7 with the time of the id it comes from', () => {
    fc.assert(
      fc.property(anyId, fc.string(), (id, name) => {
        const derived = deriveId(id, name);
        expect(uuidV7.safeParse(derived).success).toBe(true);
        expect(derived.slice(0, 13)).toBe(id.slice(0, 13));
      }),
    );
  });

  it('is the same for the same pair and another for any other', () => {
    fc.assert(
      fc.property(anyId, fc.string(), fc.string(), (id, name, other) => {
        expect(deriveId(id, name)).toBe(deriveId(id, name));
        expect(deriveId(id, name) === deriveId(id, other)).toBe(name === other);
      }),
    );
  });

  it('stays as it is, for the ids of jobs that are already on their way', () => {
    expect(deriveId('019a0000-0000-7000-8000-000000000000', 'media.ready')).toBe('019a0000-0000-7f69-b2f5-0ea3dc967a0a');
  });
});
