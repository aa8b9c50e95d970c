/** A WebSocket, reduced to what BTP needs, so that Node's and the browser's look the same. */
export interface BtpSocket {
  /** Queues one binary message. */
  send(octets: Uint8Array): void;
  /** Bytes that were queued and not yet given to the network. */
  readonly bufferedAmount: number;
  /** Sends a WebSocket ping; undefined where the platform has none (browsers). */
  readonly ping: (() => void) | undefined;
  /** Starts the closing handshake after what is queued. `code` is 1000 or 3000 to 4999; `reason` up to 123 bytes. */
  close(code: number, reason: string): void;
  /** Ends it at once. */
  terminate(): void;
}

/** What a socket tells. Nothing comes after `onClose`, which always comes. */
export interface SocketListener {
  onOpen(): void;
  /** A binary message. The bytes are the listener's: nobody changes them afterwards. */
  onMessage(octets: Uint8Array): void;
  /** A text message, which BTP does not have. */
  onText(): void;
  /** A ping or pong. */
  onAlive(): void;
  onClose(end: SocketEnd): void;
}

/** How a socket ended. */
export interface SocketEnd {
  /** The WebSocket close code; 1006 without a closing handshake. */
  readonly code: number;
  /** From the peer: escape it before printing. */
  readonly reason: string;
  /** What the platform says about it, where it does. */
  readonly error?: Error | undefined;
}

/** TLS settings of a client. Texts are PEM. Browsers take none: theirs come from the operating system. */
export interface BtpClientTls {
  /** Certificate authorities to trust instead of the well-known ones. */
  readonly ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** Our certificate and its key, for servers that ask for one. */
  readonly cert?: string | Uint8Array;
  readonly key?: string | Uint8Array;
  /** The name that the server's certificate is checked against; default the URL's host. */
  readonly servername?: string;
}

/** What opening takes. */
export interface OpenSocketOptions {
  readonly maxMessageBytes: number;
  readonly tls?: BtpClientTls | undefined;
}

/** Opens a WebSocket to a `ws:` or `wss:` URL. */
export type OpenSocket = (
  url: string,
  options: OpenSocketOptions,
  listener: SocketListener,
) => BtpSocket;
