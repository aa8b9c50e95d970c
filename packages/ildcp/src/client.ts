import { addressScope } from '@pennyswitch/ilp-address';
import {
  decodeReply,
  isFulfillmentOf,
  PacketType,
  PEER_PROTOCOL_CONDITION,
  type IlpPacketHandler,
  type IlpReply,
} from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import { IldcpError } from './errors.js';
import { DEFAULT_TIMEOUT_MS, encodeIldcpRequest } from './request.js';
import { decodeIldcpResponse, type IldcpResponse } from './response.js';

/** Options of {@link fetchIldcp}. */
export interface FetchIldcpOptions {
  /** Tells the time in milliseconds since 1970; the machine's clock by default. */
  readonly now?: () => number;
  /**
   * How long the request is valid, in milliseconds; 60 000 by default. A child whose clock is far behind its parent's
   * needs a longer one.
   */
  readonly timeoutMs?: number;
}

/**
 * Asks the parent for address and asset (RFC 0031 "Procedure").
 * @param send sends a Prepare to the parent and resolves with its reply; what it throws comes through unchanged.
 * @throws {@link IldcpError} where the parent refuses or its answer cannot be used.
 */
export async function fetchIldcp(
  send: IlpPacketHandler,
  options: FetchIldcpOptions = {},
): Promise<IldcpResponse> {
  const { now = Date.now, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  return readAnswer(await send(encodeIldcpRequest(now() + timeoutMs)));
}

function readAnswer(bytes: Uint8Array): IldcpResponse {
  const reply = readOrFail(() => decodeReply(bytes), 'the reply is no ILP Fulfill or Reject');
  if (reply.type === PacketType.reject) throw rejected(reply);
  if (!isFulfillmentOf(reply.fulfillment, PEER_PROTOCOL_CONDITION)) {
    throw new IldcpError('BAD_REPLY', 'the fulfillment is not 32 zero bytes (RFC 0031)');
  }
  const { data } = reply;
  const response = readOrFail(
    () => decodeIldcpResponse(data),
    'the Fulfill holds no configuration',
  );
  const scope = addressScope(response.clientAddress);
  if (scope === 'peer' || scope === 'node') {
    throw new IldcpError(
      'UNSUITABLE',
      `the parent gave the address ${response.clientAddress}, which nobody else can reach (RFC 0015)`,
    );
  }
  return response;
}

function rejected(reject: Extract<IlpReply, { type: typeof PacketType.reject }>): IldcpError {
  const { code, triggeredBy, message, data } = reject;
  return new IldcpError(
    'REJECTED',
    `the parent refused to give a configuration: ${code} ${JSON.stringify(message)}`,
    { reject: { code, triggeredBy, message, data } },
  );
}

function readOrFail<T>(read: () => T, sentence: string): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof OerDecodeError)) throw cause;
    throw new IldcpError('BAD_REPLY', `${sentence}: ${cause.message}`, { cause });
  }
}
