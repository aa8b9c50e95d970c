/** HTTP/2 and HTTP/1.1 on one port: by ALPN with TLS, by how the client begins without it (RFC 0035, RFC 9113 3.3). */
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it } from 'vitest';
import type { ListenerLimits } from '../src/index.js';
import { Authority } from './certificates.js';
import {
  aPeer,
  clientAndServer,
  closing,
  failureOf,
  soon,
  TOKEN_OF_ALICE,
  until,
} from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);
const REPLY = Uint8Array.of(3, 2, 1);

/** A server that notes which version each request came over. */
async function noting(http2: boolean | 'prior-knowledge', limits: Partial<ListenerLimits> = {}) {
  const versions: string[] = [];
  const link = await clientAndServer({
    server: {
      limits,
      authenticate: ({ headers }) => {
        versions.push(':path' in headers ? '2.0' : '1.1');
        return Promise.resolve('alice');
      },
    },
    peer: { incoming: { tokens: ['another-one-so-that-authenticate-is-asked'] } },
    client: { http2 },
  });
  return { ...link, versions };
}

function rawSocket(url: string): { socket: Socket; closed: Promise<void>; text: () => string } {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  closing(() => Promise.resolve(socket.destroy()));
  let text = '';
  socket
    .on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
    .on('error', () => undefined);
  return {
    socket,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    text: () => text,
  };
}

describe('without TLS', () => {
  it.each([
    ['prior-knowledge', '2.0'],
    [true, '1.1'],
    [false, '1.1'],
  ] as const)('a client that is told %s speaks HTTP/%s', async (http2, version) => {
    const { alice, versions } = await noting(http2);
    const replies = await Promise.all([1, 2, 3].map(() => alice.send(PACKET, soon())));
    expect(replies).toEqual([REPLY, REPLY, REPLY]);
    expect(new Set(versions)).toEqual(new Set([version]));
  });

  it('HTTP/2 carries large packets and many at a time over one connection', async () => {
    const { alice, server } = await noting('prior-knowledge');
    const packets = Array.from({ length: 300 }, (_, i) => new Uint8Array(1 + i * 200).fill(i));
    const replies = await Promise.all(packets.map((packet) => alice.send(packet, soon())));
    expect(replies.map((reply) => reply.length)).toEqual(packets.map(({ length }) => length));
    expect(server.counters.failed).toBe(0);
  });

  it('both versions share a port, however slowly the first bytes come', async () => {
    const { url } = await noting(true);
    const { socket, text } = rawSocket(url);
    const request =
      `POST /ilp HTTP/1.1\r\nHost: bob\r\nAuthorization: Bearer ${TOKEN_OF_ALICE}\r\n` +
      'Content-Type: application/octet-stream\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx';
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    socket.setNoDelay(true);
    for (const character of request) {
      socket.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => text().endsWith('x'));
    expect(text()).toMatch(/^HTTP\/1.1 200 /);

    const session = connectHttp2(new URL(url).origin);
    closing(() => {
      session.destroy();
      return Promise.resolve();
    });
    const stream = session.request({
      ':method': 'POST',
      ':path': '/ilp',
      authorization: `Bearer ${TOKEN_OF_ALICE}`,
      'content-type': 'application/octet-stream',
    });
    stream.end('y');
    const status = await new Promise((resolve) => {
      stream.once('response', (headers) => resolve(headers[':status']));
    });
    expect(status).toBe(200);
  });

  it.each([
    ['nothing', ''],
    ['half a preface', 'PRI * HT'],
    ['a preface and no more', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['half a header', 'POST /ilp HTTP/1.1\r\nHost'],
    ['no HTTP at all', '\u0000\u0001\u0002 hello\r\n\r\n'],
  ])('a client that sends %s is cut off, and others are served', async (_, text) => {
    const { alice, url } = await noting('prior-knowledge', { headersTimeoutMs: 300 });
    // On a busy machine, Alice may be too slow as well; once she is in she may take her time.
    while ((await alice.send(PACKET, soon()).catch(() => undefined)) === undefined);
    const { socket, closed } = rawSocket(url);
    if (text !== '') socket.write(text);
    if (text.endsWith('SM\r\n\r\n')) {
      // HTTP/2 connections may be idle; then it is up to the idle time, here to the test.
      await until(() => socket.bytesRead > 0);
      socket.destroy();
    }
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    await closed;
  });

  it('a peer that allows two requests at a time over HTTP/2 gets them all, two at a time', async () => {
    let [now, most] = [0, 0];
    const server = createHttp2Server({ settings: { maxConcurrentStreams: 2 } });
    server.on('stream', (stream) => {
      most = Math.max(most, ++now);
      stream.on('error', () => undefined).resume();
      stream.once('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
        stream.end('reply');
      });
      stream.once('close', () => (now -= 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const alice = aPeer({ url: `http://127.0.0.1:${port}/ilp`, http2: 'prior-knowledge' });
    // The first tells us of the limit.
    await alice.send(PACKET, soon());
    const replies = await Promise.all(
      Array.from({ length: 100 }, () => alice.send(PACKET, soon())),
    );
    expect(replies).toHaveLength(100);
    expect(most).toBe(2);
    await alice.close();
  });

  it('thousands of requests over HTTP/2 reset no stream, and their connection stays', async () => {
    const codes = new Set<number>();
    let sessions = 0;
    let pings = 0;
    const server = createHttp2Server();
    server.on('session', (session) => {
      sessions += 1;
      session.on('ping', () => (pings += 1));
    });
    server.on('stream', (stream) => {
      stream.on('error', () => undefined).resume();
      stream.once('end', () => {
        stream.respond({ ':status': 200, 'content-type': 'application/octet-stream' });
        stream.end('reply');
      });
      stream.once('close', () => codes.add(stream.rstCode));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const alice = aPeer({ url: `http://127.0.0.1:${port}/ilp`, http2: 'prior-knowledge' });
    // More than the 1,000 resets that nghttp2 lets pass at once.
    for (let i = 0; i < 13; i++) {
      await Promise.all(Array.from({ length: 100 }, () => alice.send(PACKET, soon())));
    }
    await alice.close();
    expect([...codes]).toEqual([0]);
    expect([sessions, pings]).toEqual([1, 0]);
  });

  it('close() does not wait for connections that have not begun', async () => {
    const { server, url } = await noting(true);
    const { closed } = rawSocket(url);
    await server.close({ drainTimeoutMs: 1 });
    await closed;
  });

  it('a peer that does not speak HTTP/2 after all is an error, not a wait', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.resume().end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const alice = aPeer({ url: `http://127.0.0.1:${port}/ilp`, http2: 'prior-knowledge' });
    const error = await failureOf(alice.send(PACKET, soon()));
    expect(['CONNECTION_LOST', 'UNREACHABLE']).toContain(error.code);
  });
});

describe('with TLS', () => {
  it.each([
    [['h2', 'http/1.1'], 'h2'],
    [['http/1.1'], 'http/1.1'],
    [['http/1.1', 'h2'], 'h2'],
    [undefined, false],
  ])('our server, offered %j, chooses %s (ALPN, RFC 7301)', async (offered, chosen) => {
    const authority = await Authority.create();
    const { url } = await clientAndServer({
      server: { tls: await authority.issue({ ip: ['127.0.0.1'] }) },
    });
    const socket = connectTls({
      port: Number(new URL(url).port),
      host: '127.0.0.1',
      ca: authority.pem,
      ...(offered !== undefined && { ALPNProtocols: offered }),
    });
    closing(() => Promise.resolve(socket.destroy()));
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve).once('error', reject);
    });
    expect(socket.alpnProtocol).toBe(chosen);
  });

  it('a server without HTTP/2 is asked for it once, then over HTTP/1.1', async () => {
    const authority = await Authority.create();
    const server = createTlsServer(
      await authority.issue({ ip: ['127.0.0.1'] }),
      (request, response) => {
        request.resume().on('end', () => {
          response.writeHead(200, { 'content-type': 'application/octet-stream' });
          response.end(request.httpVersion);
        });
      },
    );
    let handshakes = 0;
    server.on('secureConnection', () => (handshakes += 1));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    const { port } = server.address() as AddressInfo;
    const alice = aPeer({ url: `https://127.0.0.1:${port}/`, tls: { ca: authority.pem } });
    for (let i = 0; i < 3; i++) {
      expect(new TextDecoder().decode(await alice.send(PACKET, soon()))).toBe('1.1');
    }
    expect(handshakes).toBe(2);
  });
});
