import { isIlpAddress, parseIlpAddress } from '@pennyswitch/ilp-address';
import { z } from 'zod';
import type { Connector } from '../connector.js';
import { pageLimit } from './queries.js';
import { defineRoute, type RouteDefinition } from './route.js';
import { views } from './schemas.js';

/** Where packets go, which are under way, and which came back too late. */
export function packetRoutes(connector: Connector): RouteDefinition[] {
  return [
    listRoutes(connector),
    lookupRoute(connector),
    defineRoute({
      method: 'get',
      path: '/route-exchanges',
      operationId: 'listRouteExchanges',
      tag: 'routes',
      summary:
        'The exchange of routes over each account: what was taken, what was not and by which rule',
      responses: { 200: { description: 'By account.', schema: views.routeExchanges } },
      handle: () => ({ status: 200, body: { routeExchanges: connector.routeExchanges() } }),
    }),
    listPackets(connector),
    defineRoute({
      method: 'get',
      path: '/late-fulfillments',
      operationId: 'listLateFulfillments',
      tag: 'packets',
      summary: 'Fulfillments that came too late to count',
      description: 'The peer has proof of these packets: the two books differ until it is settled.',
      responses: { 200: { description: 'Oldest first.', schema: views.lateFulfillments } },
      handle: async () => ({
        status: 200,
        body: { lateFulfillments: await connector.lateFulfillments() },
      }),
    }),
    defineRoute({
      method: 'get',
      path: '/lost-packets',
      operationId: 'listLostPackets',
      tag: 'packets',
      summary: 'Packets that went out and got no reply',
      description:
        'Whether the peer fulfilled them is not known: what it has proof of is owed although this node has released it.',
      responses: { 200: { description: 'Oldest first.', schema: views.lostPackets } },
      handle: async () => ({ status: 200, body: { lostPackets: await connector.lostPackets() } }),
    }),
  ];
}

function listRoutes(connector: Connector): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/routes',
    operationId: 'listRoutes',
    tag: 'routes',
    summary: 'The routing table, and why each route is as it is',
    query: z.strictObject({
      prefix: z.string().describe('Only prefixes that start like this.').exactOptional(),
      account: z.string().describe('Only routes over this account.').exactOptional(),
      limit: pageLimit,
      after: z.string().describe('Goes on behind this prefix, see `next`.').exactOptional(),
    }),
    responses: {
      200: { description: 'One page, in the order of prefixes.', schema: views.routes },
    },
    handle: ({ query: { prefix, account, limit, after } }) => {
      const found = connector.routePage({
        // One more, to see whether there is another page.
        limit: limit + 1,
        ...(prefix !== undefined && { startingWith: prefix }),
        ...(account !== undefined && { accountId: account }),
        ...(after !== undefined && { after }),
      });
      const routes = found.routes.slice(0, limit);
      const next = found.routes.length > limit ? routes.at(-1)?.prefix : undefined;
      return { status: 200, body: { routes, total: found.total, next } };
    },
  });
}

function lookupRoute(connector: Connector): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/routes/lookup',
    operationId: 'lookupRoute',
    tag: 'routes',
    summary: 'Where packets to one address go, and why',
    query: z.strictObject({
      destination: z.string().refine(isIlpAddress, 'expected an ILP address such as g.example.bob'),
    }),
    responses: {
      200: { description: 'The ways, the best first.', schema: views.routeLookup },
      400: { description: 'That is no ILP address.', schema: views.error },
    },
    handle: ({ query }) => {
      const found = connector.lookupRoute(parseIlpAddress(query.destination));
      const nextHops = found.nextHops.map((hop) => hop ?? null);
      return { status: 200, body: { ...found, nextHops } };
    },
  });
}

function listPackets(connector: Connector): RouteDefinition {
  return defineRoute({
    method: 'get',
    path: '/packets',
    operationId: 'listPackets',
    tag: 'packets',
    summary: 'Packets in flight',
    query: z.strictObject({
      account: z.string().describe('Only those from or to this account.').exactOptional(),
      limit: pageLimit,
    }),
    responses: { 200: { description: 'The oldest first.', schema: views.packets } },
    handle: ({ query: { account, limit } }) => {
      const found = connector
        .packetsInFlight()
        .filter(({ from, to }) => account === undefined || from === account || to === account);
      return { status: 200, body: { packets: found.slice(0, limit), total: found.length } };
    },
  });
}
