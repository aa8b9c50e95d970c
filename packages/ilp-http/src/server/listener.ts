import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { pem } from '../client/tls-options.js';

/** A certificate chain and its key, PEM, and whose certificates clients may show. */
export interface IlpHttpServerTls {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  /**
   * Ask clients for a certificate. Those that one of these authorities signed may be recognised by name, all others by
   * their fingerprint only.
   */
  readonly clientCa?: readonly (string | Uint8Array)[];
}

/** Answers requests of node's servers, of HTTP/1.1 and HTTP/2 alike. */
export type RequestListener = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** The numbers of a listener. */
export interface ListenerLimits {
  /** Connections at a time; more are closed at once. */
  readonly maxConnections: number;
  /** A request's header has to arrive within so long. */
  readonly headersTimeoutMs: number;
  /** An idle connection is closed after so long. Longer than clients keep theirs, so that none is closed under a request. */
  readonly idleTimeoutMs: number;
}

/** A port that takes requests: with TLS over HTTP/2 or HTTP/1.1, as ALPN decides; without, over HTTP/1.1. */
export class Listener {
  readonly #server: Server | Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(
    tls: IlpHttpServerTls | undefined,
    limits: ListenerLimits,
    listener: RequestListener,
  ) {
    this.#server =
      tls === undefined
        ? createServer(http1Options(limits), listener)
        : this.#secureServer(tls, limits, listener);
    this.#server.maxConnections = limits.maxConnections;
  }

  /** @returns where it listens. */
  listen(port: number, host: string): Promise<{ port: number; host: string }> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        const address = this.#server.address();
        if (address === null || typeof address === 'string') resolve({ port, host });
        else resolve({ port: address.port, host: address.address });
      });
    });
  }

  /** Takes new keys for new connections. */
  renewTls(tls: IlpHttpServerTls): void {
    if ('setSecureContext' in this.#server) this.#server.setSecureContext(secureContext(tls));
  }

  /** Takes no new connections, and closes those that have nothing to do. @returns when all are closed. */
  stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    if ('closeIdleConnections' in this.#server) this.#server.closeIdleConnections();
    for (const session of this.#sessions) session.close();
    return closed;
  }

  /** Cuts what is left. */
  destroy(): void {
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
    for (const session of this.#sessions) session.destroy();
  }

  #secureServer(
    tls: IlpHttpServerTls,
    limits: ListenerLimits,
    listener: RequestListener,
  ): Http2SecureServer {
    const options = {
      ...secureContext(tls),
      ...http1Options(limits),
      allowHTTP1: true,
      handshakeTimeout: limits.headersTimeoutMs,
      requestCert: tls.clientCa !== undefined,
      // Whoever has a certificate of its own gets through TLS; the authenticator decides.
      rejectUnauthorized: false,
      settings: { maxConcurrentStreams: 1000, maxHeaderListSize: 16_384 },
    };
    const server = createSecureServer(options, listener);
    // Not an option there: how long an HTTP/1.1 client may take for a header, and may be idle.
    Object.assign(server, http1Options(limits));
    server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      // Without a listener, a client's broken connection would end the process.
      session.on('error', () => undefined);
      session.setTimeout(limits.idleTimeoutMs, () => {
        session.close();
      });
    });
    return server;
  }
}

function http1Options(limits: ListenerLimits): object {
  return {
    headersTimeout: limits.headersTimeoutMs,
    keepAliveTimeout: limits.idleTimeoutMs,
    connectionsCheckingInterval: Math.min(1000, limits.headersTimeoutMs),
    noDelay: true,
  };
}

function secureContext(tls: IlpHttpServerTls): { cert: string | Buffer; key: string | Buffer } {
  const { cert, key, clientCa } = tls;
  return {
    cert: pem(cert),
    key: pem(key),
    ...(clientCa !== undefined && { ca: clientCa.map(pem) }),
  };
}
