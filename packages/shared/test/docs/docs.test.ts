import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import * as config from '../../src/config/index.ts';
import { envelopeSchema, EVENT_TYPES, eventDefinition } from '../../src/events/index.ts';
import { ERRORS } from '../../src/kernel/index.ts';
import { readDoc, rowsOf } from './tables.ts';

describe('docs/errors.md', () => {
  it('tells of every error as the table has it, and of no other', async () => {
    const rows = Object.entries(ERRORS).map(([code, entry]) => [`\`${code}\``, String(entry.status), entry.class, entry.message]);
    expect(rowsOf(await readDoc('errors.md'))).toEqual(rows);
  });
});

describe('docs/events.md', () => {
  /** Field names as the page writes them: in code marks, with a `?` when they may be left out. */
  const fieldsOf = (schema: z.ZodType): string[] => {
    const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
    return Object.keys(properties).map((name) => `\`${name}${required.includes(name) ? '' : '?'}\``);
  };

  it('tells of every type as it is defined, and of no other', async () => {
    const [, ...sections] = (await readDoc('events.md')).split('\n## ');
    const defined = EVENT_TYPES.map((type) => {
      const { doc, from, payload } = eventDefinition(type);
      return `\`${type}\`\n${doc}\n- From: ${from.join(', ')}\n- Payload: ${fieldsOf(payload).join(', ')}`;
    });
    expect(sections.map((section) => section.trim())).toEqual(defined);
  });

  it('tells of every field of the envelope', async () => {
    expect(rowsOf(await readDoc('events.md')).map(([name]) => name)).toEqual(fieldsOf(envelopeSchema));
  });
});

describe('docs/configuration.md', () => {
  /** Defaults that depend on the machine. */
  const COMPUTED: Record<string, string> = { NODE_NAME: 'the host name', QUEUE_MEDIA_CONCURRENCY: 'half of the processors' };

  const defaultOf = (name: string, { defaultText, schema }: config.Setting<unknown>): string => {
    if (COMPUTED[name] !== undefined) return COMPUTED[name];
    if (defaultText !== undefined) return `\`${defaultText}\``;
    return schema.safeParse(undefined).success ? 'not set' : '**required**';
  };

  it('tells of every variable as it is read, and of no other', async () => {
    const fragments = Object.entries(config).flatMap(([name, value]) => (name.endsWith('Config') && typeof value === 'object' ? [value as config.Fragment] : []));
    const rows = fragments.flatMap(Object.entries<config.Setting<unknown>>).map(([name, setting]) => [
      [name, ...setting.aliases].map((one) => `\`${one}\``).join(' or '),
      defaultOf(name, setting),
      `${setting.secret ? 'secret; ' : ''}${setting.allowed}`,
      setting.doc,
    ]);
    const byName = (a: string[], b: string[]): number => a[0]!.localeCompare(b[0]!);
    expect(rowsOf(await readDoc('configuration.md')).toSorted(byName)).toEqual(rows.toSorted(byName));
  });
});
