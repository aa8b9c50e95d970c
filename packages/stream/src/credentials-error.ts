/** Credentials that cannot be made. Says what is wrong, and what is allowed. */
export class CredentialsError extends Error {
  override readonly name = 'CredentialsError';
  /**
   * - `ADDRESS_TOO_LONG`: address and details do not fit into an ILP address together;
   * - `BAD_DETAILS`: a detail is out of its range;
   * - `BAD_SECRET`: no secret is given, or one that has not 32 bytes;
   * - `NO_ADDRESS`: the receiver does not know its address yet.
   */
  readonly code: 'ADDRESS_TOO_LONG' | 'BAD_DETAILS' | 'BAD_SECRET' | 'NO_ADDRESS';

  constructor(code: CredentialsError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
