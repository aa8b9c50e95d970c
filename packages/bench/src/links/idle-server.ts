/** A process of its own: a server, ours or a raw one, that tells its port and, when asked, its memory. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { BtpServer } from '@pennyswitch/btp';
import { WebSocketServer } from 'ws';

/** What this process tells its parent. */
export interface ServerReport {
  readonly port: number;
  readonly rss: number;
  readonly connections: number;
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const { port, connections } = process.argv[2] === 'raw' ? await raw() : await ours();

function report(): void {
  collectGarbage();
  const message: ServerReport = {
    port,
    rss: process.memoryUsage.rss(),
    connections: connections(),
  };
  process.send?.(message);
}

process.on('message', report);
report();

async function raw(): Promise<{ port: number; connections: () => number }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('message', (data: Buffer) => socket.send(data)));
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => server.clients.size,
  };
}

async function ours(): Promise<{ port: number; connections: () => number }> {
  const server = new BtpServer({
    authenticate: ({ username }) => Promise.resolve(username),
    limits: { maxConnectionsPerAddress: 20_000 },
  });
  server.on('account', (account) => account.handle('ilp', (octets) => Promise.resolve(octets)));
  const { port } = await server.listen({ port: 0 });
  return {
    port,
    connections: () => server.gauges.connections - server.gauges.unauthenticated,
  };
}
