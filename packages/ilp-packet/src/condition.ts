import { isSha256Of, sha256 } from '#sha256';
import { CONDITION_LENGTH } from './limits.js';

/** The condition that a fulfillment fulfils: its SHA-256 (RFC 0027 "Condition and Fulfillment"). */
export function conditionOf(fulfillment: Uint8Array): Uint8Array {
  return sha256(fulfillment);
}

/** Whether a fulfillment is the preimage of a condition: 32 bytes whose SHA-256 it is. */
export function isFulfillmentOf(fulfillment: Uint8Array, condition: Uint8Array): boolean {
  return (
    fulfillment.length === CONDITION_LENGTH &&
    condition.length === CONDITION_LENGTH &&
    isSha256Of(fulfillment, condition)
  );
}

/**
 * The fulfillment of all bilateral protocols (`peer.config`, `peer.route.*`, `peer.settle`): 32 zero bytes. Nothing is
 * proved by it; those packets carry no money.
 */
export const PEER_PROTOCOL_FULFILLMENT: Uint8Array = new Uint8Array(CONDITION_LENGTH);

/** Its SHA-256, `66687aad…2925` (RFC 0031 "Packet"). */
export const PEER_PROTOCOL_CONDITION: Uint8Array = new Uint8Array([
  0x66, 0x68, 0x7a, 0xad, 0xf8, 0x62, 0xbd, 0x77, 0x6c, 0x8f, 0xc1, 0x8b, 0x8e, 0x9f, 0x8e, 0x20,
  0x08, 0x97, 0x14, 0x85, 0x6e, 0xe2, 0x33, 0xb3, 0x90, 0x2a, 0x59, 0x1d, 0x0d, 0x5f, 0x29, 0x25,
]);
