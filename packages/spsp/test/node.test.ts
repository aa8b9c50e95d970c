import { createServer, request, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSpspHandler } from '../src/index.js';
import { nodeListener } from '../src/node.js';

const credentials = {
  destination: parseIlpAddress('test.bob.token'),
  sharedSecret: new Uint8Array(32).fill(7),
};

const handle = createSpspHandler({
  answer: ({ path }) => (path === '/bob' ? { credentials } : undefined),
});
const wrapped = (incoming: Request): Promise<Response> => {
  if (incoming.url.endsWith('/throws')) throw new Error('a fault of the application');
  return handle(incoming);
};

describe.each([
  ['an SPSP handler', handle],
  ['a function from Request to Response', wrapped],
])("Node's http before %s", (_, handler) => {
  let server: Server;
  let port: number;

  beforeAll(async () => {
    server = createServer(nodeListener(handler));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    ({ port } = server.address() as AddressInfo);
  });

  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  it('answers queries, with the headers and status of the handler', async () => {
    const response = await fetch(`http://127.0.0.1:${port}/bob?x=1`, {
      headers: { accept: 'application/spsp4+json' },
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/spsp4+json');
    expect(await response.json()).toMatchObject({ destination_account: 'test.bob.token' });
    expect((await fetch(`http://127.0.0.1:${port}/eve`)).status).toBe(404);
    const unacceptable = await fetch(`http://127.0.0.1:${port}/bob`, {
      headers: { accept: 'text/html' },
    });
    expect(unacceptable.status).toBe(406);
  });

  it('answers HEAD without a body and OPTIONS for other origins', async () => {
    const head = await fetch(`http://127.0.0.1:${port}/bob`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const options = await fetch(`http://127.0.0.1:${port}/bob`, { method: 'OPTIONS' });
    expect(options.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('does not keep a body that nobody asked for', async () => {
    const body = 'x'.repeat(1_000_000);
    const response = await fetch(`http://127.0.0.1:${port}/bob`, { method: 'POST', body });
    expect(response.status).toBe(handler === handle ? 405 : 413);
  });

  it.runIf(handler === wrapped)('answers 500 where the handler throws, and goes on', async () => {
    expect((await fetch(`http://127.0.0.1:${port}/throws`)).status).toBe(500);
    expect((await fetch(`http://127.0.0.1:${port}/bob`)).status).toBe(200);
  });

  it('answers 400 to a Host that is none', async () => {
    const status = await new Promise((resolve, reject) => {
      request({ port, host: '127.0.0.1', path: '/bob', headers: { host: 'a b' } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(400);
  });

  it.each(['//', '*', 'http://', '/\\', 'http://user:pw@h/'])(
    'survives the request target %j',
    async (target) => {
      const answer = await new Promise<string>((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.write(`GET ${target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n`);
        });
        let text = '';
        socket.on('data', (chunk) => (text += chunk.toString()));
        socket.on('error', reject);
        socket.on('close', () => {
          resolve(text);
        });
      });
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    },
  );
});
