import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { z } from 'zod';
import type { Awaitable } from '../awaitable.js';

/** What one request says, checked against the route's definition. */
export interface RouteRequest<Query, Body> {
  /** The account in the path; empty where the path has none. */
  readonly id: string;
  readonly query: Query;
  readonly body: Body;
  /** For what is no JSON. */
  readonly context: Context;
}

/** A value that becomes JSON, or a whole response. */
export type RouteAnswer =
  { readonly status: ContentfulStatusCode; readonly body: unknown } | Response;

/** What a route may answer, for its documentation and for the test that holds every response against it. */
export interface RouteResponse {
  readonly description: string;
  /** Missing for an empty body. */
  readonly schema?: z.ZodType;
  /** Default `application/json`. */
  readonly mediaType?: string;
}

/** One route: the server and the OpenAPI document are both made from it. */
export interface RouteDefinition<Query = unknown, Body = unknown> {
  readonly method: 'get' | 'post' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/accounts/{id}`. */
  readonly path: string;
  readonly operationId: string;
  readonly tag: 'node' | 'accounts' | 'money' | 'routes' | 'packets';
  readonly summary: string;
  readonly description?: string;
  /** Whether it is answered without a token. */
  readonly isPublic?: boolean;
  readonly query?: z.ZodType<Query>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType<Body>;
  readonly responses: Readonly<Record<number, RouteResponse>>;
  readonly handle: (request: RouteRequest<Query, Body>) => Awaitable<RouteAnswer>;
}

/** Checks one definition's types and forgets them, so that routes of all kinds fit into one list. */
export function defineRoute<Query, Body>(route: RouteDefinition<Query, Body>): RouteDefinition {
  return route as unknown as RouteDefinition;
}
