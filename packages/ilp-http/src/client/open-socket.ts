import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { tlsOptions } from './tls-options.js';
import { failure, type TransportOptions } from './transport.js';

/** A connection, and which version of HTTP is spoken on it. */
export interface OpenedSocket {
  readonly socket: Socket;
  readonly isHttp2: boolean;
}

/** Opens a TLS connection that offers both versions of HTTP. @throws TransportError */
export async function openTls(url: URL, options: TransportOptions): Promise<OpenedSocket> {
  const host = hostOf(url);
  const socket = connectTls({
    host,
    port: url.port === '' ? 443 : Number(url.port),
    ALPNProtocols: ['h2', 'http/1.1'],
    // An IP address is no server name (RFC 6066, section 3).
    ...(isIP(host) === 0 && { servername: host }),
    ...tlsOptions(options.tls),
  });
  await opened(socket, 'secureConnect', options.connectTimeoutMs);
  return { socket, isHttp2: socket.alpnProtocol === 'h2' };
}

/** Opens a connection without TLS, to a peer of which we know that it speaks HTTP/2. @throws TransportError */
export async function openPlain(url: URL, options: TransportOptions): Promise<OpenedSocket> {
  const socket = connectTcp({
    host: hostOf(url),
    port: url.port === '' ? 80 : Number(url.port),
  });
  await opened(socket, 'connect', options.connectTimeoutMs);
  return { socket, isHttp2: true };
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '');
}

function opened(
  socket: Socket,
  event: 'connect' | 'secureConnect',
  timeoutMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      reject(failure(false, error));
    };
    const closed = (): void => fail(new Error('closed before it was open'));
    const timer = setTimeout(() => fail(new Error(`not open after ${timeoutMs} ms`)), timeoutMs);
    socket.once('error', fail);
    socket.once('close', closed);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off('error', fail).off('close', closed);
      socket.setNoDelay(true);
      resolve();
    });
  });
}
