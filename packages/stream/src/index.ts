/**
 * STREAM (RFC 0029): money and data, end to end, over Interledger packets. Four parts that can be used alone:
 *
 * - the wire: {@link StreamPacket} and its {@link StreamFrame}s, written and read; {@link StreamKeys} encrypts them and makes
 *   fulfillments;
 * - receiving: {@link StreamReceiver} answers packets without keeping connections, since all that it must know of one stands
 *   in the address that {@link StreamReceiver.createCredentials} made;
 * - sending: {@link quotePayment} finds out what a payment costs and delivers, {@link payQuote} pays it, {@link resumeQuote} takes
 *   it up again after a crash;
 * - connections: {@link connectStream} and {@link StreamServer} keep connections with any number of streams, each with money and
 *   bytes in both directions.
 *
 * None of them knows how packets travel: a receiver or server is an `IlpPacketHandler`, and who sends is given one.
 *
 * @packageDocumentation
 */

// The wire: packets, frames, encryption, conditions.
export type {
  ConnectionAssetDetailsFrame,
  ConnectionCloseFrame,
  ConnectionDataBlockedFrame,
  ConnectionMaxDataFrame,
  ConnectionMaxStreamIdFrame,
  ConnectionNewAddressFrame,
  ConnectionStreamIdBlockedFrame,
  StreamCloseFrame,
  StreamDataBlockedFrame,
  StreamDataFrame,
  StreamFrame,
  StreamFrameType,
  StreamMaxDataFrame,
  StreamMaxMoneyFrame,
  StreamMoneyBlockedFrame,
  StreamMoneyFrame,
  StreamReceiptFrame,
} from './frames.js';
export { FRAME_TYPE_IDS, sizeOfFrame } from './frames-codec.js';
export {
  decodeStreamPacket,
  encodeStreamPacket,
  ENVELOPE_OVERHEAD,
  MAX_SEQUENCE,
  MAX_STREAM_PACKET_LENGTH,
  sizeOfStreamPacket,
  type EncodeStreamPacketOptions,
  type StreamPacket,
} from './packet.js';
export { StreamErrorCode, streamErrorName } from './error-codes.js';
export { SHARED_SECRET_LENGTH, StreamKeys, unfulfillableCondition } from './keys.js';
export type { Clock, Logger, RandomBytes } from './environment.js';

// Receiving: a stateless receiver, the credentials that it finds again in addresses, receipts (RFC 0039).
export { StreamReceiver, type StreamReceiverOptions } from './receiver.js';
export type { IncomingMoney, MoneyDecision } from './receiver-money.js';
export { divideByShares, type StreamAmount } from './receiver-shares.js';
export {
  MemoryTotalsStore,
  TotalsStoreFullError,
  type MemoryTotalsStoreOptions,
  type TotalsStore,
} from './receiver-totals.js';
export {
  detailsBudget,
  StreamServerSecrets,
  type OpenedCredentials,
  type StreamCredentials,
} from './credentials.js';
export type { CredentialDetails } from './credentials-token.js';
export { CredentialsError } from './credentials-error.js';
export {
  createReceipt,
  decodeReceipt,
  RECEIPT_LENGTH,
  RECEIPT_NONCE_LENGTH,
  RECEIPT_SECRET_LENGTH,
  verifyReceipt,
  type Receipt,
  type ReceiptSetup,
} from './receipt.js';
export {
  MemoryReceiptStore,
  ReceiptVerifier,
  type ReceiptStore,
  type ReceiptVerdict,
  type ReceiptVerifierOptions,
} from './receipt-verifier.js';
export { isSameAsset, type Asset } from './asset.js';
export { secureRandomBytes } from './random.js';

// Sending money: quote, then pay.
export {
  quotePayment,
  Quote,
  type PaymentAmount,
  type QuoteFacts,
  type QuoteOptions,
} from './payment/quote.js';
export {
  payQuote,
  type PaymentOutcome,
  type PaymentProgress,
  type PayOptions,
} from './payment/pay.js';
export { resumeQuote, type ResumeOptions } from './payment/resume.js';
export type { SaveState } from './payment/reservations.js';
export type { SenderOptions } from './payment/session.js';
export {
  PaymentError,
  type PaymentErrorCode,
  type PaymentErrorOptions,
} from './payment/payment-error.js';
export type { Prices } from './payment/minimum-rate.js';
export { toRatio, type Ratio, type RatioLike } from './ratio.js';
export { DEFAULT_SENDER_POLICY, type SenderPolicy } from './connection/sender-policy.js';

// Connections with streams, both ends.
export { connectStream, type ConnectOptions, type IncomingPackets } from './connection/connect.js';
export {
  StreamServer,
  type StreamServerEvents,
  type StreamServerOptions,
} from './server/stream-server.js';
export { StreamConnection, type StreamConnectionEvents } from './connection/stream-connection.js';
export {
  MoneyStream,
  type MoneyStreamEvents,
  type SendMoneyOptions,
} from './connection/money-stream.js';
export type { ConnectionOptions } from './connection/connection-options.js';
export type { IncomingMoneyListeners } from './connection/connection-driver.js';
export {
  StreamConnectionError,
  type StreamConnectionErrorCode,
  type StreamConnectionErrorOptions,
} from './connection/connection-error.js';
export {
  DEFAULT_CONNECTION_POLICY,
  type ConnectionPolicy,
} from './connection/connection-policy.js';
