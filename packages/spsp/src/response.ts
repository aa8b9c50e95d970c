import { isIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { decodeBase64, encodeBase64 } from './base64.js';
import { SpspError } from './errors.js';

/** What an SPSP response says (RFC 0009 "Response Body"). */
export interface SpspDetails {
  /** The ILP address to open a STREAM connection to. */
  readonly destination: IlpAddress;
  /** The connection's shared secret, 32 bytes. */
  readonly sharedSecret: Uint8Array;
  /** Whether the receiver will send receipts (RFC 0039). */
  readonly receiptsEnabled: boolean;
}

const SECRET_LENGTH = 32;

/** The JSON text of a response, the secret in base64 with padding. */
export function encodeSpspDetails(details: SpspDetails): string {
  return JSON.stringify({
    destination_account: details.destination,
    shared_secret: encodeBase64(details.sharedSecret),
    receipts_enabled: details.receiptsEnabled,
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
  return { destination, sharedSecret, receiptsEnabled: body['receipts_enabled'] === true };
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
