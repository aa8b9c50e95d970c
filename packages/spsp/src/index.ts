/**
 * The Simple Payment Setup Protocol (RFC 0009) and payment pointers (RFC 0026): from `$wallet.example/bob` to the address
 * and shared secret of a STREAM connection.
 *
 * {@link SpspClient} asks, {@link createSpspHandler} answers, {@link parsePaymentPointer} reads what people write.
 *
 * @packageDocumentation
 */
export {
  isPaymentPointer,
  parsePaymentPointer,
  PaymentPointerError,
  paymentPointerOf,
  type PaymentPointer,
  type PaymentPointerProblem,
} from './payment-pointer.js';
export {
  SpspClient,
  type SpspExchange,
  type SpspClientOptions,
  type SpspQueryOptions,
  type SpspResult,
} from './client.js';
export type { FetchFunction } from './redirects.js';
export {
  createSpspHandler,
  type ClientInfo,
  type PlainRequest,
  type PlainResponse,
  type SpspAnswer,
  type SpspGone,
  type SpspHandler,
  type SpspQuery,
  type SpspServerOptions,
} from './server.js';
export type { RateLimitOptions } from './rate-limit.js';
export {
  decodeSpspDetails,
  encodeSpspDetails,
  type PushDetails,
  type SpspDetails,
} from './response.js';
// Paying: from a pointer and an amount to a receipt.
export { AmountError, formatAmount, parseAmount, type AmountErrorCode } from './amount.js';
export { quote, SpspQuote, type SpspPayOptions, type SpspQuoteOptions } from './payment/quote.js';
export { pay, type SpspPaymentOptions } from './payment/pay.js';
export type { SpspAmount } from './payment/amount.js';
export type { SpspOutcome } from './payment/outcome.js';
// Books of what came in: invoices, events that are told at least once.
export {
  Cashbook,
  type CashbookOptions,
  type NewInvoice,
  type PointerOptions,
  type ReceiverBooks,
} from './received/cashbook.js';
export { InvoiceError, statusOf, type Invoice, type InvoiceStatus } from './received/invoice.js';
export type { MoneyEvent } from './received/records.js';
export { MemoryJournal, type Journal } from './received/journal.js';
export { Outbox, type OutboxOptions } from './received/outbox.js';
export { encodeEvent, verifyWebhook, webhook, type WebhookOptions } from './received/webhook.js';
// A receipt verifier (RFC 0039) as a service of its own.
export { createReceiptVerifier, type ReceiptVerifierServiceOptions } from './verifier/service.js';
export { ReceiptBook, type ReceiptBookOptions } from './verifier/receipt-book.js';
export { SpspError, type SpspErrorCode } from './errors.js';
export { SPSP_LEGACY_MEDIA_TYPE, SPSP_MEDIA_TYPE } from './media-types.js';
