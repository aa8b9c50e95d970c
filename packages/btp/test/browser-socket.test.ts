/** The driver for browsers, over an implementation of their WebSocket interface that has sockets here. */
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { AddressInfo } from 'node:net';
import type { BtpClient, BtpSocket, SocketEnd } from '../src/index.js';
import { openSocket } from '../src/websocket.browser.js';
import { makeAcceptor } from '../src/websocket-server.browser.js';
import { VirtualClock } from '@pennyswitch/testkit';
import { clientOf, deadline, endAll, serverOf, track, until } from './links.js';

beforeEach(() => vi.stubGlobal('WebSocket', WebSocket));
afterEach(async () => {
  await endAll();
  vi.unstubAllGlobals();
});

async function linked(
  clock?: VirtualClock,
): Promise<{ client: BtpClient; server: Awaited<ReturnType<typeof serverOf>>['server'] }> {
  const { server, url } = await serverOf({ alice: 'secret' });
  server.account('alice').handle('ilp', (octets) => Promise.resolve(octets));
  const client = clientOf(url('alice', 'secret'), { openSocket, ...(clock && { clock }) });
  client.handle('ilp', (octets) => Promise.resolve(octets));
  await client.connect();
  return { client, server };
}

describe('a client on the WebSocket of browsers', () => {
  test.each([0, 1, 32_768])('exchanges %i bytes both ways', async (length) => {
    const { client, server } = await linked();
    const octets = new Uint8Array(length).fill(7);
    expect(await client.send(octets, deadline())).toEqual(octets);
    expect(await server.account('alice').send(octets, deadline())).toEqual(octets);
  });

  test('asks a quiet server for a sign of life with an empty Message', async () => {
    const clock = new VirtualClock(Date.now());
    const { client, server } = await linked(clock);
    const { counters } = server.account('alice');
    await clock.advance(20_000);
    await until(() => client.counters.responsesReceived === 1);
    expect(counters.requestsReceived).toBe(1);
    await clock.advance(10_000);
    expect(client.isConnected).toBe(true);
  });

  test('notices that the server has closed', async () => {
    const { client, server } = await linked();
    const disconnected = new Promise((resolve) => client.once('disconnect', resolve));
    await server.account('alice').close();
    expect(await disconnected).toEqual({ reason: 'the peer closed the connection (code 1000)' });
  });

  test('cannot take TLS settings', async () => {
    const client = track(clientOf('btp+wss://:t@127.0.0.1:1/', { openSocket, tls: { ca: 'x' } }));
    await expect(client.connect()).rejects.toThrow(TypeError);
    await expect(client.connect()).rejects.toThrow(TypeError);
  });
});

test('a terminated socket reports its end at once, and once, though the peer says nothing', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  track({ close: () => new Promise((resolve) => server.close(() => resolve())) });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.on('connection', (socket) => {
    socket.send('text');
    socket.pause(); // Never finishes a closing handshake.
    track({
      close: () => {
        socket.terminate();
        return Promise.resolve();
      },
    });
  });
  const ends: SocketEnd[] = [];
  const texts = await new Promise<number>((resolve) => {
    let count = 0;
    const socket: BtpSocket = openSocket(
      `ws://127.0.0.1:${port}/`,
      { maxMessageBytes: 1000 },
      {
        onOpen: () => undefined,
        onMessage: () => undefined,
        onAlive: () => undefined,
        onText: () => {
          count += 1;
          socket.terminate();
        },
        onClose: (end) => {
          ends.push(end);
          resolve(count);
        },
      },
    );
  });
  expect(texts).toBe(1);
  expect(ends).toEqual([{ code: 1006, reason: '' }]);
});

test('a server says that it needs Node', () => {
  expect(makeAcceptor).toThrow(/needs Node/);
});
