import { BTP_ERROR_NAMES, type BtpErrorCode } from './error-codes.js';
import type { BtpError } from './packet.js';

/**
 * Why a request has no response.
 *
 * | code | sent | meaning |
 * | --- | --- | --- |
 * | `NOT_CONNECTED` | no | there is no authenticated connection |
 * | `CLOSING` | no | the connection or its owner is closing and takes no new requests |
 * | `CONGESTED` | no | the peer reads too slowly: the limit of unsent bytes is reached |
 * | `TOO_MANY_REQUESTS` | no | the limit of requests in flight is reached |
 * | `TOO_LARGE` | no | the message is above the size limit |
 * | `DEADLINE_PASSED` | no or unknown | no response before the deadline |
 * | `ABORTED` | no or unknown | the caller's signal |
 * | `CONNECTION_LOST` | unknown | the connection ended with the request in flight |
 * | `PEER_ERROR` | yes | the peer answered with a BTP Error, see `btpError` |
 */
export type BtpRequestErrorCode =
  | 'NOT_CONNECTED'
  | 'CLOSING'
  | 'CONGESTED'
  | 'TOO_MANY_REQUESTS'
  | 'TOO_LARGE'
  | 'DEADLINE_PASSED'
  | 'ABORTED'
  | 'CONNECTION_LOST'
  | 'PEER_ERROR';

/**
 * Whether the peer got a request that has no response: `no` (it never left, another path may be tried), `yes` (the peer
 * answered with an Error), or `unknown` (it left, and nothing came back: the peer may have acted on it).
 */
export type BtpSent = 'yes' | 'no' | 'unknown';

/** A request that has no response. */
export class BtpRequestError extends Error {
  override readonly name = 'BtpRequestError';
  /** Stable, for programs. */
  readonly code: BtpRequestErrorCode;
  readonly sent: BtpSent;
  /** The peer's answer, where `code` is `PEER_ERROR`. Its texts come from the peer: escape them before printing. */
  readonly btpError: BtpError | undefined;

  constructor(
    code: BtpRequestErrorCode,
    sent: BtpSent,
    message: string,
    options: ErrorOptions & { readonly btpError?: BtpError } = {},
  ) {
    super(message, options);
    this.code = code;
    this.sent = sent;
    this.btpError = options.btpError;
  }

  /** The RFC's code of the peer's Error (`F00`, `T00`, …), where there is one. */
  get status(): string | undefined {
    return this.btpError?.code;
  }
}

/**
 * Why a client has no connection: `REFUSED` (the server answered the authentication with a final Error: trying again
 * does not help), `TIMEOUT`, `ABORTED` (the caller's signal), `CLOSED` (`close()` was called meanwhile).
 */
export type BtpConnectErrorCode = 'REFUSED' | 'TIMEOUT' | 'ABORTED' | 'CLOSED';

/** `connect()` did not succeed. `cause` is the last failure of the network, where there was one. */
export class BtpConnectError extends Error {
  override readonly name = 'BtpConnectError';
  /** Stable, for programs. */
  readonly code: BtpConnectErrorCode;
  /** The server's answer, where `code` is `REFUSED`. */
  readonly btpError: BtpError | undefined;

  constructor(
    code: BtpConnectErrorCode,
    message: string,
    options: ErrorOptions & { readonly btpError?: BtpError } = {},
  ) {
    super(message, options);
    this.code = code;
    this.btpError = options.btpError;
  }
}

/** A BTP URL that cannot be used. The message never holds the URL's credentials. */
export class BtpUrlError extends Error {
  override readonly name = 'BtpUrlError';
  /** Stable, for programs. */
  readonly code = 'BAD_URL';
}

/**
 * Thrown by a handler to answer a request with this BTP Error. Its message goes to the peer as the Error's data: say
 * what it needs to know, nothing about this node. Any other error of a handler becomes T00 without a detail.
 */
export class BtpRefusal extends Error {
  override readonly name = 'BtpRefusal';
  readonly code: BtpErrorCode;

  constructor(code: BtpErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The RFC's name of the code. */
  get errorName(): string {
    return BTP_ERROR_NAMES[this.code];
  }
}

/** The longest text of a peer that goes into one of our messages, in characters. */
const MAX_QUOTED = 200;

/**
 * What a BTP Error says, for a person: code, name and the sentence in its data, which deployed peers send as text or as
 * JSON with a `message`. Control characters are escaped and the length is bounded, so it may be logged.
 */
export function describeBtpError(error: BtpError): string {
  const text = new TextDecoder().decode(error.data);
  const sentence = messageOf(text) ?? text;
  const head = `${quoted(error.code)} ${quoted(error.name)}`;
  return sentence === '' ? head : `${head}: ${quoted(sentence)}`;
}

function messageOf(text: string): string | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(text) as { message?: unknown };
    return typeof value.message === 'string' ? value.message : undefined;
  } catch {
    return undefined;
  }
}

function quoted(text: string): string {
  const bounded = text.length > MAX_QUOTED ? `${text.slice(0, MAX_QUOTED)}…` : text;
  return bounded.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  );
}
