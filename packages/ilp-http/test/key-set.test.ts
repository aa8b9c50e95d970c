/** Peers whose public keys are published at a URL (RFC 7517): kept, rotated, and out of reach. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { VirtualClock } from '@pennyswitch/testkit';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { FetchKeys, IlpHttpServer } from '../src/index.js';
import { aServer, reversed } from './helpers.js';

const CLAIMS = { issuer: 'https://alice.example', audience: 'https://bob.example' };
const MINUTE = 60_000;

interface NamedKey {
  readonly kid: string | undefined;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

function aKey(kid?: string): NamedKey {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), ...(kid !== undefined && { kid }) };
  return { kid, privateKey, jwk };
}

const FIRST = aKey('first');
const SECOND = aKey('second');

/** Bob's server, which knows Alice by the keys that she publishes, and what it fetches. */
async function bob(published: () => Response | Promise<Response>) {
  const clock = new VirtualClock();
  const fetched: { url: string; init: RequestInit }[] = [];
  const fetchKeys: FetchKeys = async (url, init) => {
    fetched.push({ url: url.href, init });
    return published();
  };
  const server: IlpHttpServer = aServer({ clock, fetchKeys });
  const jwksUrl = 'https://alice.example/keys';
  server
    .addPeer('alice', {
      incoming: { jwt: [{ algorithm: 'RS256', subject: 'alice', jwksUrl, ...CLAIMS }] },
    })
    .handle(reversed);
  const { port } = await server.listen();
  const ask = async ({ kid, privateKey }: NamedKey): Promise<Response> => {
    const token = await new SignJWT({
      sub: 'alice',
      exp: Math.floor(clock.now() / 1000) + 300,
      // Each token is another one, so that none is remembered.
      jti: String(Math.random()),
    })
      .setProtectedHeader({ alg: 'RS256', ...(kid !== undefined && { kid }) })
      .setIssuer(CLAIMS.issuer)
      .setAudience(CLAIMS.audience)
      .sign(privateKey);
    return fetch(`http://127.0.0.1:${port}/ilp`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream', authorization: `Bearer ${token}` },
      body: Uint8Array.of(1, 2),
    });
  };
  return { clock, fetched, ask };
}

const keys = (...named: NamedKey[]): Response => Response.json({ keys: named.map((k) => k.jwk) });

describe('a published key set', () => {
  it('is fetched once for many requests, also if they come together', async () => {
    const { ask, fetched, clock } = await bob(() => keys(FIRST));
    const statuses = await Promise.all([1, 2, 3].map(async () => (await ask(FIRST)).status));
    expect(statuses).toEqual([200, 200, 200]);
    await clock.advance(9 * MINUTE);
    expect((await ask(FIRST)).status).toBe(200);
    expect(fetched.map(({ url, init }) => [url, init.redirect])).toEqual([
      ['https://alice.example/keys', 'error'],
    ]);
    await clock.advance(MINUTE);
    expect((await ask(FIRST)).status).toBe(200);
    expect(fetched).toHaveLength(2);
  });

  it('is looked at again for a key that is not in it, but not for every such request', async () => {
    let published = [FIRST];
    const { ask, fetched, clock } = await bob(() => keys(...published));
    expect((await ask(FIRST)).status).toBe(200);
    for (let i = 0; i < 5; i++) expect((await ask(SECOND)).status).toBe(401);
    expect(fetched).toHaveLength(1);
    published = [SECOND];
    await clock.advance(MINUTE / 2);
    expect((await ask(SECOND)).status).toBe(200);
    expect((await ask(FIRST)).status).toBe(401);
    expect(fetched).toHaveLength(2);
  });

  it('may hold keys without names: each is tried, and a new one is found', async () => {
    const [old, newer] = [aKey(), aKey()];
    let published = [old];
    const { ask, clock } = await bob(() => keys(...published));
    expect((await ask(old)).status).toBe(200);
    published = [old, newer];
    expect((await ask(newer)).status).toBe(401);
    await clock.advance(MINUTE / 2);
    expect((await ask(newer)).status).toBe(200);
    expect((await ask(old)).status).toBe(200);
    expect((await ask(aKey())).status).toBe(401);
  });

  it('that cannot be fetched again is good for an hour, then requests get 503 until it can', async () => {
    let isUp = true;
    const { ask, fetched, clock } = await bob(() =>
      isUp ? keys(FIRST) : new Response('', { status: 502 }),
    );
    expect((await ask(FIRST)).status).toBe(200);
    isUp = false;
    await clock.advance(30 * MINUTE);
    expect((await ask(FIRST)).status).toBe(200);
    expect((await ask(FIRST)).status).toBe(200);
    expect(fetched).toHaveLength(2);
    await clock.advance(30 * MINUTE);
    const refused = await ask(FIRST);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    isUp = true;
    await clock.advance(5000);
    expect((await ask(FIRST)).status).toBe(200);
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ['is no JSON', () => new Response('<html>')],
    ['is no key set', () => Response.json({ keys: 7 })],
    ['is too long', () => new Response(new Uint8Array(300_000))],
    ['is not found', () => new Response('', { status: 404 })],
    ['fails', () => Promise.reject(new TypeError('fetch failed'))],
  ])('that %s lets nobody in, and is not asked for again at once', async (_, published) => {
    const { ask, fetched } = await bob(published);
    for (let i = 0; i < 3; i++) expect((await ask(FIRST)).status).toBe(503);
    expect(fetched).toHaveLength(1);
  });

  it('that never comes is given up after five seconds', async () => {
    let init: RequestInit | undefined;
    const { ask, fetched, clock } = await bob(
      () =>
        new Promise((_, reject) => {
          init = fetched.at(-1)?.init;
          init?.signal?.addEventListener('abort', () => reject(new Error('aborted')));
        }),
    );
    const answer = ask(FIRST);
    while (init === undefined) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(4999);
    expect(init.signal?.aborted).toBe(false);
    await clock.advance(1);
    expect((await answer).status).toBe(503);
    expect(clock.pendingTimers).toBe(0);
  });

  it('has an https URL, or one on this host', () => {
    const server = aServer();
    for (const jwksUrl of ['http://alice.example/keys', 'nonsense', 'ftp://localhost/keys']) {
      const jwt = [{ algorithm: 'RS256', subject: 'alice', jwksUrl, ...CLAIMS }] as const;
      expect(() => server.addPeer('alice', { incoming: { jwt } })).toThrow(
        'the URL of a key set must be https',
      );
    }
  });
});
