/**
 * ILP packets (RFC 0027): Prepare, Fulfill and Reject as plain objects, a {@link PrepareView} that changes amount and
 * expiry in place, the error codes as typed errors, and conditions.
 *
 * @packageDocumentation
 */
export { encodeFulfill, encodePacket, encodePrepare, encodeReject } from './encode.js';
export {
  decodeFulfill,
  decodePacket,
  decodePrepare,
  decodeReject,
  decodeReply,
  packetType,
} from './decode.js';
export type { DecodeOptions } from './decode-exactly.js';
export {
  PacketType,
  type IlpFulfill,
  type IlpPacket,
  type IlpPacketHandler,
  type IlpPrepare,
  type IlpReject,
  type IlpReply,
} from './types.js';
export { PrepareView, peekExpiresAt } from './prepare-view.js';
export {
  ILP_ERROR_NAMES,
  ilpErrorClass,
  isIlpErrorCode,
  type IlpErrorClass,
  type IlpErrorCode,
} from './error-codes.js';
export { amountTooLarge, IlpError, ilpErrorName, type IlpErrorOptions } from './ilp-error.js';
export {
  decodeAmountTooLargeData,
  encodeAmountTooLargeData,
  type AmountTooLargeData,
} from './amount-too-large.js';
export {
  conditionOf,
  isFulfillmentOf,
  PEER_PROTOCOL_CONDITION,
  PEER_PROTOCOL_FULFILLMENT,
} from './condition.js';
export { CONDITION_LENGTH, MAX_AMOUNT, MAX_DATA_LENGTH, MAX_MESSAGE_LENGTH } from './limits.js';
