import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  encodeFulfill,
  encodePrepare,
  PEER_PROTOCOL_CONDITION,
  PEER_PROTOCOL_FULFILLMENT,
  type PrepareView,
} from '@pennyswitch/ilp-packet';

/** Where control requests go. */
export const CCP_CONTROL_DESTINATION: IlpAddress = parseIlpAddress('peer.route.control');
/** Where updates go. */
export const CCP_UPDATE_DESTINATION: IlpAddress = parseIlpAddress('peer.route.update');

/** How long a request is valid, in milliseconds; deployed nodes use the same. */
export const CCP_EXPIRY_MS = 60_000;

/** What of a Prepare CCP looks at; a {@link PrepareView} has it all. */
export type CcpPrepare = Pick<
  PrepareView,
  'destination' | 'data' | 'executionCondition' | 'expiresAtMs'
>;

const NO_DATA = new Uint8Array(0);

/** Wraps a request: a Prepare of amount 0 under the condition of all bilateral protocols. */
export function encodeCcpPrepare(
  destination: IlpAddress,
  data: Uint8Array,
  now: number,
): Uint8Array {
  return encodePrepare({
    amount: 0n,
    expiresAt: new Date(now + CCP_EXPIRY_MS),
    executionCondition: PEER_PROTOCOL_CONDITION,
    destination,
    data,
  });
}

/** What answers a request that was accepted: a Fulfill of zeros without data. */
export function encodeCcpResponse(): Uint8Array {
  return encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data: NO_DATA });
}

/** Whether a condition is that of bilateral protocols. */
export function isPeerCondition(condition: Uint8Array): boolean {
  return (
    condition.length === PEER_PROTOCOL_CONDITION.length &&
    condition.every((byte, i) => byte === PEER_PROTOCOL_CONDITION[i])
  );
}
