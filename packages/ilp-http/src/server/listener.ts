import type { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import { FirstBytes } from './first-bytes.js';
import { secureContext, type IlpHttpServerTls } from './tls.js';

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

/** What every HTTP/2 connection is told: how many requests at a time, and how long their headers may be, in bytes. */
const HTTP2_SETTINGS = { maxConcurrentStreams: 1000, maxHeaderListSize: 16_384 };

/**
 * A port that takes requests over HTTP/2 and HTTP/1.1: with TLS as ALPN decides, without as the client begins (RFC 9113,
 * section 3.3, "prior knowledge").
 */
export class Listener {
  readonly #server: Server | Http2SecureServer;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #firstBytes: FirstBytes;

  constructor(
    tls: IlpHttpServerTls | undefined,
    limits: ListenerLimits,
    listener: RequestListener,
  ) {
    this.#firstBytes = new FirstBytes(limits.headersTimeoutMs);
    this.#server =
      tls === undefined
        ? this.#plainServer(limits, listener)
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
    this.#firstBytes.destroyAll();
    return closed;
  }

  /** Cuts what is left. */
  destroy(): void {
    if ('closeAllConnections' in this.#server) this.#server.closeAllConnections();
    for (const session of this.#sessions) session.destroy();
  }

  #plainServer(limits: ListenerLimits, listener: RequestListener): Server {
    const server = createServer(http1Options(limits), listener);
    const http2 = createHttp2Server({ settings: HTTP2_SETTINGS }, listener);
    this.#follow(http2, limits);
    // Node's server for plain connections speaks one version: each connection goes to the one that it begins with.
    const http1 = server.listeners('connection') as ((this: Server, socket: Socket) => void)[];
    server.removeAllListeners('connection');
    server.on('connection', (socket) => {
      this.#firstBytes.look(socket, (isHttp2) => {
        if (isHttp2) http2.emit('connection', socket);
        else for (const take of http1) take.call(server, socket);
      });
    });
    return server;
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
      settings: HTTP2_SETTINGS,
    };
    const server = createSecureServer(options, listener);
    // Not an option there: how long an HTTP/1.1 client may take for a header, and may be idle.
    Object.assign(server, http1Options(limits));
    this.#follow(server, limits);
    return server;
  }

  /** Knows the HTTP/2 connections of a server, and ends idle ones. */
  #follow(server: EventEmitter, limits: ListenerLimits): void {
    server.on('session', (session: ServerHttp2Session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      // Without a listener, a client's broken connection would end the process.
      session.on('error', () => undefined);
      session.setTimeout(limits.idleTimeoutMs, () => {
        session.close();
      });
    });
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
