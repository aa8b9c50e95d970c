import { MAX_DATA_LENGTH } from '@pennyswitch/ilp-packet';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { Connector } from '../connector.js';
import { requireBearer } from '../http/bearer.js';
import { codeOf, HttpError, respondToError } from '../http/errors.js';
import { readQuantity, writeQuantity, type Quantity } from '../settlement/quantity.js';

/** How the API is set up. */
export interface SettlementApiOptions {
  /** A bearer token that engines must send, or what gives the valid ones at the moment; none if missing. */
  readonly token?: string | (() => readonly string[]);
}

const MAX_KEY_LENGTH = 255;
/** More than any quantity or message needs; what is longer is not even read. */
const MAX_BODY_BYTES = 65_536;

/**
 * - `POST /accounts/:id/settlements` with an `Idempotency-Key`: credits what the engine received, once per key. 201 with the
 *   quantity; 409 if the key was used for something else.
 * - `POST /accounts/:id/messages`: carries a message to the peer's engine. 201 with its answer; 502 with it if the other side
 *   refused.
 */
export function createSettlementApi(
  connector: Connector,
  options: SettlementApiOptions = {},
): Hono {
  const api = new Hono();
  api.onError((error, context) => respondToError(context, error));
  api.notFound((context) =>
    respondToError(context, new HttpError(404, 'NOT_FOUND', 'there is no such resource')),
  );
  const { token } = options;
  if (token !== undefined)
    api.use(requireBearer(typeof token === 'string' ? () => [token] : token));
  api.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: () => {
        throw new HttpError(413, 'TOO_LONG', `a body has ${MAX_BODY_BYTES} bytes at most`);
      },
    }),
  );
  api.post('/accounts/:id/settlements', async (context) => {
    const id = requireAccount(connector, context.req.param('id'));
    const key = readKey(context);
    const quantity = await readBody(context);
    const result = await credit(connector, id, key, quantity);
    if (result.type === 'conflict') {
      throw new HttpError(
        409,
        'KEY_REUSED',
        'this Idempotency-Key was used for another account or quantity',
      );
    }
    return context.json(writeQuantity(quantity), 201);
  });
  api.post('/accounts/:id/messages', async (context) => {
    const id = requireAccount(connector, context.req.param('id'));
    const message = new Uint8Array(await context.req.arrayBuffer());
    if (message.length > MAX_DATA_LENGTH) {
      throw new HttpError(413, 'TOO_LONG', `a message has at most ${MAX_DATA_LENGTH} bytes`);
    }
    const { ok, body } = await sendMessage(connector, id, message);
    context.header('content-type', 'application/octet-stream');
    return context.body(body.slice(), ok ? 201 : 502);
  });
  return api;
}

/** An account without an engine is none here. */
function requireAccount(connector: Connector, id: string): string {
  if (!connector.account(id).settles) {
    throw new HttpError(404, 'UNKNOWN_ACCOUNT', `account ${id} is not settled by an engine`);
  }
  return id;
}

function readKey(context: Context): string {
  const key = context.req.header('idempotency-key') ?? '';
  if (key === '' || key.length > MAX_KEY_LENGTH) {
    throw new HttpError(
      400,
      'BAD_REQUEST',
      `the header Idempotency-Key must have 1 to ${MAX_KEY_LENGTH} characters (RFC 0038)`,
    );
  }
  return key;
}

async function readBody(context: Context): Promise<Quantity> {
  const quantity = readQuantity(await context.req.json().catch(() => undefined));
  if (quantity === undefined) {
    throw new HttpError(
      400,
      'BAD_REQUEST',
      'the body must be {"amount": "100", "scale": 9}: a whole number as a string, and 0 to 255',
    );
  }
  return quantity;
}

async function credit(
  connector: Connector,
  id: string,
  key: string,
  quantity: Quantity,
): ReturnType<Connector['settlement']['credit']> {
  try {
    return await connector.settlement.credit(id, key, quantity);
  } catch (error) {
    if (codeOf(error) === 'UNKNOWN_ACCOUNT') {
      throw new HttpError(503, 'NOT_READY', `the asset of account ${id} is not known yet`);
    }
    throw error;
  }
}

async function sendMessage(
  connector: Connector,
  id: string,
  message: Uint8Array,
): ReturnType<Connector['settlement']['sendMessage']> {
  try {
    return await connector.settlement.sendMessage(id, message);
  } catch {
    throw new HttpError(502, 'PEER_UNREACHABLE', 'the peer did not answer');
  }
}
