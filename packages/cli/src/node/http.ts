import { serve, type ServerType } from '@hono/node-server';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Listener } from './listen.js';

/** An HTTP server that listens. */
export interface RunningServer {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Something that answers HTTP requests, for example a Hono application. */
export type FetchHandler = (request: Request) => Response | Promise<Response>;

/**
 * Serves a handler over HTTP, or over HTTPS with a certificate and its key (PEM).
 * @throws the error of `listen`, for example `EADDRINUSE`.
 */
export async function serveHttp(
  { host, port }: Listener,
  handler: FetchHandler,
  tls?: { readonly cert: string; readonly key: string },
): Promise<RunningServer> {
  const server = await new Promise<ServerType>((resolve, reject) => {
    const starting = serve(
      {
        fetch: handler,
        hostname: host,
        port,
        ...(tls === undefined
          ? {}
          : { createServer: createHttpsServer, serverOptions: { ...tls } }),
      },
      () => {
        starting.off('error', reject);
        resolve(starting);
      },
    );
    starting.once('error', reject);
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    close: () => closeServer(server),
  };
}

/** How long requests that are being answered may take when a server closes, in milliseconds. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Takes no more requests and ends the connections that wait for the next one; a client that dawdles is not waited for. */
function closeServer(server: ServerType): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      if ('closeAllConnections' in server) server.closeAllConnections();
    }, CLOSE_TIMEOUT_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    if ('closeIdleConnections' in server) server.closeIdleConnections();
  });
}
