import { Hono } from 'hono';
import type { Connector } from '../connector.js';
import { ConnectorError } from '../errors.js';
import { requireBearer } from '../http/bearer.js';
import { HttpError, respondToError } from '../http/errors.js';
import { toJson } from '../http/json.js';
import { METRICS_CONTENT_TYPE, renderMetrics } from './metrics.js';

/** How the API is set up. */
export interface AdminApiOptions {
  /** What every request but `/health` must carry as bearer token; at least 16 characters. */
  readonly token: string;
}

const MIN_TOKEN_LENGTH = 16;
const AMOUNT = /^[1-9][0-9]{0,29}$/;

/**
 * - `GET /health`: 200 while packets are taken, else 503; without token.
 * - `GET /status`: address, network, whether packets are taken, number of accounts and packets in flight.
 * - `GET /accounts`, `GET /accounts/:id`, `DELETE /accounts/:id`.
 * - `GET /balances`, `GET /accounts/:id/balance`: receivable, payable, held, net.
 * - `GET /routes`: prefix, next hop, path and why it is the best.
 * - `GET /metrics`: packets, amounts, balances, links and routes for Prometheus.
 * - `GET /packets`: packets in flight. `GET /late-fulfillments`: what is to be reconciled.
 * - `GET /settlements`: what engines have not acknowledged. `POST /accounts/:id/settlements` `{ "amount": "100" }`: settle by hand.
 *
 * @throws {@link ConnectorError} `BAD_SETTING` for a token that is too short.
 */
export function createAdminApi(connector: Connector, options: AdminApiOptions): Hono {
  if (options.token.length < MIN_TOKEN_LENGTH) {
    throw new ConnectorError(
      'BAD_SETTING',
      `the admin token has ${options.token.length} characters, at least ${MIN_TOKEN_LENGTH} are needed`,
    );
  }
  const api = new Hono();
  api.onError((error, context) => respondToError(context, error));
  api.notFound((context) =>
    respondToError(context, new HttpError(404, 'NOT_FOUND', 'there is no such resource')),
  );
  api.get('/health', (context) =>
    context.json({ ok: connector.isRunning }, connector.isRunning ? 200 : 503),
  );
  api.use(requireBearer(options.token));
  addReadings(api, connector);
  addMetrics(api, connector);
  api.delete('/accounts/:id', async (context) => {
    await connector.removeAccount(context.req.param('id'), {
      forget: context.req.query('forget') === 'true',
    });
    return context.body(null, 204);
  });
  api.post('/accounts/:id/settlements', async (context) => {
    const amount = readAmount(await context.req.json().catch(() => undefined));
    const id = context.req.param('id');
    connector.account(id);
    return context.json(toJson(await connector.settlement.settle(id, amount)), 201);
  });
  return api;
}

function addReadings(api: Hono, connector: Connector): void {
  api.get('/status', (context) =>
    context.json({
      address: connector.address ?? null,
      network: connector.network ?? null,
      running: connector.isRunning,
      accounts: connector.accounts().length,
      packetsInFlight: connector.packetsInFlight().length,
    }),
  );
  api.get('/accounts', (context) => context.json({ accounts: toJson(connector.accounts()) }));
  api.get('/accounts/:id', (context) =>
    context.json(toJson(connector.account(context.req.param('id')))),
  );
  api.get('/accounts/:id/balance', async (context) =>
    context.json(toJson(await connector.balance(context.req.param('id')))),
  );
  api.get('/balances', async (context) =>
    context.json({ balances: toJson(await connector.balances()) }),
  );
  api.get('/routes', (context) => context.json({ routes: toJson(connector.routes()) }));
  api.get('/packets', (context) => context.json({ packets: toJson(connector.packetsInFlight()) }));
  api.get('/late-fulfillments', async (context) =>
    context.json({ lateFulfillments: toJson(await connector.lateFulfillments()) }),
  );
  api.get('/settlements', async (context) =>
    context.json({ settlements: toJson(await connector.settlement.outbox()) }),
  );
}

/** For Prometheus, which sends the token too. */
function addMetrics(api: Hono, connector: Connector): void {
  api.get('/metrics', async (context) => {
    context.header('content-type', METRICS_CONTENT_TYPE);
    return context.body(await renderMetrics(connector));
  });
}

function readAmount(body: unknown): bigint {
  const amount =
    typeof body === 'object' && body !== null
      ? (body as Record<string, unknown>).amount
      : undefined;
  if (typeof amount !== 'string' || !AMOUNT.test(amount)) {
    throw new HttpError(
      400,
      'BAD_REQUEST',
      'the body must be {"amount": "100"}: a whole number above 0 in units of the account, as a string',
    );
  }
  return BigInt(amount);
}
