import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';

/**
 * What a connector asks of a connection to one peer: it carries ILP packets as octets and matches each reply to its
 * request. Whose connection it is has been authenticated before it comes here (RFC 0027: the link decides which account
 * is debited).
 */
export interface Link {
  /** Whether a packet sent now has a chance to arrive. */
  readonly isConnected: boolean;
  /**
   * Sends a Prepare and returns the reply's octets. Rejects with a {@link LinkError}, or any error with its `sent`.
   * @param options.deadline when to stop waiting, in milliseconds since 1970. Later than the packet's expiry, so that
   * fulfillments which come too late are seen.
   */
  send(
    octets: Uint8Array,
    options: { readonly deadline: number; readonly signal?: AbortSignal },
  ): Promise<Uint8Array>;
  /** Sets who answers the peer's Prepares. */
  setHandler(handler: IlpPacketHandler): void;
  /** Tells when the connection comes and goes. @returns how to stop listening. */
  onConnectionChange(listener: (connected: boolean) => void): () => void;
  /** Closes the connection, after what is under way has ended. */
  close(): Promise<void>;
}

/** Whether a packet that got no reply can have reached the peer. */
export type Sent = 'yes' | 'no' | 'unknown';

/** A packet that got no reply. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
  readonly code: 'NOT_CONNECTED' | 'CONNECTION_LOST' | 'TIMEOUT' | 'CLOSED' | 'REFUSED';
  /** Only after `no` may the connector try another next hop. */
  readonly sent: Sent;

  constructor(code: LinkError['code'], sent: Sent, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.sent = sent;
  }
}

/** What an error of a link says about the packet; `unknown` if it does not say. */
export function sentOf(error: unknown): Sent {
  if (typeof error === 'object' && error !== null && 'sent' in error) {
    const { sent } = error;
    if (sent === 'yes' || sent === 'no') return sent;
  }
  return 'unknown';
}
