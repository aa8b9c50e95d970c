/** A journal file that cannot be used. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  /** `CORRUPT`: a record that was kept safely has changed; `IN_USE`: another process has it; `FAILED`: a write went wrong. */
  readonly code: 'CORRUPT' | 'IN_USE' | 'FAILED';

  constructor(code: JournalError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
