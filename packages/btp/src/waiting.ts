import { BtpRequestError, describeBtpError } from './errors.js';
import { BtpType, type BtpError, type BtpResponse, type ProtocolData } from './packet.js';

/** How long a request may take, and who may end it earlier. */
export interface BtpRequestOptions {
  /**
   * Epoch milliseconds by the endpoint's clock; from then on the request fails. Infinity waits as long as the connection
   * lasts.
   */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
}

/** Whoever waits for the response to a request. */
export interface Waiting {
  readonly resolve: (protocolData: readonly ProtocolData[]) => void;
  readonly reject: (error: BtpRequestError) => void;
  /** Takes the listener off the caller's signal. */
  readonly release: (() => void) | undefined;
}

/** For requests whose response nobody looks at. */
export const NOBODY: Waiting = {
  resolve: () => undefined,
  reject: () => undefined,
  release: undefined,
};

/** A response came. */
export function settle(waiting: Waiting, reply: BtpResponse | BtpError): void {
  if (reply.type === BtpType.error) {
    const message = `the peer answered with an Error: ${describeBtpError(reply)}`;
    fail(waiting, new BtpRequestError('PEER_ERROR', 'yes', message, { btpError: reply }));
  } else {
    waiting.release?.();
    waiting.resolve(reply.protocolData);
  }
}

/** No response will come. */
export function fail(waiting: Waiting, error: BtpRequestError): void {
  waiting.release?.();
  waiting.reject(error);
}

/** What is the matter with the time or signal of a request that has not been sent yet. */
export function problemOf(
  { deadline, signal }: BtpRequestOptions,
  now: number,
): BtpRequestError | undefined {
  if (signal?.aborted === true) return aborted('no', signal);
  if (deadline > now) return undefined;
  return new BtpRequestError('DEADLINE_PASSED', 'no', `the deadline ${deadline} is not ahead`);
}

/** The caller's signal. */
export function aborted(sent: 'no' | 'unknown', signal: AbortSignal): BtpRequestError {
  const cause: unknown = signal.reason;
  return new BtpRequestError('ABORTED', sent, 'aborted by the caller', { cause });
}
