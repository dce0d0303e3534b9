import { STATUS_CODES } from 'node:http';
import type { FastifySchema } from 'fastify';
import { z } from 'zod';
import {
  createDocument, type ZodOpenApiOperationObject, type ZodOpenApiParameters, type ZodOpenApiPathsObject, type ZodOpenApiResponsesObject,
} from 'zod-openapi';
import type { Access } from '../authenticate.ts';
import { nothing, TAGS } from '../route.ts';
import { errorResponses } from './errors.ts';

/** A route as it was declared. */
export interface DocumentedRoute {
  method: string;
  /** As Fastify has it: `/api/v1/users/:id`. */
  url: string;
  schema: FastifySchema;
  access: Access;
}

const JSON_TYPE = 'application/json';

const INTRODUCTION = `Media, conversations, users and the bus over HTTP. What is behind the calls: docs/rest.md of the repository.

An error is its HTTP status and \`{reason, message, ...}\`; clients decide by \`reason\`. Replies may gain fields.`;

/** The OpenAPI 3.1 document of the routes, from the schemas that check their input. */
export function createApiDocument(routes: readonly DocumentedRoute[]): object {
  const paths: ZodOpenApiPathsObject = {};
  const used = new Set<string | undefined>(routes.map(({ schema }) => schema.tags?.[0]));
  for (const route of routes) {
    if (isCopyOfGet(route, routes)) continue;
    const path = pathOf(route.url);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, path) };
  }
  return createDocument(
    {
      openapi: '3.1.1',
      info: { title: 'Armoricore', version: '1.0.0', description: INTRODUCTION, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
      servers: [{ url: '/' }],
      tags: Object.entries(TAGS).flatMap(([name, description]) => (used.has(name) ? [{ name, description }] : [])),
      paths,
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      },
    },
    {
      override: ({ jsonSchema, io }) => {
        // Replies may gain fields.
        if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
        // Beside its name, the pattern of a format is noise.
        if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
      },
    },
  );
}

/** Fastify answers HEAD wherever it answers GET. */
function isCopyOfGet({ method, url }: DocumentedRoute, routes: readonly DocumentedRoute[]): boolean {
  return method === 'HEAD' && routes.some((other) => other.method === 'GET' && other.url === url);
}

function pathOf(url: string): string {
  return url.replaceAll(/:(\w+)/g, '{$1}').replace('*', '{key}');
}

function operationOf({ method, schema, access }: DocumentedRoute, path: string): ZodOpenApiOperationObject {
  const { tags = [], summary = '', description, params, querystring, headers, body, errors = [] } = schema;
  const hasInput = [params, querystring, headers, body].some((part) => part !== undefined);
  return {
    operationId: [method.toLowerCase(), ...path.replace('/api/v1/', '').split(/\W+/)].filter((word) => word !== '').join('_'),
    tags: [...tags],
    summary,
    description: [accessText(access), description].filter((text) => text !== undefined).join('\n\n'),
    security: securityOf(access),
    requestParams: parametersOf(schema),
    ...requestBodyOf(schema),
    responses: {
      ...errorResponses({ codes: errors, access, hasInput, hasBody: body !== undefined }),
      ...successesOf(schema),
    },
  };
}

function parametersOf({ params, querystring, headers }: FastifySchema): ZodOpenApiParameters {
  return {
    ...(params === undefined ? {} : { path: withNamedKey(params as z.ZodObject) }),
    ...(querystring === undefined ? {} : { query: querystring as z.ZodObject }),
    ...(headers === undefined ? {} : { header: headers as z.ZodObject }),
  };
}

/** The rest of a path, which Fastify names `*`, is the key of an object. */
function withNamedKey(params: z.ZodObject): z.ZodObject {
  const { '*': key, ...named } = params.shape;
  return key === undefined ? params : z.object({ ...named, key });
}

function requestBodyOf({ body, consumes }: FastifySchema): Pick<ZodOpenApiOperationObject, 'requestBody'> {
  if (body === undefined) return consumes === undefined ? {} : { requestBody: { content: { [consumes]: {} } } };
  const schema = body as z.ZodType;
  return { requestBody: { required: !schema.safeParse(undefined).success, content: { [consumes ?? JSON_TYPE]: { schema } } } };
}

function accessText(access: Access): string {
  if (access === 'public') return 'Needs no token.';
  return access === 'token' ? 'For everyone with a token.' : `For tokens with the role ${access.map((role) => `\`${role}\``).join(' or ')}.`;
}

/** Of a bearer token, OpenAPI 3.1 lets a requirement name the roles; one of the requirements has to be met. */
function securityOf(access: Access): Record<string, string[]>[] {
  if (access === 'public') return [];
  return access === 'token' ? [{ bearer: [] }] : access.map((role) => ({ bearer: [role] }));
}

function successesOf({ response = {}, produces }: FastifySchema): ZodOpenApiResponsesObject {
  const entries = Object.entries(response as Record<string, z.ZodType>).map(([status, schema]) => {
    const description = schema.description ?? STATUS_CODES[status] ?? status;
    if (schema === nothing) return [status, { description }] as const;
    // What is not JSON has no schema.
    return [status, { description, content: produces === undefined ? { [JSON_TYPE]: { schema } } : { [produces]: {} } }] as const;
  });
  return Object.fromEntries(entries);
}
