import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { SignJWT } from 'jose';
import { VirtualClock } from '@pennyswitch/testkit';
import { beforeAll, describe, expect, it } from 'vitest';
import { IlpHttpConfigError, type Logger } from '../src/index.js';
import { Authority, selfSigned, type Pair } from './certificates.js';
import {
  aPeer,
  aServer,
  clientAndServer,
  closing,
  deferred,
  failureOf,
  soon,
  TOKEN_OF_ALICE,
  until,
} from './helpers.js';

const PACKET = Uint8Array.of(1, 2, 3);
const REPLY = Uint8Array.of(3, 2, 1);
const SECRET = 'a secret of more than thirty-two bytes';

describe('bearer tokens', () => {
  it('are rotated while the link is in use', async () => {
    let token = TOKEN_OF_ALICE;
    const { server, alice } = await clientAndServer({
      client: { auth: { type: 'bearer', token: () => token } },
    });
    const next = 'next-0123456789-0123456789-0123456789-0123456';
    server.setIncomingAuth('alice', { tokens: [TOKEN_OF_ALICE, next] });
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    token = next;
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    server.setIncomingAuth('alice', { tokens: [next] });
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    token = TOKEN_OF_ALICE;
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({ status: 401 });
  });

  it('belong to one peer only', () => {
    const server = aServer();
    server.addPeer('alice', { incoming: { tokens: [TOKEN_OF_ALICE] } });
    expect(() => server.addPeer('eve', { incoming: { tokens: [TOKEN_OF_ALICE] } })).toThrow(
      IlpHttpConfigError,
    );
    expect(server.peer('eve')).toBeUndefined();
  });

  it('that cannot be had stop the request before it leaves', async () => {
    const { alice } = await clientAndServer({
      client: { auth: { type: 'bearer', token: () => Promise.reject(new Error('vault')) } },
    });
    const error = await failureOf(alice.send(PACKET, soon()));
    expect(error).toMatchObject({ code: 'NO_CREDENTIALS', sent: 'no' });
  });

  it('are never in the log, nor in an error', async () => {
    const lines: string[] = [];
    const write = (message: string, fields?: object): void =>
      void lines.push(message + JSON.stringify(fields ?? {}));
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    const { bob, alice } = await clientAndServer({ server: { logger }, client: { logger } });
    bob.handle(() => Promise.reject(new Error('no')));
    const error = await failureOf(alice.send(PACKET, soon()));
    expect(lines.length).toBeGreaterThan(0);
    expect([...lines, error.message, error.stack].join()).not.toContain(TOKEN_OF_ALICE);
  });

  it('of a removed peer are worth nothing', async () => {
    const { server, alice } = await clientAndServer();
    await server.removePeer('alice');
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({ status: 401 });
  });
});

describe('signed tokens', () => {
  const good = { sub: 'alice', exp: Math.floor(Date.now() / 1000) + 3600 };
  it.each<[string, Record<string, unknown>, number]>([
    ['with subject and expiry', good, 200],
    ['without an expiry', { sub: 'alice' }, 401],
    ['without a subject', { exp: good.exp }, 401],
    ['of another subject', { ...good, sub: 'bob' }, 401],
    ['that expired', { ...good, exp: good.exp - 7200 }, 401],
  ])('of HS256 %s', async (_, claims, status) => {
    const { url } = await clientAndServer({
      peer: { incoming: { jwt: [{ algorithm: 'HS256', secret: SECRET, subject: 'alice' }] } },
    });
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SECRET));
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' },
      body: PACKET,
    });
    expect(response.status).toBe(status);
  });

  it('of RS256 are checked for issuer and audience too', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const claims = { subject: 'alice', issuer: 'https://alice', audience: 'https://bob' };
    const auth = { type: 'jwt-rs256', privateKey, ...claims } as const;
    const { alice, url } = await clientAndServer({
      peer: { incoming: { jwt: [{ algorithm: 'RS256', publicKey, ...claims }] } },
      client: { auth },
    });
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    const misled = aPeer({ url, auth: { ...auth, audience: 'https://carol' } });
    expect(await failureOf(misled.send(PACKET, soon()))).toMatchObject({ status: 401 });
  });

  it('are not taken under another algorithm: an RSA key is no HMAC secret', async () => {
    const { publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const claims = { subject: 'alice', issuer: 'a', audience: 'b' };
    const { alice } = await clientAndServer({
      peer: { incoming: { jwt: [{ algorithm: 'RS256', publicKey, ...claims }] } },
      client: { auth: { type: 'jwt-hs256', secret: publicKey, ...claims } },
    });
    expect(await failureOf(alice.send(PACKET, soon()))).toMatchObject({ status: 401 });
  });

  it('are renewed before they end, and a remembered one ends in time', async () => {
    const clock = new VirtualClock();
    const { alice, url } = await clientAndServer({
      server: { clock },
      peer: { incoming: { jwt: [{ algorithm: 'HS256', secret: SECRET, subject: 'alice' }] } },
      client: { clock, auth: { type: 'jwt-hs256', secret: SECRET, subject: 'alice' } },
    });
    const send = (): Promise<Uint8Array> => alice.send(PACKET, { deadline: clock.now() + 5000 });
    const token = await new SignJWT({ sub: 'alice', exp: clock.now() / 1000 + 60 })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SECRET));
    const old = aPeer({ url, clock, auth: { type: 'bearer', token } });
    expect(await send()).toEqual(REPLY);
    expect(await old.send(PACKET, { deadline: clock.now() + 5000 })).toEqual(REPLY);
    await clock.advance(3_600_000);
    expect(await send()).toEqual(REPLY);
    const error = await failureOf(old.send(PACKET, { deadline: clock.now() + 5000 }));
    expect(error).toMatchObject({ status: 401 });
  });
});

describe('TLS client certificates', () => {
  let authority: Authority;
  let ofServer: Pair;
  let ofAlice: Pair;
  beforeAll(async () => {
    authority = await Authority.create();
    ofServer = await authority.issue({ ip: ['127.0.0.1'] });
    ofAlice = await authority.issue({ dns: ['alice.example'] });
  });

  it.each([true, false])(
    'name a peer by an authority, and nobody who vouches for himself (HTTP/2: %s)',
    async (http2) => {
      const { alice, url } = await clientAndServer({
        server: { tls: { ...ofServer, clientCa: [authority.pem] } },
        peer: { incoming: { certificates: [{ name: 'alice.example' }] } },
        client: { http2, tls: { ca: authority.pem, ...ofAlice } },
      });
      expect(await alice.send(PACKET, soon())).toEqual(REPLY);
      const eve = await selfSigned('alice.example');
      const forged = aPeer({ url, http2, tls: { ca: authority.pem, ...eve } });
      expect(await failureOf(forged.send(PACKET, soon()))).toMatchObject({ status: 401 });
      const none = aPeer({ url, http2, tls: { ca: authority.pem } });
      expect(await failureOf(none.send(PACKET, soon()))).toMatchObject({ status: 401 });
    },
  );

  it('that sign themselves are known by their fingerprint', async () => {
    const own = await selfSigned('alice.example');
    const { alice } = await clientAndServer({
      server: { tls: { ...ofServer, clientCa: [authority.pem] } },
      peer: { incoming: { certificates: [{ fingerprint256: own.fingerprint256 }] } },
      client: { tls: { ca: authority.pem, ...own } },
    });
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
  });

  it('do not replace a token where both are asked for, nor a token them', async () => {
    const { alice, url } = await clientAndServer({
      server: { tls: { ...ofServer, clientCa: [authority.pem] } },
      peer: {
        incoming: { tokens: [TOKEN_OF_ALICE], certificates: [{ name: 'alice.example' }] },
      },
      client: { tls: { ca: authority.pem, ...ofAlice } },
    });
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    const ca = authority.pem;
    const auth = { type: 'bearer', token: TOKEN_OF_ALICE } as const;
    for (const options of [
      { url, tls: { ca, ...ofAlice } },
      { url, tls: { ca }, auth },
    ]) {
      expect(await failureOf(aPeer(options).send(PACKET, soon()))).toMatchObject({ status: 401 });
    }
  });
});

describe('a certificate that is renewed', () => {
  /** The serial number of the certificate that a server shows. */
  const serialOf = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
        const { serialNumber } = socket.getPeerCertificate();
        socket.destroy();
        resolve(serialNumber);
      });
      socket.on('error', reject);
    });

  /** Files are looked at now and then, and the first look may come after a change. */
  async function repeat(change: () => Promise<void>, isSeen: () => boolean): Promise<void> {
    while (!isSeen()) {
      await change();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  it('in its files is used for new connections; one that is broken is not', async () => {
    const authority = await Authority.create();
    const folder = await mkdtemp(join(tmpdir(), 'ilp-http-tls-'));
    closing(() => rm(folder, { recursive: true }));
    const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') };
    const put = async ({ cert, key }: Pair): Promise<void> => {
      await writeFile(files.keyFile, key);
      await writeFile(files.certFile, cert);
    };
    await put(await authority.issue({ ip: ['127.0.0.1'] }));
    const ofAlice = await authority.issue({ dns: ['alice.example'] });
    const { server, url, alice } = await clientAndServer({
      server: { tls: { ...files, watchIntervalMs: 20, clientCa: [authority.pem] } },
      peer: { incoming: { certificates: [{ name: 'alice.example' }] } },
      client: { tls: { ca: authority.pem, ...ofAlice } },
    });
    const port = Number(new URL(url).port);
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    const first = await serialOf(port);
    await repeat(
      () => writeFile(files.certFile, 'half a fi'),
      () => server.counters.tlsFailures > 0,
    );
    expect(await serialOf(port)).toBe(first);
    const renewed = await authority.issue({ ip: ['127.0.0.1'] });
    await repeat(
      () => put(renewed),
      () => server.counters.tlsReloads > 0,
    );
    expect(await serialOf(port)).not.toBe(first);
    // The authorities of clients are as before.
    const again = aPeer({ url, tls: { ca: authority.pem, ...ofAlice } });
    expect(await again.send(PACKET, soon())).toEqual(REPLY);
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
  });

  it.each([true, false])('of a client is shown on new connections (HTTP/2: %s)', async (http2) => {
    const authority = await Authority.create();
    const [old, renewed] = [
      await authority.issue({ dns: ['old.example'] }),
      await authority.issue({ dns: ['new.example'] }),
    ];
    const seen: unknown[] = [];
    const held = deferred<Uint8Array>();
    const { alice, bob } = await clientAndServer({
      server: {
        tls: { ...(await authority.issue({ ip: ['127.0.0.1'] })), clientCa: [authority.pem] },
        authenticate: ({ certificate }) => {
          seen.push(certificate?.names);
          return Promise.resolve('alice');
        },
      },
      peer: { incoming: {} },
      client: { http2, tls: { ca: authority.pem, ...old } },
    });
    bob.handle(() => held.promise);
    const underWay = alice.send(PACKET, soon());
    await until(() => bob.counters.requestsReceived === 1);
    alice.renewTls({ ca: authority.pem, ...renewed });
    bob.handle((octets) => Promise.resolve(octets.toReversed()));
    expect(await alice.send(PACKET, soon())).toEqual(REPLY);
    held.resolve(PACKET);
    expect(await underWay).toEqual(PACKET);
    expect(seen).toEqual([['old.example'], ['new.example']]);
  });
});
