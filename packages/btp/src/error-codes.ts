/** The codes of RFC 0023 ("Error Codes") with their names. F02 was never given a meaning. */
export const BTP_ERROR_NAMES = {
  T00: 'UnreachableError',
  F00: 'NotAcceptedError',
  F01: 'InvalidFieldsError',
  F03: 'TransferNotFoundError',
  F04: 'InvalidFulfillmentError',
  F05: 'DuplicateIdError',
  F06: 'AlreadyRolledBackError',
  F07: 'AlreadyFulfilledError',
  F08: 'InsufficientBalanceError',
} as const;

/** A code that RFC 0023 lists: T is temporary and may be retried, F is final. */
export type BtpErrorCode = keyof typeof BTP_ERROR_NAMES;

/** The most bytes of `data` that a BTP Error may carry (BilateralTransferProtocol.asn, `SIZE (0..8192)`). */
export const MAX_ERROR_DATA_LENGTH = 8192;

/** Whether a code says that the same request may be sent again later (RFC 0023 "Error Codes"). */
export function isTemporary(code: string): boolean {
  return code.startsWith('T');
}
