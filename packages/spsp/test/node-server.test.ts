import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request as httpsRequest } from 'node:https';
import { connect as tcpConnect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { VirtualClock } from '@pennyswitch/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createSpspHandler, SpspClient } from '../src/index.js';
import { createNodeFetch, SpspHttpServer, type SpspHttpServerOptions } from '../src/node.js';
import { Authority, type Pair } from './certificates.js';

const credentials = {
  destination: parseIlpAddress('test.bob.token'),
  sharedSecret: new Uint8Array(32).fill(7),
};
const handler = createSpspHandler({
  answer: ({ path }) => (path === '/bob' ? { credentials } : undefined),
  rateLimit: { perMinute: 60, burst: 200 },
});

let authority: Authority;
let first: Pair;
let second: Pair;
beforeAll(async () => {
  authority = await Authority.create();
  first = await authority.issue({ dns: ['wallet.example'] });
  second = await authority.issue({ dns: ['wallet.example'] });
});

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function listen(options: Partial<SpspHttpServerOptions> = {}): Promise<SpspHttpServer> {
  const server = await SpspHttpServer.listen({ handler, port: 0, tls: first, ...options });
  closers.push(() => server.close());
  return server;
}

/** The fingerprint of the certificate that a new connection is shown. */
function shown({ port }: SpspHttpServer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect(
      { port, host: '127.0.0.1', servername: 'wallet.example', ca: authority.pem },
      () => {
        resolve(socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase());
        socket.destroy();
      },
    );
    socket.once('error', reject);
  });
}

describe('the HTTPS server', () => {
  it('answers the client over TLS, with a certificate of a private authority', async () => {
    const { port } = await listen();
    const connectTo = () => ({ host: '127.0.0.1', port });
    const fetch = createNodeFetch({ ca: authority.pem, connectTo });
    const result = await new SpspClient({ fetch }).query('$wallet.example/bob');
    expect(result.destination).toBe('test.bob.token');
    const distrustful = new SpspClient({ fetch: createNodeFetch({ connectTo }), maxRetries: 0 });
    await expect(distrustful.query('$wallet.example/bob')).rejects.toMatchObject({
      code: 'UNREACHABLE',
    });
    const other = new SpspClient({ fetch, maxRetries: 0 });
    await expect(other.query('$other.example/bob')).rejects.toThrow(/does not match/);
  });

  it('takes another certificate while it runs', async () => {
    const server = await listen();
    expect(await shown(server)).toBe(first.fingerprint256);
    server.setCertificate(second);
    expect(await shown(server)).toBe(second.fingerprint256);
    expect(() => {
      server.setCertificate({ cert: first.cert, key: second.key });
    }).toThrow(/mismatch/);
    expect(await shown(server)).toBe(second.fingerprint256);
  });

  it('reads certificate files again when they change, and keeps the old ones while they are wrong', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'spsp-'));
    closers.push(() => rm(folder, { recursive: true }));
    const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    const write = async ({ cert, key }: { cert: string; key: string }): Promise<void> => {
      await writeFile(files.certFile, cert);
      await writeFile(files.keyFile, key);
    };
    await write(first);
    const clock = new VirtualClock();
    let told = (_: Error | undefined): void => undefined;
    const next = (): Promise<Error | undefined> => {
      const news = new Promise<Error | undefined>((resolve) => {
        told = resolve;
      });
      void clock.advance(1000);
      return news;
    };
    const onReload = (error: Error | undefined): void => {
      told(error);
    };
    const server = await listen({ tls: files, clock, reloadIntervalMs: 1000, onReload });
    await write({ cert: second.cert, key: first.key });
    expect(await next()).toBeInstanceOf(Error);
    expect(await shown(server)).toBe(first.fingerprint256);
    await write(second);
    expect(await next()).toBeUndefined();
    expect(await shown(server)).toBe(second.fingerprint256);
  });

  it('does not start with a certificate that is not of its key', async () => {
    await expect(listen({ tls: { cert: first.cert, key: second.key } })).rejects.toThrow();
    await expect(
      listen({ tls: { certFile: '/nowhere/cert.pem', keyFile: '/nowhere/key.pem' } }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('hostile clients', () => {
  it('are answered 431 to a header beyond 8 KiB', async () => {
    const { port } = await listen();
    const status = await new Promise((resolve, reject) => {
      const request = httpsRequest(
        {
          ...{ port, host: '127.0.0.1', path: '/bob', ca: authority.pem },
          headers: { host: 'wallet.example', 'x-long': 'x'.repeat(9_000) },
          servername: 'wallet.example',
        },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      );
      request.once('error', reject);
      request.end();
    });
    expect(status).toBe(431);
  });

  it('are cut off when they take too long over a header', async () => {
    const { port } = await listen({ tls: 'none', headersTimeoutMs: 100 });
    const answer = await new Promise<string>((resolve) => {
      let text = '';
      const socket = tcpConnect(port, '127.0.0.1', () => {
        socket.write('GET /bob HTTP/1.1\r\nHost: wallet.example\r\n');
      });
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.on('close', () => {
        resolve(text);
      });
    });
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that flood get 429, and no connections beyond the most that there may be', async () => {
    const { port } = await listen({ tls: 'none', maxConnections: 20 });
    const flood = Array.from({ length: 300 }, () =>
      fetch(`http://127.0.0.1:${port}/bob`)
        .then(({ status }) => status)
        .catch(() => 'closed' as const),
    );
    const counts = new Map<unknown, number>();
    for (const each of await Promise.all(flood)) counts.set(each, (counts.get(each) ?? 0) + 1);
    expect(counts.get(200)).toBeLessThanOrEqual(205);
    expect((counts.get(429) ?? 0) + (counts.get('closed') ?? 0)).toBeGreaterThan(90);
  });
});
