import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createSpspHandler,
  SpspClient,
  SpspError,
  type SpspClientOptions,
  type SpspServerOptions,
} from '../src/index.js';

const credentials = {
  destination: parseIlpAddress('test.bob.token'),
  sharedSecret: new Uint8Array(32).map((_, i) => 255 - i),
};
const SECRET = Buffer.from(credentials.sharedSecret).toString('base64');
const ENDPOINT = 'https://wallet.example/bob';

function serve(options: Partial<SpspServerOptions> = {}) {
  return createSpspHandler({
    answer: ({ path }) => (path === '/bob' ? { credentials } : undefined),
    ...options,
  });
}

function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Request {
  return new Request(url, { method, headers });
}

/** A client whose requests go straight to a handler. */
function clientOf(
  handle: (request: Request) => Response | Promise<Response>,
  options: SpspClientOptions = {},
): SpspClient {
  return new SpspClient({
    fetch: async (url, init) => handle(new Request(url, init)),
    ...options,
  });
}

async function failureOf(query: Promise<unknown>): Promise<SpspError> {
  const error = await query.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(SpspError);
  return error as SpspError;
}

function json(body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
    headers: { 'content-type': 'application/spsp4+json', ...headers },
  });
}

describe('the server (RFC 0009)', () => {
  it('answers with the type, the secret in padded base64, and what clients may cache', async () => {
    const response = await serve()(get(ENDPOINT, { accept: 'application/spsp4+json' }));
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/spsp4+json');
    expect(response.headers.get('cache-control')).toBe('no-cache');
    expect(await response.json()).toEqual({
      destination_account: 'test.bob.token',
      shared_secret: SECRET,
      receipts_enabled: false,
    });
    const cached = await serve({ maxAgeSeconds: 60 })(get(ENDPOINT));
    expect(cached.headers.get('cache-control')).toBe('private, max-age=60');
    expect(() => serve({ maxAgeSeconds: 0 })).toThrow(RangeError);
  });

  it('says 404 in the words of the RFC ("receiver Does Not Exist")', async () => {
    const response = await serve()(get('https://wallet.example/eve'));
    expect(response.status).toBe(404);
    expect(response.headers.get('content-type')).toBe('application/spsp4+json');
    expect(await response.json()).toEqual({
      id: 'InvalidReceiverError',
      message: 'Invalid receiver ID',
    });
  });

  it.each([
    ['application/spsp+json', 200],
    ['text/html, application/spsp4+json;q=0.5', 200],
    ['*/*', 200],
    ['application/*', 200],
    ['text/html', 406],
    ['application/spsp4+json;q=0, text/html', 406],
    ['application/spsp4+json; q=0.000, */*', 406],
    ['*/*;q=0, application/spsp4+json', 200],
    ['application/*;q=0, */*', 406],
    ['application/json', 406],
    ['application/spsp4', 406],
    ['', 200],
    [',', 406],
    ['constructor', 406],
  ])('takes "Accept: %s" for %i', async (accept, status) => {
    expect((await serve()(get(ENDPOINT, { accept }))).status).toBe(status);
  });

  it('lets scripts of other sites ask (Web Monetization polyfills)', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const { headers } = await serve()(get(ENDPOINT, {}, method));
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-allow-headers')).toBe('web-monetization-id');
      expect(headers.get('access-control-expose-headers')).toBe('retry-after');
    }
  });

  it('lets scripts that ask for receipts do so (RFC 0039)', async () => {
    const preflight = { 'access-control-request-headers': 'receipt-nonce,receipt-secret' };
    const { status, headers } = await serve()(get(ENDPOINT, preflight, 'OPTIONS'));
    expect(status).toBe(204);
    const allowed = headers.get('access-control-allow-headers')?.split(', ');
    expect(allowed).toEqual(['web-monetization-id', 'receipt-nonce', 'receipt-secret']);
  });

  it('shows errors in one shape, with the type, for other sites too', async () => {
    const failing = serve({ answer: () => Promise.reject(new Error('no')) });
    const answers = await Promise.all([
      serve()(get('https://wallet.example/eve')),
      serve()(get(ENDPOINT, { accept: 'text/html' })),
      serve()(get(ENDPOINT, {}, 'POST')),
      serve()(get(ENDPOINT, { 'receipt-nonce': 'AAAA' })),
      serve({ answer: () => ({ gone: 'The invoice is paid' }) })(get(ENDPOINT)),
      failing(get(ENDPOINT)),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 406, 405, 400, 410, 500]);
    for (const answer of answers) {
      const { id, message, ...more } = (await answer.json()) as Record<string, unknown>;
      expect([id, message, more]).toEqual([
        expect.stringMatching(/^[A-Za-z]+Error$/),
        expect.stringMatching(/./),
        {},
      ]);
      expect(answer.headers.get('content-type')).toBe('application/spsp4+json');
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    }
  });

  it('answers HEAD without a body and refuses to be written to', async () => {
    const head = await serve()(get(ENDPOINT, {}, 'HEAD'));
    expect([head.status, await head.text()]).toEqual([200, '']);
    const post = await serve()(get(ENDPOINT, {}, 'POST'));
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  it('gives receipt headers to the application, both or none (RFC 0039)', async () => {
    const answer = vi.fn(() => ({ credentials, receiptsEnabled: true }));
    const handle = serve({ answer });
    const nonce = Buffer.alloc(16, 1).toString('base64');
    const secret = Buffer.alloc(32, 2).toString('base64');
    const both = await handle(get(ENDPOINT, { 'receipt-nonce': nonce, 'receipt-secret': secret }));
    expect(await both.json()).toMatchObject({ receipts_enabled: true });
    expect(answer).toHaveBeenLastCalledWith(
      expect.objectContaining({
        path: '/bob',
        receipts: { nonce: new Uint8Array(16).fill(1), secret: new Uint8Array(32).fill(2) },
      }),
    );
    const bad: Record<string, string>[] = [
      { 'receipt-nonce': nonce },
      { 'receipt-secret': secret },
      { 'receipt-nonce': secret, 'receipt-secret': nonce },
      { 'receipt-nonce': '!', 'receipt-secret': secret },
    ];
    for (const headers of bad) expect((await handle(get(ENDPOINT, headers))).status).toBe(400);
    expect(answer).toHaveBeenCalledTimes(1);
  });

  it('tells its own application, not the asker, why it failed', async () => {
    const onError = vi.fn();
    const failing = serve({ answer: () => Promise.reject(new Error('secret detail')), onError });
    const response = await failing(get(ENDPOINT));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret detail');
    expect(onError).toHaveBeenCalledWith(new Error('secret detail'));
  });
});

describe('the client', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('gets from a payment pointer to address and secret', async () => {
    const seen: Request[] = [];
    const client = clientOf((request) => {
      seen.push(request);
      return serve({ maxAgeSeconds: 7 })(request);
    });
    expect(await client.query('$wallet.example/bob')).toEqual({
      destination: 'test.bob.token',
      sharedSecret: credentials.sharedSecret,
      receiptsEnabled: false,
      host: 'wallet.example',
      finalHost: 'wallet.example',
      maxAgeSeconds: 7,
    });
    expect(seen[0]?.url).toBe(ENDPOINT);
    expect(seen[0]?.headers.get('accept')).toBe('application/spsp4+json, application/spsp+json');
    expect((await client.query(ENDPOINT)).destination).toBe('test.bob.token');
  });

  it.each([
    ['base64url without padding', Buffer.from(SECRET, 'base64').toString('base64url')],
    ['base64 without padding', SECRET.replace(/=+$/, '')],
  ])('reads a secret in %s, and ignores fields it does not know', async (_, shared_secret) => {
    const client = clientOf(() =>
      json({ destination_account: 'g.bob', shared_secret, asset_info: { code: 'USD' } }),
    );
    expect((await client.query(ENDPOINT)).sharedSecret).toEqual(credentials.sharedSecret);
  });

  it.each([
    ['no JSON', '<html>'],
    ['no object', []],
    ['no address', { shared_secret: SECRET }],
    ['a wrong address', { destination_account: 'bob', shared_secret: SECRET }],
    ['no secret', { destination_account: 'g.bob' }],
    ['a secret of 31 bytes', { destination_account: 'g.bob', shared_secret: SECRET.slice(0, 40) }],
    ['a secret that is no base64', { destination_account: 'g.bob', shared_secret: '§§§' }],
  ])('refuses an answer with %s, and does not repeat its secret', async (_, body) => {
    const error = await failureOf(clientOf(() => json(body)).query(ENDPOINT));
    expect(error.code).toBe('BAD_RESPONSE');
    expect(error.message).not.toContain(SECRET.slice(0, 20));
  });

  it('refuses another content type', async () => {
    const body = { destination_account: 'g.bob', shared_secret: SECRET };
    const client = clientOf(() => json(body, { 'content-type': 'application/json' }));
    expect((await failureOf(client.query(ENDPOINT))).code).toBe('BAD_RESPONSE');
  });

  it.each([
    [404, 'NOT_FOUND', false],
    [400, 'REFUSED', false],
    [410, 'GONE', false],
    [429, 'BUSY', true],
    [503, 'SERVER_ERROR', true],
  ])('tells %i apart as %s', async (status, code, isRetryable) => {
    const client = clientOf(() => new Response('x', { status }), { maxRetries: 0 });
    expect(await failureOf(client.query(ENDPOINT))).toMatchObject({ code, status, isRetryable });
  });

  it('does not read an endless answer', async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    const client = clientOf(
      () => new Response(endless, { headers: { 'content-type': 'application/spsp4+json' } }),
    );
    expect((await failureOf(client.query(ENDPOINT))).message).toContain('longer than 16384 bytes');
    expect(pulled).toBeLessThan(25);
  });

  it('gives up on a server that does not answer, and when it is told to', async () => {
    const hang = (_: string, init: RequestInit): Promise<Response> =>
      new Promise((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => {
          reject(new Error('aborted'));
        });
      });
    const client = new SpspClient({ fetch: hang, timeoutMs: 20 });
    expect((await failureOf(client.query(ENDPOINT))).code).toBe('TIMEOUT');
    const controller = new AbortController();
    const cancelled = failureOf(
      new SpspClient({ fetch: hang }).query(ENDPOINT, { signal: controller.signal }),
    );
    controller.abort();
    expect((await cancelled).code).toBe('ABORTED');
  });

  it('says why a server cannot be reached', async () => {
    const client = new SpspClient({
      fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error('ENOTFOUND') })),
      maxRetries: 0,
    });
    const error = await failureOf(client.query(ENDPOINT));
    expect(error).toMatchObject({ code: 'UNREACHABLE', isRetryable: true });
    expect(error.message).toBe('wallet.example cannot be reached: ENOTFOUND');
  });

  it.each([
    'http://wallet.example/bob',
    'wallet.example',
    'ftp://x',
    'https://u:p@wallet.example/',
  ])('does not ask %s', async (endpoint) => {
    const fetch = vi.fn();
    expect((await failureOf(new SpspClient({ fetch }).query(endpoint))).code).toBe('BAD_ENDPOINT');
    expect(fetch).not.toHaveBeenCalled();
  });

  describe('with redirects (RFC 0026)', () => {
    const redirect = (location: string): Response =>
      new Response(null, { status: 302, headers: { location } });
    const moving = (location: string, options: SpspClientOptions = {}): SpspClient =>
      clientOf((request) => {
        const { host } = new URL(request.url);
        return host === 'wallet.example' ? redirect(location) : serve()(request);
      }, options);

    it('reports both hosts', async () => {
      expect(await moving('https://other.example/bob').query(ENDPOINT)).toMatchObject({
        host: 'wallet.example',
        finalHost: 'other.example',
      });
    });

    it('asks before it goes to another host', async () => {
      const confirmRedirect = vi.fn(() => false);
      const client = moving('https://other.example/bob', { confirmRedirect });
      expect((await failureOf(client.query(ENDPOINT))).code).toBe('REDIRECT');
      expect(confirmRedirect).toHaveBeenCalledWith('wallet.example', 'other.example');
    });

    it.each(['http://other.example/bob', 'https://u@other.example/', 'file:///etc/passwd', '//'])(
      'does not go to %s',
      async (location) => {
        expect((await failureOf(moving(location).query(ENDPOINT))).code).toBe('REDIRECT');
      },
    );

    it('does not go in circles', async () => {
      let requests = 0;
      const client = clientOf(() => {
        requests += 1;
        return redirect('/bob');
      });
      expect((await failureOf(client.query(ENDPOINT))).message).toBe('more than 3 redirects');
      expect(requests).toBe(4);
    });
  });
});
