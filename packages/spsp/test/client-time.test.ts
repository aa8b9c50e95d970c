import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { SpspClient, SpspError, type SpspClientOptions } from '../src/index.js';
import { maxAgeSeconds } from '../src/cache-control.js';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const ENDPOINT = 'https://wallet.example/bob';

function good(cacheControl = 'no-cache', tag = ''): Response {
  return new Response(
    JSON.stringify({ destination_account: `test.bob${tag}`, shared_secret: SECRET }),
    { headers: { 'content-type': 'application/spsp4+json', 'cache-control': cacheControl } },
  );
}

/** A client on virtual time, whose server answers the nth request with the nth answer, and the times it was asked at. */
function scripted(
  answers: (() => Response | Promise<Response>)[],
  options: SpspClientOptions = {},
): { clock: VirtualClock; client: SpspClient; askedAt: number[] } {
  const clock = new VirtualClock(0);
  const askedAt: number[] = [];
  const client = new SpspClient({
    fetch: () => {
      askedAt.push(clock.now());
      const answer = answers[Math.min(askedAt.length, answers.length) - 1];
      return Promise.resolve().then(() => answer?.() ?? good());
    },
    clock,
    random: () => 0,
    ...options,
  });
  return { clock, client, askedAt };
}

async function outcome<T>(clock: VirtualClock, promise: Promise<T>): Promise<T | SpspError> {
  const settled = promise.catch((error: unknown) => {
    expect(error).toBeInstanceOf(SpspError);
    return error as SpspError;
  });
  await clock.run();
  return settled;
}

const status =
  (code: number, headers: Record<string, string> = {}) =>
  () =>
    new Response('x', { status: code, headers });
const hang = (): Promise<Response> => new Promise(() => undefined);

describe('details that are kept (RFC 0009 "Response Headers")', () => {
  it('are used again until max-age is over, counted from when they were asked for', async () => {
    const { clock, client, askedAt } = scripted([() => good('private, max-age=60')]);
    const first = await client.query(ENDPOINT);
    await clock.advance(59_999);
    expect(await client.query('$wallet.example/bob')).toEqual({ ...first, maxAgeSeconds: 0 });
    await clock.advance(1);
    await client.query(ENDPOINT);
    expect(askedAt).toEqual([0, 60_000]);
  });

  it.each(['no-cache', 'no-store, max-age=60', 'max-age=0', 'max-age=-1', ''])(
    'are not kept with "Cache-Control: %s"',
    async (cacheControl) => {
      const { client, askedAt } = scripted([() => good(cacheControl)]);
      await client.query(ENDPOINT);
      await client.query(ENDPOINT);
      expect(askedAt).toHaveLength(2);
    },
  );

  it.each([
    ['max-age=60', 60],
    ['private, max-age=60', 60],
    ['Max-Age="60"', 60],
    ['max-age=60,', 60],
    ['max-age=060', 60],
    ['max-age=60, max-age=10', 60],
    ['max-age=99999999999999999999', 2 ** 31],
    ['x="a, no-cache, b", max-age=60', 60],
    ['x="\\"", max-age=60', 60],
    ['max-age=60, x="no end, no-cache', 60],
    ['s-maxage=60', 0],
    ['max-age', 0],
    ['max-age=', 0],
    ['max-age=1.5', 0],
    ['max-age=0x10', 0],
    ['max-age=1e3', 0],
    ['max-age = 60', 0],
    ['NO-CACHE, max-age=60', 0],
    ['no-cache="set-cookie", max-age=60', 0],
    ['max-age=60, no-store', 0],
    ['no-cache', 0],
    ['', 0],
    [null, 0],
  ])('are kept with "Cache-Control: %s" for %i seconds', (field, seconds) => {
    expect(maxAgeSeconds(field)).toBe(seconds);
  });

  it('are asked for anew where the caller wants it, has forgotten them, or wants receipts', async () => {
    const { client, askedAt } = scripted([() => good('max-age=60')]);
    const receipts = { nonce: 'n', secret: 's' };
    await client.query(ENDPOINT, { receipts });
    await client.query(ENDPOINT);
    await client.query(ENDPOINT, { fresh: true });
    client.forget('$wallet.example/bob');
    await client.query(ENDPOINT);
    await client.query(ENDPOINT, { receipts });
    await client.query(ENDPOINT, { monetizationId: '0f6f8a9e-7d29-4bd9-8f0b-0a3c6b6b7c11' });
    expect(askedAt).toHaveLength(6);
  });

  it('are kept for a bounded number of endpoints, the oldest goes first', async () => {
    const { client, askedAt } = scripted([() => good('max-age=60')], { maxCacheEntries: 2 });
    for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) await client.query(`$w.example/${name}`);
    expect(askedAt).toHaveLength(4);
  });
});

describe('a query that may succeed later', () => {
  it('is sent again, twice at most, each time after a longer pause', async () => {
    const { clock, client, askedAt } = scripted([status(503)]);
    expect(await outcome(clock, client.query(ENDPOINT))).toMatchObject({ code: 'SERVER_ERROR' });
    expect(askedAt).toEqual([0, 100, 300]);
  });

  it('succeeds with the first good answer', async () => {
    const unreachable = (): Promise<Response> => Promise.reject(new TypeError('ECONNRESET'));
    const { clock, client } = scripted([unreachable, status(500), () => good()]);
    expect(await outcome(clock, client.query(ENDPOINT))).toMatchObject({ destination: 'test.bob' });
  });

  it.each([400, 401, 404, 410])('is not sent again after %i', async (code) => {
    const { clock, client, askedAt } = scripted([status(code)]);
    await outcome(clock, client.query(ENDPOINT));
    expect(askedAt).toEqual([0]);
  });

  it('waits as long as Retry-After says', async () => {
    const { clock, client, askedAt } = scripted([
      status(429, { 'retry-after': '2' }),
      status(503, { 'retry-after': new Date(5_000).toUTCString() }),
      () => good(),
    ]);
    expect(await outcome(clock, client.query(ENDPOINT))).toMatchObject({ destination: 'test.bob' });
    expect(askedAt).toEqual([0, 2_000, 5_000]);
  });

  it('is given up at once where the pause would outlast the time for the query', async () => {
    const { clock, client, askedAt } = scripted([status(503, { 'retry-after': '3600' })]);
    expect(await outcome(clock, client.query(ENDPOINT))).toMatchObject({
      code: 'SERVER_ERROR',
      retryAfterMs: 3_600_000,
    });
    expect([askedAt, clock.now() < 10_000 || 'waited']).toEqual([[0], true]);
  });

  it('ends with the caller’s signal in the middle of a pause', async () => {
    const { clock, client, askedAt } = scripted([status(503)]);
    const controller = new AbortController();
    const query = outcome(clock, client.query(ENDPOINT, { signal: controller.signal }));
    controller.abort();
    expect(await query).toMatchObject({ code: 'ABORTED' });
    expect(askedAt.length).toBeLessThan(3);
  });
});

describe('the time for a query', () => {
  it('is over for all of it together: redirects, answers, retries', async () => {
    const { clock, client } = scripted([status(503), hang], { timeoutMs: 5_000 });
    expect(await outcome(clock, client.query(ENDPOINT))).toMatchObject({
      code: 'TIMEOUT',
      message: 'wallet.example did not answer within 5 seconds',
    });
    expect(clock.now()).toBe(5_000);
  });

  it('bounds a body that comes drop by drop, and lets go of it', async () => {
    const clock = new VirtualClock(0);
    let isCancelled = false;
    const drip = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        new Promise((resolve) => {
          clock.setTimeout(() => {
            controller.enqueue(new Uint8Array([32]));
            resolve();
          }, 900);
        }),
      cancel: () => {
        isCancelled = true;
      },
    });
    const headers = { 'content-type': 'application/spsp4+json' };
    const client = new SpspClient({
      fetch: () => Promise.resolve(new Response(drip, { headers })),
      clock,
    });
    const query = client.query(ENDPOINT).catch((error: unknown) => error);
    await clock.advance(10_000);
    expect(await query).toMatchObject({ code: 'TIMEOUT' });
    expect(isCancelled).toBe(true);
  });

  it('bounds a person who does not answer whether a redirect is right', async () => {
    const { clock, client } = scripted(
      [status(302, { location: 'https://elsewhere.example/' }), () => good()],
      { confirmRedirect: () => new Promise(() => undefined) },
    );
    expect(await outcome(clock, client.query(ENDPOINT))).toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('an option for this very machine', () => {
  it.each(['http://localhost:3000/bob', 'http://127.0.0.1/bob', 'http://[::1]:8/bob'])(
    'allows %s',
    async (endpoint) => {
      const { client } = scripted([() => good()], { allowHttpOnLoopback: true });
      expect((await client.query(endpoint)).destination).toBe(parseIlpAddress('test.bob'));
    },
  );

  it.each(['http://wallet.example/', 'http://localhost.example/', 'http://128.0.0.1/'])(
    'does not allow %s',
    async (endpoint) => {
      const { client } = scripted([() => good()], { allowHttpOnLoopback: true });
      await expect(client.query(endpoint)).rejects.toMatchObject({ code: 'BAD_ENDPOINT' });
    },
  );

  it('lets no https endpoint redirect to it in the clear', async () => {
    const { client } = scripted([status(302, { location: 'http://localhost/' })], {
      allowHttpOnLoopback: true,
    });
    await expect(client.query(ENDPOINT)).rejects.toMatchObject({ code: 'REDIRECT' });
  });
});
