import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { SpspClient } from '../src/index.js';
import { createNodeFetch, isPrivateAddress, type NodeFetchOptions } from '../src/node.js';

const SECRET = Buffer.alloc(32, 7).toString('base64');
const GOOD = JSON.stringify({ destination_account: 'test.bob', shared_secret: SECRET });
const TYPE = { 'content-type': 'application/spsp4+json' };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

function clientOf(options: NodeFetchOptions = {}, timeoutMs = 30_000): SpspClient {
  const fetch = createNodeFetch(options);
  return new SpspClient({ fetch, allowHttpOnLoopback: true, maxRetries: 0, timeoutMs });
}

const lookup =
  (...answers: string[][]): NonNullable<NodeFetchOptions['lookup']> =>
  (_, callback) => {
    const addresses = (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };

describe('addresses that no public service has', () => {
  it.each([
    ...['127.0.0.1', '10.1.2.3', '172.16.0.1', '172.31.255.255', '192.168.1.1', '100.64.0.1'],
    ...['169.254.169.254', '0.0.0.0', '224.0.0.1', '255.255.255.255', '198.18.0.1', '192.0.2.1'],
    ...['::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'ff02::1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1'],
    ...['::127.0.0.1', '2001:0:1::1', 'no address', ''],
  ])('are known: %s', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    'are not all there are: %s',
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});

describe('requests into private networks (SSRF)', () => {
  it.each([
    'https://127.0.0.1/bob',
    'https://[::1]/bob',
    'https://[::ffff:10.0.0.1]/bob',
    'https://169.254.169.254/latest/meta-data',
    // Forms that URLs turn into 127.0.0.1.
    'https://2130706433/',
    'https://0x7f.1/',
    'https://127.1/',
  ])('are not made to %s', async (endpoint) => {
    await expect(clientOf().query(endpoint)).rejects.toMatchObject({ code: 'FORBIDDEN_ADDRESS' });
  });

  it('are not made to a name that leads there, not even among public addresses', async () => {
    for (const addresses of [['192.168.0.1'], ['1.1.1.1', 'fd00::1']]) {
      const client = clientOf({ lookup: lookup(addresses) });
      await expect(client.query('$wallet.example/bob')).rejects.toMatchObject({
        code: 'FORBIDDEN_ADDRESS',
        message: 'wallet.example is in no public network, and this client goes nowhere else',
        isRetryable: false,
      });
    }
  });

  it('are not made after a redirect', async () => {
    const port = await serve((_, response) => {
      response.writeHead(302, { location: 'https://169.254.169.254/latest/' }).end();
    });
    const client = clientOf({
      connectTo: (host) => (host === 'localhost' ? { host: '127.0.0.1', port } : undefined),
    });
    await expect(client.query('http://localhost/bob')).rejects.toMatchObject({
      code: 'FORBIDDEN_ADDRESS',
    });
  });

  it('are not made when a name changes between check and use: it is resolved once', async () => {
    let lookups = 0;
    const client = clientOf(
      {
        lookup: (_, callback) => {
          lookups += 1;
          // A public address that nothing answers at, then a private one.
          callback(null, [{ address: lookups === 1 ? '203.0.113.1' : '127.0.0.1', family: 4 }]);
        },
        allowPrivateAddresses: true,
      },
      50,
    );
    await expect(client.query('$wallet.example/bob')).rejects.toMatchObject({
      code: expect.stringMatching(/TIMEOUT|UNREACHABLE/) as string,
    });
    expect(lookups).toBe(1);
  });

  it('are made where the caller allows it', async () => {
    const port = await serve((_, response) => {
      response.writeHead(200, TYPE).end(GOOD);
    });
    const client = clientOf({ allowPrivateAddresses: true });
    expect((await client.query(`http://127.0.0.1:${port}/bob`)).destination).toBe('test.bob');
  });

  it('are not made by webhooks either, whose bodies arrive elsewhere', async () => {
    const bodies: string[] = [];
    const port = await serve((request, response) => {
      let body = `${request.method ?? ''} ${request.headers['content-length'] ?? ''} `;
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        bodies.push(body);
        response.writeHead(204).end();
      });
    });
    const url = `http://127.0.0.1:${port}/hook`;
    const post = { method: 'POST', body: '{"é":1}' };
    await expect(createNodeFetch()(url, post)).rejects.toMatchObject({ code: 'FORBIDDEN_ADDRESS' });
    const allowed = createNodeFetch({ allowPrivateAddresses: true });
    expect((await allowed(url, post)).status).toBe(204);
    expect(bodies).toEqual(['POST 8 {"é":1}']);
    await expect(allowed(url, { method: 'POST', body: new FormData() })).rejects.toThrow(TypeError);
  });
});

describe('hostile servers', () => {
  const ask = async (listener: RequestListener, timeoutMs = 30_000): Promise<unknown> => {
    const port = await serve(listener);
    const client = clientOf({ allowPrivateAddresses: true }, timeoutMs);
    return client.query(`http://127.0.0.1:${port}/bob`).catch((error: unknown) => error);
  };

  it('cannot make the client read an endless body', async () => {
    let written = 0;
    const error = await ask((_, response) => {
      response.writeHead(200, TYPE);
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(1000))) written += 1000;
      };
      response.on('drain', more);
      more();
    });
    expect(error).toMatchObject({ code: 'BAD_RESPONSE' });
    // Sockets buffer on both sides; what matters is that it ends.
    expect(written).toBeLessThan(16_000_000);
  });

  it('cannot make it wait by sending drop by drop', async () => {
    const error = await ask((_, response) => {
      response.writeHead(200, TYPE);
      const timer = setInterval(() => response.write(' '), 5);
      response.on('close', () => {
        clearInterval(timer);
      });
    }, 80);
    expect(error).toMatchObject({ code: 'TIMEOUT' });
  });

  it('cannot make it wait by saying nothing, or over a header', async () => {
    expect(await ask(() => undefined, 80)).toMatchObject({ code: 'TIMEOUT' });
    const drip = (request: IncomingMessage): void => {
      request.socket.write('HTTP/1.1 200 OK\r\nx-long: ');
      const timer = setInterval(() => request.socket.write('x'), 5);
      request.socket
        .on('error', () => undefined)
        .on('close', () => {
          clearInterval(timer);
        });
    };
    expect(await ask(drip, 80)).toMatchObject({ code: 'TIMEOUT' });
    const preliminary = (request: IncomingMessage): void => {
      const timer = setInterval(() => request.socket.write('HTTP/1.1 102 Processing\r\n\r\n'), 5);
      request.socket
        .on('error', () => undefined)
        .on('close', () => {
          clearInterval(timer);
        });
    };
    expect(await ask(preliminary, 80)).toMatchObject({ code: 'TIMEOUT' });
  });

  it('cannot make it wait in the middle of a TLS handshake', async () => {
    const sockets: Socket[] = [];
    const silent = createTcpServer((socket) => sockets.push(socket.resume()));
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const { port } = silent.address() as AddressInfo;
    const client = clientOf({ connectTo: () => ({ host: '127.0.0.1', port }) }, 80);
    await expect(client.query('$wallet.example/bob')).rejects.toMatchObject({ code: 'TIMEOUT' });
    // And it lets go of the connection.
    await expect
      .poll(() => sockets.map(({ readableEnded, destroyed }) => readableEnded || destroyed))
      .toEqual([true]);
    silent.close();
  });

  it('cannot make it keep a huge header', async () => {
    const error = await ask((_, response) => {
      response.writeHead(200, { ...TYPE, 'x-long': 'x'.repeat(20_000) }).end(GOOD);
    });
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('cannot send it in circles', async () => {
    let requests = 0;
    const error = await ask((request, response) => {
      requests += 1;
      response.writeHead(307, { location: request.url === '/bob' ? '/alice' : '/bob' }).end();
    });
    expect(error).toMatchObject({ code: 'REDIRECT', message: 'more than 3 redirects' });
    expect(requests).toBe(4);
  });

  it.each<[string, RequestListener]>([
    [
      'a body cut short',
      (_, response) => {
        response.writeHead(200, { ...TYPE, 'content-length': '1000' });
        response.write(GOOD);
        setImmediate(() => response.destroy());
      },
    ],
    ['no HTTP at all', (request) => request.socket.end('hello\r\n\r\n')],
    ['a closed connection', (request) => request.socket.destroy()],
  ])('are unreachable with %s', async (_, listener) => {
    expect(await ask(listener)).toMatchObject({ code: 'UNREACHABLE' });
  });

  it.each([
    'HTTP/1.1 999 Too much',
    'HTTP/1.1 600 Too much',
    'HTTP/1.1 000 Nothing',
    'HTTP/1.1 199 Early',
    'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade',
    'HTTP/1.1 101 Switching Protocols',
    'HTTP/1.1 200 OK\r\nx : y',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked',
  ])('are unreachable where they answer with %j', async (head) => {
    const error = await ask((request) => request.socket.end(`${head}\r\n\r\n`));
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('are asked for bodies that are not packed', async () => {
    const asked: unknown[] = [];
    await ask((request, response) => {
      asked.push(request.headers['accept-encoding']);
      response.writeHead(200, TYPE).end(GOOD);
    });
    expect(asked).toEqual(['identity']);
  });

  it.each([204, 205, 304])('get no details across with status %i', async (status) => {
    expect(await ask((_, response) => response.writeHead(status, TYPE).end())).toMatchObject({
      code: expect.stringMatching(/REFUSED|REDIRECT/) as string,
    });
  });
});
