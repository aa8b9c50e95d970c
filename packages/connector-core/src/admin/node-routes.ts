import { z } from 'zod';
import type { Connector } from '../connector.js';
import type { ConnectorEvents } from '../events.js';
import { HttpError } from '../http/errors.js';
import { EVENT_NAMES, type EventStreams } from './event-stream.js';
import type { Metrics } from './metrics.js';
import { defineRoute, type RouteDefinition } from './route.js';
import { views } from './schemas.js';

/** Whether the node works and what happens in it. */
export function nodeRoutes(
  connector: Connector,
  services: { readonly metrics: Metrics; readonly events: EventStreams; readonly version: string },
): RouteDefinition[] {
  return [
    health(connector),
    readiness(connector),
    status(connector, services.version),
    metrics(services.metrics),
    events(services.events),
  ];
}

function health(connector: Connector): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/health',
    operationId: 'checkHealth',
    tag: 'node',
    summary: 'Whether packets are taken',
    isPublic: true,
    responses: {
      200: { description: 'They are.', schema: views.health },
      503: { description: 'The node stops, or has not started.', schema: views.health },
    },
    handle: () => ({
      status: connector.isRunning ? 200 : 503,
      body: { ok: connector.isRunning },
    }),
  });
}

function readiness(connector: Connector): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/ready',
    operationId: 'checkReadiness',
    tag: 'node',
    summary: 'Whether the node can do its work',
    description: 'It takes packets, has an address, and its store answers.',
    isPublic: true,
    responses: {
      200: { description: 'It can.', schema: views.readiness },
      503: { description: 'It cannot, for what is false.', schema: views.readiness },
    },
    handle: async () => {
      const running = connector.isRunning;
      const addressed = connector.address !== undefined;
      const store = await connector.checkStore().then(
        () => true,
        () => false,
      );
      const ready = running && addressed && store;
      return { status: ready ? 200 : 503, body: { ready, running, addressed, store } };
    },
  });
}

function status(connector: Connector, version: string): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/status',
    operationId: 'showStatus',
    tag: 'node',
    summary: 'Address, network and load',
    responses: { 200: { description: 'The node.', schema: views.status } },
    handle: () => ({
      status: 200,
      body: {
        address: connector.address ?? null,
        network: connector.network ?? null,
        running: connector.isRunning,
        accounts: connector.accounts().length,
        packetsInFlight: connector.packetsInFlight().length,
        version,
      },
    }),
  });
}

function metrics({ contentType, render }: Metrics): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/metrics',
    operationId: 'readMetrics',
    tag: 'node',
    summary: 'Figures for Prometheus',
    responses: {
      200: {
        description: 'The text format, version 0.0.4.',
        schema: z.string(),
        mediaType: 'text/plain',
      },
    },
    handle: async () => new Response(await render(), { headers: { 'content-type': contentType } }),
  });
}

function events(streams: EventStreams): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/events',
    operationId: 'followEvents',
    tag: 'node',
    summary: 'What happens, as server-sent events',
    description:
      'Each event has a name and an object as data. Nothing waits for the reader: who is too slow loses the oldest events and gets an event `dropped` with their number.',
    query: z.strictObject({
      types: z
        .string()
        .describe(
          `Names, separated by commas, of ${EVENT_NAMES.join(', ')}; default all but packet.`,
        )
        .exactOptional(),
    }),
    responses: {
      200: {
        description: 'Events without end.',
        schema: z.string(),
        mediaType: 'text/event-stream',
      },
      503: { description: 'Too many readers.', schema: views.error },
    },
    handle: ({ query, context }) => {
      const names = readNames(query.types);
      const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-store' };
      // A HEAD comes here too. Nobody would ever read or end its stream.
      if (context.req.method === 'HEAD') return new Response(null, { headers });
      const stream = streams.open(names);
      if (stream === undefined) throw new HttpError(503, 'BUSY', 'there are too many readers');
      return new Response(stream, { headers });
    },
  });
}

function readNames(types: string | undefined): (keyof ConnectorEvents)[] {
  if (types === undefined) return EVENT_NAMES.filter((name) => name !== 'packet');
  const given = new Set(types.split(','));
  const names = EVENT_NAMES.filter((name) => given.delete(name));
  if (given.size > 0) {
    const unknown = [...given].join(', ').slice(0, 100);
    throw new HttpError(400, 'BAD_REQUEST', `there is no event ${unknown}`);
  }
  return names;
}
