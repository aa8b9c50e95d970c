import { isIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import type { Asset, StreamCredentials } from '@pennyswitch/stream';
import { decodeBase64, encodeBase64 } from './base64.js';
import { SpspError } from './errors.js';

/** What a server says of an invoice, for people to see (RFC 0037 "Response Body"). */
export interface PushDetails {
  /** How much has come in, in units of the asset. */
  readonly balance: bigint;
  readonly invoice: {
    /** How much is asked for in all, in units of the asset. */
    readonly amount: bigint;
    readonly asset: Asset;
    readonly description?: string | undefined;
  };
}

/** What an SPSP response says (RFC 0009 "Response Body"). */
export interface SpspDetails {
  /** The ILP address to open a STREAM connection to. */
  readonly destination: IlpAddress;
  /** The connection's shared secret, 32 bytes. */
  readonly sharedSecret: Uint8Array;
  /** Whether the receiver will send receipts (RFC 0039). */
  readonly receiptsEnabled: boolean;
  /** The invoice behind the pointer, where there is one and the server tells. */
  readonly push?: PushDetails | undefined;
}

const SECRET_LENGTH = 32;
/** The longest description that is taken from a server, in UTF-16 units. */
const MAX_DESCRIPTION_LENGTH = 500;

/** The JSON text of a response, the secret in base64 with padding. */
export function encodeSpspDetails(
  details: StreamCredentials & Pick<SpspDetails, 'receiptsEnabled' | 'push'>,
): string {
  const { destination, sharedSecret, receiptsEnabled, push } = details;
  return JSON.stringify({
    destination_account: destination,
    shared_secret: encodeBase64(sharedSecret),
    receipts_enabled: receiptsEnabled,
    push: push === undefined ? undefined : encodePush(push),
  });
}

/**
 * Reads the JSON text of a response; fields that it does not know are ignored (RFC 0009).
 * @throws {@link SpspError} `BAD_RESPONSE`. The text may hold a secret, so messages do not quote it.
 */
export function decodeSpspDetails(text: string): SpspDetails {
  const body = parseObject(text);
  const { destination_account: destination, shared_secret: secret } = body;
  if (typeof destination !== 'string' || !isIlpAddress(destination)) {
    throw bad('destination_account is no ILP address');
  }
  const sharedSecret = typeof secret === 'string' ? decodeBase64(secret) : undefined;
  if (sharedSecret === undefined) throw bad('shared_secret is no base64 text');
  if (sharedSecret.length !== SECRET_LENGTH) {
    throw bad(`shared_secret has ${sharedSecret.length} bytes and must have ${SECRET_LENGTH}`);
  }
  const push = decodePush(body.push);
  return {
    destination,
    sharedSecret,
    receiptsEnabled: body.receipts_enabled === true,
    ...(push === undefined ? {} : { push }),
  };
}

function encodePush({ balance, invoice }: PushDetails): object {
  const { amount, asset, description } = invoice;
  return {
    balance: balance.toString(),
    invoice: {
      amount: amount.toString(),
      asset: { code: asset.code, scale: asset.scale },
      ...(description === undefined ? {} : { additional_fields: { description } }),
    },
  };
}

/** Of fields that RFC 0009 does not know, those that make no sense are no reason to refuse the rest. */
function decodePush(value: unknown): PushDetails | undefined {
  const push = objectOf(value);
  const invoice = objectOf(push.invoice);
  const asset = objectOf(invoice.asset);
  const balance = amountOf(push.balance);
  const amount = amountOf(invoice.amount);
  const { code, scale } = asset;
  if (balance === undefined || amount === undefined || typeof code !== 'string') return undefined;
  if (!/^[\x21-\x7e]{1,20}$/.test(code)) return undefined;
  if (typeof scale !== 'number' || !Number.isInteger(scale) || scale < 0 || scale > 255) {
    return undefined;
  }
  const { description } = objectOf(invoice.additional_fields);
  const isShown = typeof description === 'string' && description.length <= MAX_DESCRIPTION_LENGTH;
  return {
    balance,
    invoice: { amount, asset: { code, scale }, ...(isShown ? { description } : {}) },
  };
}

function amountOf(value: unknown): bigint | undefined {
  return typeof value === 'string' && /^[0-9]{1,20}$/.test(value) ? BigInt(value) : undefined;
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parseObject(text: string): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw bad('the body is no JSON');
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw bad('the body is no JSON object');
  }
  return body as Record<string, unknown>;
}

function bad(reason: string): SpspError {
  return new SpspError('BAD_RESPONSE', `the SPSP server's answer cannot be used: ${reason}`);
}
