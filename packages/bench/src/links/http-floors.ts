/**
 * What an exchange of RFC 0035 costs at least: the same requests and answers with node's own HTTP on both ends, the same
 * headers, the token compared, the body collected, and nothing else.
 */
import {
  Agent,
  createServer,
  request,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import { connect, createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { workers, type Link } from './turns.js';

export const TOKEN = 'token-0123456789-0123456789-0123456789-012345';
/** As many as ours has. */
export const CONNECTIONS = 64;

const TYPE = 'application/octet-stream';
const AUTHORIZATION = `Bearer ${TOKEN}`;

/** HTTP/1.1, the reply in the body of the answer. */
export async function bareHttp1(): Promise<Link> {
  const server = createServer((incoming, response) => {
    void bodyOf(incoming).then((body) => {
      const isGood = incoming.headers.authorization === AUTHORIZATION;
      const headers = { 'content-type': TYPE, 'content-length': body.length };
      response.writeHead(isGood ? 200 : 401, headers).end(body);
    });
  });
  const port = await listening(server);
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  return {
    name: 'bare node:http',
    run: (octets, inFlight, total) =>
      workers(inFlight, total, () => post(agent, port, '/ilp', octets, {})),
    close: () => closed(server, agent),
  };
}

/** HTTP/1.1, the reply in a request of its own to the other end's server. */
export async function bareCallback(): Promise<Link> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const waiting = new Map<string, (reply: Uint8Array) => void>();
  let nextId = 0;
  const alice = createServer((incoming, response) => {
    void bodyOf(incoming).then((body) => {
      const id = String(incoming.headers['request-id']);
      waiting.get(id)?.(body);
      response.writeHead(waiting.delete(id) ? 200 : 400).end();
    });
  });
  const callbackPort = await listening(alice);
  const bob = createServer((incoming, response) => {
    void bodyOf(incoming).then((body) => {
      response.writeHead(202).end();
      const headers = { 'request-id': incoming.headers['request-id'] };
      void post(agent, callbackPort, '/ilp/callback', body, headers);
    });
  });
  const port = await listening(bob);
  const exchange = (octets: Uint8Array): Promise<unknown> => {
    const id = String((nextId += 1));
    const reply = new Promise<Uint8Array>((resolve) => waiting.set(id, resolve));
    const headers = { 'request-id': id, prefer: 'respond-async' };
    return Promise.all([reply, post(agent, port, '/ilp', octets, headers)]);
  };
  return {
    name: 'bare node:http, callback',
    run: (octets, inFlight, total) => workers(inFlight, total, () => exchange(octets)),
    close: async () => {
      await closed(alice, agent);
      await closed(bob, agent);
    },
  };
}

/** HTTP/2 without TLS, the reply in the body of the answer. */
export async function bareHttp2(): Promise<Link> {
  const server = createHttp2Server({ settings: { maxConcurrentStreams: 1000 } });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => {
      const isGood = headers.authorization === AUTHORIZATION;
      stream.respond({ ':status': isGood ? 200 : 401, 'content-type': TYPE });
      stream.end(Buffer.concat(chunks));
    });
  });
  const port = await listening(server);
  const session = connect(`http://127.0.0.1:${port}`);
  const exchange = (octets: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': '/ilp',
        'content-type': TYPE,
        'content-length': octets.length,
        authorization: AUTHORIZATION,
      });
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => resolve(Buffer.concat(chunks)));
      stream.once('error', reject);
      stream.end(octets);
    });
  return {
    name: 'bare node:http2',
    run: (octets, inFlight, total) => workers(inFlight, total, () => exchange(octets)),
    close: () => {
      session.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function post(
  agent: Agent,
  port: number,
  path: string,
  octets: Uint8Array,
  more: Record<string, string | string[] | undefined>,
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': TYPE,
      'content-length': octets.length,
      authorization: AUTHORIZATION,
      ...more,
    };
    request({ agent, port, host: '127.0.0.1', method: 'POST', path, headers }, (answer) => {
      bodyOf(answer).then(resolve, reject);
    })
      .on('error', reject)
      .end(octets);
  });
}

function bodyOf(message: IncomingMessage): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.once('end', () => resolve(Buffer.concat(chunks)));
    message.once('error', reject);
  });
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function closed(server: ReturnType<typeof createServer>, agent: Agent): Promise<void> {
  agent.destroy();
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
