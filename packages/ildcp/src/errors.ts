import type { IlpErrorCode, IlpReject } from '@pennyswitch/ilp-packet';

/**
 * Why a request brought no configuration:
 * - `REJECTED`: the parent answered with a Reject; `reject` holds it;
 * - `BAD_REPLY`: what came back is no ILP packet, no valid fulfillment, or holds no valid configuration;
 * - `UNSUITABLE`: the configuration cannot be used, for example an address that only the direct peer may see.
 */
export type IldcpErrorCode = 'REJECTED' | 'BAD_REPLY' | 'UNSUITABLE';

/** The parent gave no configuration, or none that can be used. */
export class IldcpError extends Error {
  override readonly name = 'IldcpError';
  readonly code: IldcpErrorCode;
  /** The parent's Reject, where it sent one. Its message is the parent's text: escape it before printing. */
  readonly reject: IlpReject | undefined;

  constructor(
    code: IldcpErrorCode,
    message: string,
    options: ErrorOptions & { reject?: IlpReject } = {},
  ) {
    super(message, options);
    this.code = code;
    this.reject = options.reject;
  }

  /** The ILP error code of the parent's Reject, where it sent one. */
  get rejectCode(): IlpErrorCode | undefined {
    return this.reject?.code;
  }
}
