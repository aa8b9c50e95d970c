import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { z } from 'zod';
import type { Connector } from '../connector.js';
import { systemClock, type Clock } from '../environment.js';
import { ConnectorError } from '../errors.js';
import { requireBearer } from '../http/bearer.js';
import { HttpError, respondToError } from '../http/errors.js';
import { toJson } from '../http/json.js';
import { accountRoutes, type AccountKeeper } from './account-routes.js';
import { EventStreams, type EventStreamLimits } from './event-stream.js';
import { createMetrics, type Metrics } from './metrics.js';
import { moneyRoutes } from './money-routes.js';
import { nodeRoutes } from './node-routes.js';
import { describeRoutes } from './openapi.js';
import { packetRoutes } from './packet-routes.js';
import { defineRoute, type RouteDefinition } from './route.js';
import { views } from './schemas.js';

/** How the API is set up. */
export interface AdminApiOptions<LinkSettings = unknown> {
  /**
   * What every request but `/health`, `/ready` and `/openapi.json` must carry as bearer token, at least 16 characters; or what
   * gives the valid ones at the moment, for tokens that are rotated.
   */
  readonly token: string | (() => readonly string[]);
  /** Who adds, changes and removes accounts; without it the connector does, and none can be added. */
  readonly accounts?: AccountKeeper<LinkSettings>;
  /** What the program is called in `/status` and the OpenAPI document. */
  readonly version?: string;
  /** Figures of the application to serve along; default those of the connector alone. */
  readonly metrics?: Metrics;
  readonly events?: Partial<EventStreamLimits>;
  readonly clock?: Clock;
}

const MIN_TOKEN_LENGTH = 16;
const MAX_BODY_BYTES = 65_536;

/**
 * The operator's API of a connector. What it can do is in its own OpenAPI document, `GET /openapi.json`.
 * @throws {@link ConnectorError} `BAD_SETTING` for a token that is too short.
 */
export function createAdminApi<LinkSettings>(
  connector: Connector,
  options: AdminApiOptions<LinkSettings>,
): Hono {
  const { token, clock = systemClock, version = '0' } = options;
  if (typeof token === 'string' && token.length < MIN_TOKEN_LENGTH) {
    throw new ConnectorError(
      'BAD_SETTING',
      `the admin token has ${token.length} characters, at least ${MIN_TOKEN_LENGTH} are needed`,
    );
  }
  const events = new EventStreams(connector, clock, options.events);
  const metrics = options.metrics ?? createMetrics(connector);
  const routes: RouteDefinition[] = [
    ...nodeRoutes(connector, { metrics, events, version }),
    ...accountRoutes(connector, options.accounts),
    ...moneyRoutes(connector),
    ...packetRoutes(connector),
  ];
  routes.unshift(document(routes, version));
  return serveRoutes(routes, typeof token === 'string' ? () => [token] : token);
}

/** The OpenAPI document of all routes, itself among them. */
function document(routes: readonly RouteDefinition[], version: string): RouteDefinition {
  let described: object | undefined;
  return defineRoute({
    method: 'get',
    path: '/openapi.json',
    operationId: 'readDocument',
    tag: 'node',
    summary: 'This document',
    isPublic: true,
    responses: { 200: { description: 'OpenAPI 3.1.', schema: views.document } },
    handle: () => {
      described ??= describeRoutes(routes, version);
      return { status: 200, body: described };
    },
  });
}

function serveRoutes(routes: readonly RouteDefinition[], tokens: () => readonly string[]): Hono {
  const api = new Hono();
  api.onError((error, context) => respondToError(context, error));
  api.notFound((context) =>
    respondToError(context, new HttpError(404, 'NOT_FOUND', 'there is no such resource')),
  );
  for (const route of routes) if (route.isPublic === true) addRoute(api, route);
  api.use(requireBearer(tokens));
  api.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new HttpError(413, 'TOO_LARGE', `a body has ${MAX_BODY_BYTES} bytes at most`);
      },
    }),
  );
  for (const route of routes) if (route.isPublic !== true) addRoute(api, route);
  return api;
}

function addRoute(api: Hono, route: RouteDefinition): void {
  api.on(route.method, route.path.replace('{id}', ':id'), async (context) => {
    const answer = await route.handle({
      id: context.req.param('id') ?? '',
      query: check(route.query, context.req.query(), 'the query'),
      body: check(route.body, await readJson(route, context), 'the body'),
      context,
    });
    if (answer instanceof Response) return answer;
    return context.json(toJson(answer.body), answer.status);
  });
}

async function readJson(route: RouteDefinition, context: Context): Promise<unknown> {
  if (route.body === undefined) return undefined;
  const text = await context.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpError(400, 'BAD_REQUEST', 'the body is no JSON');
  }
}

/** What was asked, as the definition wants it. @throws {@link HttpError} that names each field that is wrong. */
function check(schema: z.ZodType | undefined, given: unknown, what: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) =>
    [path.length === 0 ? what : path.join('.'), message].join(': '),
  );
  throw new HttpError(400, 'BAD_REQUEST', problems.join('; '));
}
