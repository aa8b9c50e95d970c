import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../environment.js';
import type { Clock } from '@pennyswitch/stream';
import { nodeListener, type NodeHandler } from './listener.js';
import {
  checkTls,
  fileVersions,
  readTlsFiles,
  toSecureContextOptions,
  type TlsFiles,
  type TlsTexts,
} from './tls.js';

/** Options of {@link SpspHttpServer.listen}. */
export interface SpspHttpServerOptions {
  readonly handler: NodeHandler;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 443; 0 takes any free one. */
  readonly port?: number;
  /** Certificate chain and key: as texts, or as files that are read again when they change. `none` for plain HTTP behind a proxy. */
  readonly tls: TlsTexts | TlsFiles | 'none';
  /** How often files are looked at, in milliseconds; default 10 000. */
  readonly reloadIntervalMs?: number;
  /** Told of each certificate that was taken over, and of each that could not be: then the old one stays. */
  readonly onReload?: (error: Error | undefined) => void;
  /** Most connections at once; default 10 000. More are closed as they come. */
  readonly maxConnections?: number;
  /** How long a client may take for the header of a request, in milliseconds; default 5 000. */
  readonly headersTimeoutMs?: number;
  /** How long a connection may be idle between requests, in milliseconds; default 5 000. */
  readonly keepAliveTimeoutMs?: number;
  readonly clock?: Clock;
}

/** The longest header of a request, in bytes. SPSP needs some hundreds. */
const MAX_HEADER_BYTES = 8_192;
/** How many requests a connection may bring before it has to be made anew. */
const MAX_REQUESTS_PER_SOCKET = 10_000;
/** How long requests that are being answered may take when the server closes, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** An HTTPS server with limits that suit SPSP: small headers, no bodies, short waits. */
export class SpspHttpServer {
  readonly host: string;
  readonly port: number;
  readonly #server: Server | HttpsServer;
  readonly #options: SpspHttpServerOptions;
  readonly #clock: Clock;
  #timer: unknown;
  #versions = '';
  #isClosed = false;

  private constructor(server: Server | HttpsServer, options: SpspHttpServerOptions) {
    const { address, port } = server.address() as AddressInfo;
    this.host = address;
    this.port = port;
    this.#server = server;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /**
   * Starts a server.
   * @throws the errors of `listen` (`EADDRINUSE`), of reading files, and of TLS for a certificate and key that cannot be used.
   */
  static async listen(options: SpspHttpServerOptions): Promise<SpspHttpServer> {
    const { tls } = options;
    const versions = isFiles(tls) ? await fileVersions(tls) : '';
    const server = createServer(options, isFiles(tls) ? await readTlsFiles(tls) : tls);
    server.maxConnections = options.maxConnections ?? 10_000;
    server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.port ?? 443, options.host ?? '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    const running = new SpspHttpServer(server, options);
    running.#versions = versions;
    if (isFiles(tls)) running.#watch(tls);
    return running;
  }

  /**
   * Takes another certificate for connections from now on; those that are open keep theirs.
   * @throws TLS errors for a certificate and key that cannot be used: then nothing changes.
   */
  setCertificate(texts: TlsTexts): void {
    checkTls(texts);
    if (this.#server instanceof HttpsServer) {
      this.#server.setSecureContext(toSecureContextOptions(texts));
    }
  }

  /** Takes no more requests, and ends the connections that wait for one; a client that dawdles is not waited for. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#clock.clearTimeout(this.#timer);
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#server.closeAllConnections();
      }, CLOSE_TIMEOUT_MS);
      this.#server.close(() => {
        clearTimeout(timer);
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  /** Looks at the files now and then: notices of the file system get lost where files are links or on another machine. */
  #watch(files: TlsFiles): void {
    if (this.#isClosed) return;
    this.#timer = this.#clock.setTimeout(() => {
      void this.#reload(files).finally(() => {
        this.#watch(files);
      });
    }, this.#options.reloadIntervalMs ?? 10_000);
    // Looking at files is no reason to keep a process alive.
    if (this.#timer instanceof Object && 'unref' in this.#timer) {
      (this.#timer as NodeJS.Timeout).unref();
    }
  }

  async #reload(files: TlsFiles): Promise<void> {
    try {
      const versions = await fileVersions(files);
      if (versions === this.#versions) return;
      this.#versions = versions;
      this.setCertificate(await readTlsFiles(files));
      this.#options.onReload?.(undefined);
    } catch (error) {
      // Half-written, perhaps: the next write changes the version again.
      this.#options.onReload?.(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function createServer(
  options: SpspHttpServerOptions,
  tls: TlsTexts | 'none',
): Server | HttpsServer {
  const limits = {
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: options.headersTimeoutMs ?? 5_000,
    requestTimeout: 2 * (options.headersTimeoutMs ?? 5_000),
    keepAliveTimeout: options.keepAliveTimeoutMs ?? 5_000,
    connectionsCheckingInterval: 1_000,
  };
  const listener = nodeListener(options.handler);
  return tls === 'none'
    ? createHttpServer(limits, listener)
    : createHttpsServer(
        { ...limits, handshakeTimeout: 10_000, ...toSecureContextOptions(tls) },
        listener,
      );
}

function isFiles(tls: SpspHttpServerOptions['tls']): tls is TlsFiles {
  return tls !== 'none' && 'certFile' in tls;
}
