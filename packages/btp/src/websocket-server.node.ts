/** `#websocket-server` in Node: accepts WebSockets with `ws`, on a port of its own or on somebody's HTTP server. */
import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { WebSocketServer, type Server as WsServer } from 'ws';
import type {
  BtpPeer,
  BtpPeerCertificate,
  BtpServerTls,
  BtpTlsPair,
  UpgradeServer,
} from './server-socket.js';
import type { Acceptor, AcceptorOptions, MakeAcceptor } from './acceptor.js';
import { LinkSocket } from './websocket.node.js';

export const makeAcceptor: MakeAcceptor = (options) => new NodeAcceptor(options);

/** An HTTP request that takes longer than this to arrive is dropped, in milliseconds. */
const REQUEST_TIMEOUT_MS = 10_000;
const WATCH_INTERVAL_MS = 5000;

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

class NodeAcceptor implements Acceptor {
  readonly #options: AcceptorOptions;
  readonly #webSockets: WsServer<typeof LinkSocket>;
  readonly #listening = new Set<Server | TlsServer>();
  readonly #attached = new Map<UpgradeServer, UpgradeListener>();
  /** How to end the watching of files: of our own, others in this process may watch them too. */
  readonly #unwatch: (() => void)[] = [];

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#webSockets = new WebSocketServer({
      noServer: true,
      WebSocket: LinkSocket,
      clientTracking: false,
      maxPayload: options.maxMessageBytes,
      perMessageDeflate: false,
    });
  }

  attach(server: UpgradeServer): void {
    const upgrade: UpgradeListener = (request, socket, head) =>
      this.#upgrade(request, socket, head, server);
    this.#attached.set(server, upgrade);
    server.on('upgrade', upgrade as (...args: unknown[]) => void);
  }

  listen(port: number, host: string): Promise<{ port: number; host: string }> {
    const server = this.#makeServer();
    server.requestTimeout = REQUEST_TIMEOUT_MS;
    server.headersTimeout = REQUEST_TIMEOUT_MS;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head, undefined),
    );
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        server.on('error', (error) => this.#options.failed(error));
        this.#listening.add(server);
        const address = server.address() as AddressInfo;
        resolve({ port: address.port, host: address.address });
      });
    });
  }

  setTls(pair: BtpTlsPair): void {
    const context = secureContext(pair);
    for (const server of this.#listening) {
      if ('setSecureContext' in server) server.setSecureContext(context);
    }
  }

  async close(): Promise<void> {
    for (const [server, listener] of this.#attached) {
      server.off('upgrade', listener as (...args: unknown[]) => void);
    }
    this.#attached.clear();
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    const servers = [...this.#listening];
    this.#listening.clear();
    await Promise.all(
      servers.map((server) => {
        server.closeIdleConnections();
        return new Promise<void>((resolve) => server.close(() => resolve()));
      }),
    );
  }

  #makeServer(): Server | TlsServer {
    const answer = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(426, { Connection: 'close', Upgrade: 'websocket' });
      response.end();
    };
    const { tls } = this.#options;
    if (tls === undefined) return createServer(answer);
    const server = createTlsServer(
      { ...secureContext(pairOf(tls)), ...clientCertificates(tls) },
      answer,
    );
    if ('certFile' in tls) this.#watch(tls.certFile, tls.keyFile, tls);
    return server;
  }

  /** A renewed certificate is used for new connections; one that cannot be read is reported and the old one kept. */
  #watch(certFile: string, keyFile: string, tls: BtpServerTls): void {
    const interval =
      ('watchIntervalMs' in tls ? tls.watchIntervalMs : undefined) ?? WATCH_INTERVAL_MS;
    const reload = (): void => {
      try {
        this.setTls(pairOf(tls));
      } catch (error) {
        this.#options.tlsFailed(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      this.#options.tlsReloaded();
    };
    for (const file of [certFile, keyFile]) {
      watchFile(file, { interval, persistent: false }, reload);
      this.#unwatch.push(() => unwatchFile(file, reload));
    }
  }

  #upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    attachedTo: UpgradeServer | undefined,
  ): void {
    const peer = peerOf(request);
    if (attachedTo !== undefined && !this.#options.isOurs(peer)) return; // Another listener's.
    const refusal = this.#options.admit(peer);
    if (refusal !== undefined) {
      refuseUpgrade(socket, refusal);
      return;
    }
    const handshake = { isDone: false };
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      handshake.isDone = true;
      this.#options.connected(peer, (listener) => webSocket.link(listener, socket));
    });
    // A good handshake gets to the callback at once, a bad one never.
    if (!handshake.isDone) this.#options.abandoned(peer);
  }
}

function refuseUpgrade(socket: Duplex, status: number): void {
  const text = STATUS_CODES[status] ?? '';
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${text}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    socket.destroy(),
  );
}

function peerOf(request: IncomingMessage): BtpPeer {
  const { socket, headers, url } = request;
  return {
    address: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    path: url ?? '/',
    origin: headers.origin,
    certificate: certificateOf(socket),
  };
}

function certificateOf(socket: unknown): BtpPeerCertificate | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return undefined;
  const commonName = /^CN=(.*)$/m.exec(certificate.subject)?.[1];
  return {
    authorized: socket.authorized,
    commonName,
    fingerprint256: certificate.fingerprint256,
  };
}

function pairOf(tls: BtpServerTls): BtpTlsPair {
  if (!('certFile' in tls)) return tls;
  return { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) };
}

function secureContext({ cert, key }: BtpTlsPair): { cert: string | Buffer; key: string | Buffer } {
  return { cert: pem(cert), key: pem(key) };
}

function clientCertificates({ clientCa }: BtpServerTls): object {
  if (clientCa === undefined) return {};
  // Not rejected here: `authenticate` sees whether it is authorized, and the client gets a BTP Error.
  return { requestCert: true, rejectUnauthorized: false, ca: clientCa.map(pem) };
}

function pem(text: string | Uint8Array): string | Buffer {
  return typeof text === 'string' ? text : Buffer.from(text);
}
