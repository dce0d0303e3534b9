import { ERRORS, type ErrorCode } from '@armoricore/shared/kernel';
import { z } from 'zod';
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { Access } from '../authenticate.ts';

const errorSchema = z
  .looseObject({
    reason: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string().describe('The same in words, for people.'),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('Of `invalid_payload` and `invalid_event`: what is wrong where.'),
  })
  .meta({ id: 'Error' });

export interface Refusals {
  codes: readonly ErrorCode[];
  access: Access;
  hasInput: boolean;
  hasBody: boolean;
}

/** The error responses of a route by status: those that it declares, and those that its access and its input bring with them. */
export function errorResponses({ codes, access, hasInput, hasBody }: Refusals): ZodOpenApiResponsesObject {
  const all = new Set<ErrorCode>([
    ...codes,
    ...(access === 'public' ? [] : (['unauthorized', 'token_expired', 'token_revoked'] as const)),
    ...(typeof access === 'string' ? [] : (['forbidden'] as const)),
    ...(hasInput ? (['invalid_payload'] as const) : []),
    ...(hasBody ? (['payload_too_large'] as const) : []),
    'internal',
    'unavailable',
  ]);
  const byStatus = Map.groupBy(all, (code) => ERRORS[code].status);
  return Object.fromEntries([...byStatus].map(([status, reasons]) => [String(status), responseOf(reasons)]));
}

/** What many routes answer stands in the document once, under the names of its codes. */
const responses = new Map<string, ZodOpenApiResponseObject>();

function responseOf(codes: readonly ErrorCode[]): ZodOpenApiResponseObject {
  const id = codes.join('.');
  const known = responses.get(id) ?? {
    id,
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join(' · '),
    content: {
      'application/json': {
        schema: errorSchema,
        examples: Object.fromEntries(codes.map((code) => [code, { value: { reason: code, message: ERRORS[code].message } }])),
      },
    },
  };
  responses.set(id, known);
  return known;
}
