import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { afterEach, describe, expect, test } from 'vitest';
import {
  BtpServer,
  type BtpClientTls,
  type BtpCredentials,
  type BtpServerTls,
} from '../src/index.js';
import { certificate, type TestCertificate } from './certificates.js';
import { clientOf, deadline, endAll, equalTokens, track } from './links.js';

afterEach(endAll);

const authority = certificate('test authority');

async function tlsServer(tls: BtpServerTls, seen: BtpCredentials[] = []) {
  const authenticate = equalTokens({ alice: 'secret' });
  const server = track(
    new BtpServer({
      tls,
      authenticate: (credentials) => {
        seen.push(credentials);
        return authenticate(credentials);
      },
    }),
  );
  const { port } = await server.listen({ port: 0 });
  return {
    server,
    port,
    client: (tls: BtpClientTls) => clientOf(`btp+wss://alice:secret@127.0.0.1:${port}`, { tls }),
  };
}

/** The common name of the certificate that a server shows. */
function commonName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      const peer: PeerCertificate = socket.getPeerCertificate();
      socket.destroy();
      resolve(String(peer.subject.CN));
    });
    socket.on('error', reject);
  });
}

describe('TLS', () => {
  test('a client that trusts the authority connects', async () => {
    const ca = await authority;
    const { server, client } = await tlsServer(await certificate('server', ca));
    server.account('alice').handle('ilp', (octets) => Promise.resolve(octets));
    const alice = client({ ca: ca.cert });
    await alice.connect();
    expect(await alice.send(Uint8Array.of(1), deadline())).toEqual(Uint8Array.of(1));
  });

  test('a client that does not trust it never sends its token', async () => {
    const seen: BtpCredentials[] = [];
    const { client } = await tlsServer(await certificate('server', await authority), seen);
    const alice = client({ ca: (await certificate('another authority')).cert });
    const reason = new Promise((resolve) => alice.once('reconnecting', resolve));
    void alice.connect().catch(() => undefined);
    expect(await reason).toMatchObject({ reason: expect.stringMatching(/certificate/) });
    expect(seen).toEqual([]);
  });

  test("a client's certificate reaches the callback, and whether the authority signed it", async () => {
    const ca = await authority;
    const seen: BtpCredentials[] = [];
    const tls = { ...(await certificate('server', ca)), clientCa: [ca.cert] };
    const { client } = await tlsServer(tls, seen);
    const good = await certificate('alice the client', ca);
    const selfSigned = await certificate('nobody');
    for (const { cert, key } of [good, selfSigned]) {
      await client({ ca: ca.cert, cert, key }).connect();
    }
    await client({ ca: ca.cert }).connect();
    const fingerprint = async ({ certificate: made }: TestCertificate): Promise<string> =>
      Buffer.from(await made.getThumbprint('SHA-256'))
        .toString('hex')
        .toUpperCase()
        .replace(/..(?!$)/g, '$&:');
    expect(seen.map(({ certificate: shown }) => shown)).toEqual([
      { authorized: true, commonName: 'alice the client', fingerprint256: await fingerprint(good) },
      { authorized: false, commonName: 'nobody', fingerprint256: await fingerprint(selfSigned) },
      undefined,
    ]);
  });

  test('another certificate serves new connections, and old ones stay', async () => {
    const ca = await authority;
    const { server, port, client } = await tlsServer(await certificate('old', ca));
    const alice = client({ ca: ca.cert });
    await alice.connect();
    expect(await commonName(port)).toBe('old');
    server.setTls(await certificate('new', ca));
    expect(await commonName(port)).toBe('new');
    expect(alice.isConnected).toBe(true);
  });

  test('files are read again when they change; a pair that does not match is not used', async () => {
    const ca = await authority;
    const folder = await mkdtemp(join(tmpdir(), 'btp-tls-'));
    track({ close: () => rm(folder, { recursive: true }) });
    const certFile = join(folder, 'cert.pem');
    const keyFile = join(folder, 'key.pem');
    const write = async ({ cert, key }: TestCertificate): Promise<void> => {
      await writeFile(keyFile, key);
      await writeFile(certFile, cert);
    };
    await write(await certificate('old', ca));
    const { server, port } = await tlsServer({ certFile, keyFile, watchIntervalMs: 20 });
    expect(await commonName(port)).toBe('old');
    // Files are looked at now and then, and the first look may come after a change.
    const repeat = async (change: () => Promise<void>, isSeen: () => boolean): Promise<void> => {
      while (!isSeen()) {
        await change();
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    let failure: unknown;
    server.once('tls-failed', (error) => (failure = error));
    await repeat(
      () => writeFile(certFile, 'half a fi'),
      () => failure !== undefined,
    );
    expect(failure).toBeInstanceOf(Error);
    expect(await commonName(port)).toBe('old');
    let isReloaded = false;
    server.once('tls-reloaded', () => (isReloaded = true));
    const renewed = await certificate('new', ca);
    await repeat(
      () => write(renewed),
      () => isReloaded,
    );
    expect(await commonName(port)).toBe('new');
  });
});
