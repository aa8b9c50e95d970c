import type { BtpPeer, BtpServerTls, BtpTlsPair, UpgradeServer } from './server-socket.js';
import type { BtpSocket, SocketListener } from './socket.js';

/** What accepts WebSockets for a `BtpServer`; in Node only, hence behind `#websocket-server`. */
export interface Acceptor {
  attach(server: UpgradeServer): void;
  listen(port: number, host: string): Promise<{ port: number; host: string }>;
  /** Uses another certificate for new connections. */
  setTls(pair: BtpTlsPair): void;
  /** Accepts no more. Open WebSockets stay; the promise resolves when those on own ports have ended. */
  close(): Promise<void>;
}

/** What it asks and tells. */
export interface AcceptorOptions {
  readonly maxMessageBytes: number;
  readonly tls: BtpServerTls | undefined;
  /** Whether an upgrade on an attached server is meant for BTP; others are left alone. */
  isOurs(peer: BtpPeer): boolean;
  /** An HTTP status to refuse with, or undefined to go on; then `connected` or `abandoned` follows. */
  admit(peer: BtpPeer): number | undefined;
  connected(peer: BtpPeer, adopt: (listener: SocketListener) => BtpSocket): void;
  abandoned(peer: BtpPeer): void;
  tlsReloaded(): void;
  tlsFailed(error: Error): void;
  /** Something went wrong that ends no connection. */
  failed(error: Error): void;
}

export type MakeAcceptor = (options: AcceptorOptions) => Acceptor;
