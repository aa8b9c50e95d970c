import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { encodePrepare, PEER_PROTOCOL_CONDITION } from '@pennyswitch/ilp-packet';

/** Where requests go (RFC 0031 "Packet"). */
export const ILDCP_DESTINATION: IlpAddress = parseIlpAddress('peer.config');

/** How long a request is valid where the caller does not say, in milliseconds; deployed nodes use the same. */
export const DEFAULT_TIMEOUT_MS = 60_000;

/** Writes a request: a Prepare of amount 0 to `peer.config` without data. `expiresAtMs` in milliseconds since 1970. */
export function encodeIldcpRequest(expiresAtMs: number): Uint8Array {
  return encodePrepare({
    amount: 0n,
    expiresAt: new Date(expiresAtMs),
    executionCondition: PEER_PROTOCOL_CONDITION,
    destination: ILDCP_DESTINATION,
    data: new Uint8Array(0),
  });
}
