import type { StreamErrorCode } from '../error-codes.js';

/** How the other endpoint broke the protocol; the connection is closed with this. */
export interface Violation {
  readonly code: StreamErrorCode;
  readonly message: string;
}

export function violation(code: StreamErrorCode, message: string): Violation {
  return { code, message };
}
