import { z } from 'zod';
import type { RouteDefinition, RouteResponse } from './route.js';
import { components, views } from './schemas.js';

type Json = Record<string, unknown>;

const NO_NAMES: z.core.$ZodRegistry<{ id: string }> = z.registry<{ id: string }>();

/** The OpenAPI 3.1 document of routes. Its schemas are JSON Schema 2020-12, made from what requests are checked with. */
export function describeRoutes(routes: readonly RouteDefinition[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    (paths[route.path] ??= {})[route.method] = describeRoute(route);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Pennyswitch administration',
      version,
      description:
        'Reads and steers an Interledger connector. Amounts are text: whole numbers of units of the account.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    tags: ['node', 'accounts', 'money', 'routes', 'packets'].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: describeComponents(),
    },
  };
}

function describeComponents(): Json {
  const { schemas } = z.toJSONSchema(components, {
    io: 'input',
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, ...schema }]) => [
      name,
      schema,
    ]),
  );
}

function describeRoute(route: RouteDefinition): Json {
  const parameters = [
    ...(route.path.includes('{id}') ? [parameter('path', 'id', { type: 'string' }, true)] : []),
    ...queryParameters(route.query),
    ...Object.entries(route.headers ?? {}).map(([name, description]) => ({
      ...parameter('header', name, { type: 'string' }, false),
      description,
    })),
  ];
  const responses: Record<string, RouteResponse> = { ...route.responses };
  if (route.isPublic !== true) {
    responses['401'] ??= { description: 'The token is missing or wrong.', schema: views.error };
  }
  responses['default'] = { description: 'It could not be done.', schema: views.error };
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    ...(route.isPublic === true && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: inline(route.body) } },
      },
    }),
    responses: Object.fromEntries(
      Object.entries(responses).map(([status, response]) => [status, describeResponse(response)]),
    ),
  };
}

function describeResponse({ description, schema, mediaType }: RouteResponse): Json {
  if (schema === undefined) return { description };
  const name = components.get(schema)?.id;
  const described = name === undefined ? inline(schema) : { $ref: `#/components/schemas/${name}` };
  return { description, content: { [mediaType ?? 'application/json']: { schema: described } } };
}

function queryParameters(query: z.ZodType | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = inline(query) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => {
    const { description, ...rest } = schema;
    return {
      ...parameter('query', name, rest, required.includes(name)),
      ...(description !== undefined && { description }),
    };
  });
}

function parameter(where: string, name: string, schema: Json, required: boolean): Json {
  return { name, in: where, required, schema };
}

/** A schema that is written where it is used, without `$ref`. */
function inline(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', metadata: NO_NAMES });
  return rest;
}
