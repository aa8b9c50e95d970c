import type { IlpAddress } from '@pennyswitch/ilp-address';
import { encodeReject } from './encode.js';
import {
  ILP_ERROR_NAMES,
  ilpErrorClass,
  type IlpErrorClass,
  type IlpErrorCode,
} from './error-codes.js';
import { encodeAmountTooLargeData, type AmountTooLargeData } from './amount-too-large.js';
import type { IlpReject } from './types.js';

const NO_DATA = new Uint8Array(0);

/** What an {@link IlpError} may carry beside code and message. */
export interface IlpErrorOptions extends ErrorOptions {
  /** The node that made the error; whoever sends the Reject fills it in if it is missing. */
  readonly triggeredBy?: IlpAddress | '';
  readonly data?: Uint8Array;
}

/**
 * A failure that has a place on the wire: throw it where a packet cannot be handled, and turn it into the Reject at
 * the edge. Its message goes to other nodes: say what they need to know, nothing about this one.
 */
export class IlpError extends Error {
  override readonly name: string = 'IlpError';
  /** The code of RFC 0027. */
  readonly code: IlpErrorCode;
  readonly triggeredBy: IlpAddress | '' | undefined;
  readonly data: Uint8Array;

  constructor(code: IlpErrorCode, message: string, options: IlpErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.triggeredBy = options.triggeredBy;
    this.data = options.data ?? NO_DATA;
  }

  /** The error that a Reject stands for. */
  static fromReject(reject: IlpReject): IlpError {
    return new IlpError(reject.code, reject.message, {
      triggeredBy: reject.triggeredBy,
      data: reject.data,
    });
  }

  /** Final, temporary or relative (RFC 0027 "Error Codes"). */
  get errorClass(): IlpErrorClass {
    return ilpErrorClass(this.code);
  }

  /** @param self the address of the node that rejects, used where the error names no other. */
  toReject(self: IlpAddress | '' = ''): IlpReject {
    return {
      code: this.code,
      triggeredBy: this.triggeredBy ?? self,
      message: this.message,
      data: this.data,
    };
  }

  /** The same as bytes. */
  encode(self: IlpAddress | '' = ''): Uint8Array {
    return encodeReject(this.toReject(self));
  }
}

/** F08 with the amounts that let the sender find the largest packet of the path (RFC 0027, F08). */
export function amountTooLarge(amounts: AmountTooLargeData): IlpError {
  return new IlpError(
    'F08',
    `packet size too large. maxAmount=${amounts.maximumAmount} actualAmount=${amounts.receivedAmount}`,
    { data: encodeAmountTooLargeData(amounts) },
  );
}

/** The name of a code as RFC 0027 gives it, or the code itself where it gives none. */
export function ilpErrorName(code: IlpErrorCode): string {
  return ILP_ERROR_NAMES[code] ?? code;
}
