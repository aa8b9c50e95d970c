import type { AuthenticationData } from './authentication.js';
import type { BtpError, BtpMessage, BtpTransfer, ProtocolData } from './packet.js';

/** What the owner of a connection, a client or a server, does. */
export interface ConnectionOwner {
  /** Server: look the account up, then call `accept` or `refuse`. */
  authenticate(data: AuthenticationData): void;
  /** Client: the server let us in. */
  opened(protocolData: readonly ProtocolData[]): void;
  /** Client: it did not. */
  refused(error: BtpError): void;
  /** The response to a request of the peer. */
  answer(packet: BtpMessage | BtpTransfer): Promise<readonly ProtocolData[]>;
  /** The connection has ended; its requests in flight fail right after. */
  closed(end: ConnectionEnd): void;
}

/** How a connection ended. */
export interface ConnectionEnd {
  /** WebSocket close code; 1006 without a closing handshake. */
  readonly code: number;
  /** In our words, for people; holds no text of the peer unescaped. */
  readonly reason: string;
  readonly error?: Error | undefined;
}
