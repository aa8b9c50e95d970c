import type { IlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  encodeFulfill,
  IlpError,
  PEER_PROTOCOL_CONDITION,
  PEER_PROTOCOL_FULFILLMENT,
} from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import { ILDCP_DESTINATION } from './request.js';
import { encodeIldcpResponse, type IldcpResponse } from './response.js';

/** Options of {@link serveIldcp}. */
export interface ServeIldcpOptions {
  /** This node's own address, which a Reject names; absent while the node does not know it. */
  readonly self?: IlpAddress | undefined;
  /** Tells the time in milliseconds since 1970; the machine's clock by default. */
  readonly now?: () => number;
}

/**
 * Answers one request (RFC 0031 "Procedure", 2 and 3). Whether the asker is a child, and which address it gets, the
 * caller decides.
 * @param prepare the Prepare as it came over the link. Its amount and data are not looked at: later versions may use them.
 * @param answer gives the child's configuration, or throws an {@link IlpError} that becomes the Reject (F00 for an account
 * that is no child, T00 while this node has no address itself).
 * @returns the Fulfill or Reject. What `answer` throws otherwise comes through.
 */
export function serveIldcp(
  prepare: Uint8Array,
  answer: () => IldcpResponse,
  options: ServeIldcpOptions = {},
): Uint8Array {
  try {
    checkRequest(prepare, (options.now ?? Date.now)());
    return encodeFulfill({
      fulfillment: PEER_PROTOCOL_FULFILLMENT,
      data: encodeIldcpResponse(answer()),
    });
  } catch (error) {
    if (error instanceof IlpError) return error.encode(options.self);
    throw error;
  }
}

function checkRequest(bytes: Uint8Array, now: number): void {
  const { destination, executionCondition, expiresAt } = readPrepare(bytes);
  if (destination !== ILDCP_DESTINATION) {
    throw new IlpError('F00', `the destination is not ${ILDCP_DESTINATION}`);
  }
  if (!executionCondition.every((byte, i) => byte === PEER_PROTOCOL_CONDITION[i])) {
    throw new IlpError('F01', 'condition must be peer protocol condition.');
  }
  if (expiresAt.getTime() <= now) throw new IlpError('R02', 'the request has expired');
}

function readPrepare(bytes: Uint8Array): ReturnType<typeof decodePrepare> {
  try {
    return decodePrepare(bytes);
  } catch (cause) {
    if (!(cause instanceof OerDecodeError)) throw cause;
    throw new IlpError('F01', 'the packet is no valid Prepare', { cause });
  }
}
