/**
 * A process of its own between a sender and a receiver that speak BTP: our connector, npm ilp-connector, or a relay that
 * passes WebSocket frames on without looking at them. Tells its port, and, when asked, how much processor time it has used.
 *
 * Arguments: what to be (`relay`, `connector` or `peer`), the receiver's port, and for a connector its store.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BtpClient, BtpServer } from '@pennyswitch/btp';
import { btpLink, configuredRates, Connector } from '@pennyswitch/connector-core';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import plugin from 'ilp-plugin-btp';
import { WebSocket, WebSocketServer, type RawData } from 'ws';
import { LIMITS } from './limits.js';
import { startPeer } from './peer.js';
import { openStore } from './stores.js';

/** What this process tells its parent. */
export interface HopReport {
  readonly port: number;
  /** Of processor time since the start, in microseconds. */
  readonly cpuMicros: number;
  readonly rss: number;
}

const [kind = 'relay', receiverPort = '0', storeName = 'memory'] = process.argv.slice(2);
const port = await start();

function report(): void {
  const { user, system } = process.cpuUsage();
  const message: HopReport = { port, cpuMicros: user + system, rss: process.memoryUsage.rss() };
  process.send?.(message);
}

process.on('message', report);
process.on('disconnect', () => process.exit());
report();

function start(): Promise<number> {
  if (kind === 'relay') return relay();
  return kind === 'peer' ? peer() : connector();
}

async function relay(): Promise<number> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (from) => {
    const to = new WebSocket(`ws://127.0.0.1:${receiverPort}`, { perMessageDeflate: false });
    const early: RawData[] = [];
    from.on('message', (data: Buffer) => {
      if (to.readyState === WebSocket.OPEN) to.send(data);
      else early.push(data);
    });
    to.on('open', () => {
      for (const data of early) to.send(data as Buffer);
    });
    to.on('message', (data: Buffer) => from.send(data));
    from.on('close', () => to.close());
  });
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function connector(): Promise<number> {
  const node = new Connector({
    address: parseIlpAddress('g.bench'),
    rates: configuredRates({ pairs: { 'USD/EUR': '0.92' } }),
    spread: '0.002',
    store: await openStore(storeName),
  });
  const server = new BtpServer({ authenticate: ({ username }) => Promise.resolve(username) });
  await node.addAccount(
    { id: 'alice', relation: 'child', asset: { code: 'USD', scale: 9 }, limits: LIMITS },
    btpLink(server.account('alice')),
  );
  const client = new BtpClient({
    url: `btp+ws://hop-${process.pid}:secret@127.0.0.1:${receiverPort}`,
  });
  await node.addAccount(
    {
      id: 'bob',
      relation: 'peer',
      asset: { code: 'EUR', scale: 9 },
      limits: LIMITS,
      staticRoutes: ['g.bob'],
      sendRoutes: false,
      receiveRoutes: false,
    },
    btpLink(client),
  );
  await node.start();
  await client.connect();
  return (await server.listen({ port: 0 })).port;
}

async function peer(): Promise<number> {
  // Its plugin says nothing of the port that it listens on.
  const http = createServer();
  const alice = new plugin.default({
    listener: { port: 0, secret: 'secret', wsOpts: { server: http } },
  });
  const bob = new plugin.default({ server: `btp+ws://:secret@127.0.0.1:${receiverPort}` });
  const listening = once(http, 'listening');
  // It is up when both sides are; the sender comes when it knows the port.
  void startPeer(alice, bob);
  await listening;
  return (http.address() as AddressInfo).port;
}
