/** Three links over loopback, both ends in this process, each with a way to send octets and get octets back. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BtpClient, BtpServer, equalSecrets } from '@pennyswitch/btp';
import plugin from 'ilp-plugin-btp';
import { WebSocket, WebSocketServer } from 'ws';
import { workers, type Link } from './turns.js';

/** What a request and its response cost without any protocol: the server sends back what it gets. */
export async function rawEcho(): Promise<Link> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data)));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
  await once(client, 'open');
  return {
    name: 'raw ws echo',
    run: (octets, inFlight, total) =>
      new Promise((resolve) => {
        let sent = 0;
        let answered = 0;
        const listener = (): void => {
          answered += 1;
          if (sent < total) {
            sent += 1;
            client.send(octets);
          } else if (answered === total) {
            client.off('message', listener);
            resolve();
          }
        };
        client.on('message', listener);
        while (sent < inFlight) {
          sent += 1;
          client.send(octets);
        }
      }),
    close: () => {
      client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Our client and server. */
export async function ours(): Promise<Link> {
  const server = new BtpServer({
    authenticate: ({ token }) =>
      Promise.resolve(equalSecrets(token, 'secret') ? 'alice' : undefined),
  });
  server.account('alice').handle('ilp', (octets) => Promise.resolve(octets));
  const { port } = await server.listen({ port: 0 });
  const client = new BtpClient({ url: `btp+ws://:secret@127.0.0.1:${port}` });
  await client.connect();
  return {
    name: '@pennyswitch/btp',
    run: (octets, inFlight, total) =>
      workers(inFlight, total, () => client.send(octets, { deadline: Date.now() + 30_000 })),
    close: async () => {
      await client.close();
      await server.close();
    },
  };
}

/** npm ilp-plugin-btp on both ends. */
export async function peer(): Promise<Link> {
  const http = createServer();
  const listening = once(http, 'listening');
  const server = new plugin.default({
    // Its own `ws` is an older one, whose types differ; the option is the same.
    listener: { port: 0, secret: 'secret', wsOpts: { server: http } },
  });
  server.registerDataHandler((data: Buffer) => Promise.resolve(data));
  const accepted = server.connect();
  await listening;
  const { port } = http.address() as AddressInfo;
  const client = new plugin.default({ server: `btp+ws://:secret@127.0.0.1:${port}` });
  await Promise.all([client.connect(), accepted]);
  return {
    name: 'ilp-plugin-btp',
    run: (octets, inFlight, total) => {
      const data = Buffer.from(octets);
      return workers(inFlight, total, () => client.sendData(data));
    },
    close: async () => {
      await client.disconnect();
      await server.disconnect();
      http.closeAllConnections();
    },
  };
}
