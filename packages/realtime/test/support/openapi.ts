import { z } from 'zod';
import type { RealtimeUnderTest } from './realtime.ts';

/** As much of JSON Schema as bodies are broken by. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  anyOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  additionalProperties?: unknown;
}

interface Content {
  schema?: JsonSchema;
}

export interface Operation {
  method: string;
  path: string;
  operationId: string;
  summary: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters?: { in: string; name: string; required?: boolean }[];
  requestBody?: { required?: boolean; content: Record<string, Content> };
  responses: Record<string, Response>;
}

interface Response {
  $ref?: string;
  content?: Record<string, Content>;
}

export interface ApiDocument {
  openapi: string;
  tags: { name: string }[];
  paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>>;
  components: { schemas: Record<string, JsonSchema>; responses: Record<string, Response> };
}

export function operationsOf({ paths }: ApiDocument): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })));
}

export function bodySchemaOf({ requestBody }: Operation): JsonSchema | undefined {
  return requestBody?.content['application/json']?.schema;
}

/** The schema itself when it is named. */
export function resolve(document: ApiDocument, schema: JsonSchema): JsonSchema {
  const [, name] = /^#\/components\/schemas\/(.+)$/.exec(schema.$ref ?? '') ?? [];
  return name === undefined ? schema : resolve(document, document.components.schemas[name]!);
}

/** What an operation answers with a status. */
export function responseOf({ components }: ApiDocument, { responses }: Operation, status: number | string): Response | undefined {
  const response = responses[status];
  return response?.$ref === undefined ? response : components.responses[response.$ref.replace('#/components/responses/', '')];
}

/** Calls like `realtime.call`, and holds the reply against what the document says of it. `called` gathers the operations. */
export function callAsDocumented(realtime: RealtimeUnderTest, document: ApiDocument, called: Set<string>): RealtimeUnderTest['call'] {
  const operations = operationsOf(document);
  return async (method, url, options) => {
    const reply = await realtime.call(method, url, options);
    const path = url.split('?')[0]!.split('/');
    const operation = operations.find((one) => one.method === method && matches(one.path.split('/'), path));
    if (operation === undefined) throw new Error(`${method} ${url} is not in the document`);
    const response = responseOf(document, operation, reply.status);
    if (response === undefined) throw new Error(`${method} ${url} answered ${reply.status}, of which the document says nothing`);
    const schema = response.content?.['application/json']?.schema;
    if (schema !== undefined) zodOf(document, schema).parse(reply.body);
    called.add(operation.operationId);
    return reply;
  };
}

function matches(template: string[], path: string[]): boolean {
  return template.length === path.length && template.every((part, at) => part.startsWith('{') || part === path[at]);
}

function zodOf({ components }: ApiDocument, schema: JsonSchema): z.ZodType {
  const text = JSON.stringify({ ...schema, $defs: components.schemas }).replaceAll('#/components/schemas/', '#/$defs/');
  return z.fromJSONSchema(JSON.parse(text) as Parameters<typeof z.fromJSONSchema>[0]);
}
