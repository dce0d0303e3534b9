import { toAppError, type ErrorCode } from '@armoricore/shared/kernel';
import type {
  FastifyBaseLogger, FastifyInstance, FastifySchema, FastifySchemaCompiler, FastifySerializerCompiler, FastifyTypeProvider, RawReplyDefaultExpression,
  RawRequestDefaultExpression, RawServerDefault,
} from 'fastify';
import { z } from 'zod';
import type { Access } from './authenticate.ts';
import { parse } from './parse.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call the route: checked before its body is read. */
    access?: Access;
  }
  interface FastifySchema {
    /** The part of the API that the route belongs to. */
    tags?: readonly [Tag];
    /** One line: what the call does. */
    summary?: string;
    /** What else a caller must know. */
    description?: string;
    /** What the route refuses with, beside what follows from its access and its input. */
    errors?: readonly ErrorCode[];
    /** Media types of the body and of the reply, where they are not JSON. */
    consumes?: string;
    produces?: string;
  }
}

/** The parts of the API, in the order in which the document shows them. */
export const TAGS = {
  media: 'Uploads and the state of media.',
  conversations: 'Conversations, their members and messages.',
  reels: 'Updates of reels.',
  calls: 'Calls and huddles.',
  users: 'Users and their presence.',
  notifications: 'Devices, preferences, templates, and what was delivered.',
  events: 'The bus without a bus client.',
  sockets: 'Acting on sockets from the backend.',
  operations: 'Dead letters, jobs, the audit log, figures.',
  probes: 'Health and metrics.',
} as const;
export type Tag = keyof typeof TAGS;

/** Handlers get params, query and body as their schemas give them out, and send what the schemas of the response take. */
export interface ZodTypes extends FastifyTypeProvider {
  validator: this['schema'] extends z.ZodType ? z.output<this['schema']> : unknown;
  serializer: this['schema'] extends z.ZodType ? z.input<this['schema']> : unknown;
}

/** The server to which routes with zod schemas are added. */
export type RestApp = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, ZodTypes>;

/** Input is checked by the zod schemas that the document shows; replies are typed by theirs and sent as they are. */
export function useSchemas(app: FastifyInstance): RestApp {
  const validate: FastifySchemaCompiler<z.ZodType> = ({ schema }) => checking((input) => parse(schema, input));
  const serialize: FastifySerializerCompiler<FastifySchema> = () => (reply) => JSON.stringify(reply);
  return app.withTypeProvider<ZodTypes>().setValidatorCompiler(validate).setSerializerCompiler(serialize);
}

/** For a route whose input is checked by a function that throws AppError; its schemas are for the document. */
export function checkedBy(check: (input: unknown) => unknown): FastifySchemaCompiler<FastifySchema> {
  return () => checking(check);
}

function checking(check: (input: unknown) => unknown) {
  return (input: unknown) => {
    try {
      // Fastify says null where a request has no body.
      return { value: check(input ?? undefined) };
    } catch (error) {
      return { error: toAppError(error) };
    }
  };
}

/** Query fields of a call that lists: how many entries, and after which one. */
export const pageFields = {
  after: z.uuid().optional().describe('The `next` of the page before.'),
  limit: z.coerce.number().int().min(1).max(100).default(50),
};

/** Where the next page of a list begins; null after the last. */
export const nextPage = z.string().nullable();

/** The reply of a call that has nothing to tell (204). */
export const nothing = z.undefined();
