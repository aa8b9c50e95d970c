/** What went wrong in a call to a connector. */
export type ConnectorErrorCode =
  /** A setting is out of its range, or two contradict each other. */
  | 'BAD_SETTING'
  /** An account of that id exists already. */
  | 'DUPLICATE_ACCOUNT'
  /** No account has that id. */
  | 'UNKNOWN_ACCOUNT'
  /** Configuration, parent or stored books name different assets for one account. */
  | 'ASSET_MISMATCH'
  /** The call needs something that this account does not have, such as a settlement engine. */
  | 'NOT_CONFIGURED'
  /** The store failed. */
  | 'STORE'
  /** What was waited for did not happen in time, or the caller gave up. */
  | 'TIMEOUT';

/** A call that a connector could not do. Its message is for the operator, never for a peer. */
export class ConnectorError extends Error {
  override readonly name = 'ConnectorError';
  readonly code: ConnectorErrorCode;

  constructor(code: ConnectorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What went wrong in a ledger. */
export type LedgerErrorCode =
  /** No book was opened for that account. */
  | 'UNKNOWN_ACCOUNT'
  /** The book was opened with another asset; amounts would change their meaning. */
  | 'ASSET_CHANGED'
  /** The entry was committed or released already. */
  | 'NOT_HELD'
  /** An amount is negative. */
  | 'BAD_AMOUNT'
  /** Debits and credits differ: a bug, or a damaged store. */
  | 'OUT_OF_BALANCE'
  /** Another process has the store open. */
  | 'STORE_LOCKED'
  /** What is on the disk is no store, or one of another version. */
  | 'STORE_UNREADABLE'
  /** The store cannot be reached, or has not answered in time. What must not be left out is done later. */
  | 'STORE_UNAVAILABLE';

/** A step that a ledger refuses because money would appear or disappear. */
export class LedgerError extends Error {
  override readonly name = 'LedgerError';
  readonly code: LedgerErrorCode;

  constructor(code: LedgerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What went wrong with a rate. */
export type RateErrorCode =
  /** A number that is no rate, price or spread, or out of its range. */
  | 'BAD_NUMBER'
  /** A pair that is not written `FROM/TO`. */
  | 'BAD_PAIR'
  /** A source did not answer with rates. */
  | 'NO_RATES';

/** Rates that cannot be used. */
export class RateError extends Error {
  override readonly name = 'RateError';
  readonly code: RateErrorCode;

  constructor(code: RateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
