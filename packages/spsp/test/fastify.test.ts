import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { fastify } from 'fastify';
import { describe, expect, it } from 'vitest';
import { spspPlugin } from '../src/fastify.js';
import { createSpspHandler, type SpspQuery } from '../src/index.js';

const credentials = {
  destination: parseIlpAddress('test.bob.token'),
  sharedSecret: new Uint8Array(32).fill(7),
};

describe('the server in Fastify', () => {
  it('answers as it does elsewhere, and leaves other routes alone', async () => {
    const queries: SpspQuery[] = [];
    const app = fastify();
    app.get('/', () => 'home');
    await app.register(spspPlugin, {
      handler: createSpspHandler({
        answer: (query) => {
          queries.push(query);
          return query.path === '/pay/bob' ? { credentials } : undefined;
        },
      }),
      path: '/pay/*',
    });
    const accept = 'application/spsp4+json';
    const found = await app.inject({ url: '/pay/bob?x=1', headers: { accept } });
    expect([found.statusCode, found.headers['content-type']]).toEqual([200, accept]);
    expect(found.json()).toMatchObject({ destination_account: 'test.bob.token' });
    expect(queries[0]).toMatchObject({ host: 'localhost:80', clientAddress: '127.0.0.1' });

    const missing = await app.inject({ url: '/pay/eve', headers: { accept } });
    expect([missing.statusCode, missing.json()]).toEqual([
      404,
      { id: 'InvalidReceiverError', message: 'Invalid receiver ID' },
    ]);
    expect((await app.inject({ url: '/pay/bob', headers: { accept: 'a/b' } })).statusCode).toBe(
      406,
    );
    // A path that another reading would take for a host and /pay/bob.
    const other = await app.inject({ url: '/pay//pay/bob', headers: { accept } });
    expect([other.statusCode, queries.at(-1)?.path]).toEqual([404, '/pay//pay/bob']);
    // Over a socket: what `inject` makes of a body that HTTP would not send is its own affair.
    const address = await app.listen({ host: '127.0.0.1', port: 0 });
    const head = await fetch(`${address}/pay/bob`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const options = await app.inject({ method: 'OPTIONS', url: '/pay/bob' });
    expect(options.headers['access-control-allow-origin']).toBe('*');
    expect((await app.inject('/')).body).toBe('home');
    await app.close();
  });
});
