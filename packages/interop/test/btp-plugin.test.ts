/** npm ilp-plugin-btp, what deployed nodes run, on either end of a real socket. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BtpClient,
  BtpRefusal,
  BtpServer,
  equalSecrets,
  octetsData,
  type BtpEndpoint,
} from '@pennyswitch/btp';
import plugin from 'ilp-plugin-btp';
import { afterEach, describe, expect, it } from 'vitest';

// A CommonJS module whose class is its default export and its exports, both.
const PluginBtp = plugin.default;
type Plugin = InstanceType<typeof PluginBtp>;

const open: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

const deadline = (): { deadline: number } => ({ deadline: Date.now() + 30_000 });
const octets = (length: number, first = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (first + i) % 256);
const echo = (data: Uint8Array): Promise<Uint8Array> => Promise.resolve(data);
const reversed = (data: Buffer): Promise<Buffer> => Promise.resolve(Buffer.from(data).reverse());

/** Our server with one account, alice. */
async function ourServer(port = 0): Promise<{ server: BtpServer; port: number }> {
  const server = new BtpServer({
    authenticate: ({ username, token }) =>
      Promise.resolve(username === 'alice' && equalSecrets(token, 'secret') ? 'alice' : undefined),
  });
  open.push(() => server.close({ drainTimeoutMs: 1 }));
  return { server, port: (await server.listen({ port })).port };
}

/** The peer as a client. */
function peerClient(port: number, token = 'secret'): Plugin {
  const plugin = new PluginBtp({
    server: `btp+ws://alice:${token}@127.0.0.1:${port}`,
    reconnectInterval: 20,
  });
  open.push(() => plugin.disconnect());
  return plugin;
}

/** The peer as a server. Its `connect()` resolves when the first client has. */
async function peerServer(
  port = 0,
): Promise<{ plugin: Plugin; port: number; connected: Promise<void>; stop: () => Promise<void> }> {
  const http: Server = createServer();
  const listening = new Promise((resolve) => http.once('listening', resolve));
  // Its own `ws` is an older one, whose types differ; the option is the same.
  const wsOpts = { server: http } as never;
  const plugin = new PluginBtp({ listener: { port, secret: 'secret', wsOpts } });
  plugin.registerDataHandler(reversed);
  const connected = plugin.connect().catch(() => undefined);
  await listening;
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => http.once('close', resolve));
    const isListening = http.listening;
    await plugin.disconnect();
    http.closeAllConnections();
    if (isListening) await closed;
  };
  open.push(stop);
  return { plugin, port: (http.address() as AddressInfo).port, connected, stop };
}

function ourClient(port: number, token = 'secret'): BtpClient {
  const client = new BtpClient({
    url: `btp+ws://alice:${token}@127.0.0.1:${port}`,
    policy: { reconnectMaxMs: 50 },
  });
  open.push(() => client.close({ drainTimeoutMs: 1 }));
  return client;
}

/** Both kinds of link: ours, and the peer at its other end. */
const LINKS: Record<string, () => Promise<{ ours: BtpEndpoint; peer: Plugin }>> = {
  'our server and its client': async () => {
    const { server, port } = await ourServer();
    const ours = server.account('alice');
    ours.handle('ilp', echo);
    const peer = peerClient(port);
    peer.registerDataHandler(reversed);
    await peer.connect();
    return { ours, peer };
  },
  'our client and its server': async () => {
    const { plugin, port, connected } = await peerServer();
    const ours = ourClient(port);
    ours.handle('ilp', echo);
    await ours.connect();
    await connected;
    return { ours, peer: plugin };
  },
};

describe.each(Object.entries(LINKS))('%s', (_, link) => {
  it.each([0, 1, 100, 127, 128, 255, 256, 1024, 32_768])(
    'carry %i bytes both ways',
    async (length) => {
      const { ours, peer } = await link();
      const data = octets(length, 7);
      expect(await ours.send(data, deadline())).toEqual(data.slice().reverse());
      expect(new Uint8Array(await peer.sendData(Buffer.from(data)))).toEqual(data);
    },
  );

  it('carry 1,000 requests in flight each way', async () => {
    const { ours, peer } = await link();
    const sent = Array.from({ length: 1000 }, (_, i) => octets(1 + (i % 300), i));
    const [fromUs, fromPeer] = await Promise.all([
      Promise.all(sent.map((data) => ours.send(data, deadline()))),
      Promise.all(sent.map((data) => peer.sendData(Buffer.from(data)))),
    ]);
    sent.forEach((data, i) => {
      expect(fromUs[i]).toEqual(data.slice().reverse());
      expect(new Uint8Array(fromPeer[i] as Buffer)).toEqual(data);
    });
    expect(ours.counters).toMatchObject({ unexpected: 0, unreadable: 0, duplicateRequests: 0 });
    expect(ours.gauges).toMatchObject({ outgoing: 0, incoming: 0 });
  });

  it('say no in a way that the other understands', async () => {
    const { ours, peer } = await link();
    peer.deregisterDataHandler();
    peer.registerDataHandler(() => Promise.reject(new Error('not today')));
    await expect(ours.send(octets(1), deadline())).rejects.toMatchObject({
      code: 'PEER_ERROR',
      sent: 'yes',
      status: 'F00',
      message: 'the peer answered with an Error: F00 Error: not today',
    });
    await expect(ours.transfer(5n, [], deadline())).rejects.toMatchObject({ status: 'F00' });
    ours.handle('ilp', () => Promise.reject(new BtpRefusal('T00', 'come back later')));
    await expect(peer.sendData(Buffer.alloc(1))).rejects.toThrow(
      /"code":"T00".*"data":"come back later"/,
    );
  });

  it('take an empty Message, which browsers send as a sign of life, and further entries', async () => {
    const { ours } = await link();
    expect(await ours.request([], deadline())).toEqual([]);
    const entries = [octetsData('ilp', octets(2)), octetsData('more', octets(3))];
    expect(await ours.request(entries, deadline())).toEqual([
      octetsData('ilp', Uint8Array.of(1, 0)),
    ]);
  });
});

describe('a wrong token', () => {
  it('of the peer is refused, and the peer that is connected notices nothing', async () => {
    const { server, port } = await ourServer();
    const account = server.account('alice');
    account.handle('ilp', echo);
    const good = peerClient(port);
    good.registerDataHandler(reversed);
    await good.connect();
    const bad = peerClient(port, 'wrong');
    await expect(bad.connect()).rejects.toThrow('connection aborted');
    expect(await account.send(octets(3), deadline())).toEqual(Uint8Array.of(2, 1, 0));
    expect(new Uint8Array(await good.sendData(Buffer.of(5)))).toEqual(Uint8Array.of(5));
    expect(account.counters.connections).toBe(1);
  });

  it('of ours ends our attempts with what the peer says', async () => {
    const { port } = await peerServer();
    await expect(ourClient(port, 'wrong').connect()).rejects.toMatchObject({
      code: 'REFUSED',
      message: 'the server refused the authentication: F00 NotAcceptedError: invalid auth_token',
    });
  });
});

describe('a server that is restarted in the middle', () => {
  it('of ours: the peer comes back', async () => {
    const first = await ourServer();
    first.server.account('alice').handle('ilp', echo);
    const peer = peerClient(first.port);
    peer.registerDataHandler(reversed);
    await peer.connect();
    expect(new Uint8Array(await peer.sendData(Buffer.of(1)))).toEqual(Uint8Array.of(1));
    await first.server.close({ drainTimeoutMs: 1 });
    const again = await ourServer(first.port);
    const account = again.server.account('alice');
    account.handle('ilp', echo);
    await new Promise<void>((resolve) => account.once('connect', resolve));
    expect(await account.send(octets(2), deadline())).toEqual(Uint8Array.of(1, 0));
    expect(new Uint8Array(await peer.sendData(Buffer.of(2)))).toEqual(Uint8Array.of(2));
  });

  it('of the peer: requests in flight fail at once, outcome unknown, and ours comes back', async () => {
    const first = await peerServer();
    const client = ourClient(first.port);
    await client.connect();
    await first.connected;
    first.plugin.deregisterDataHandler();
    first.plugin.registerDataHandler(() => new Promise(() => undefined));
    const inFlight = client.send(octets(1), deadline()).catch((error: unknown) => error);
    const reconnected = new Promise<void>((resolve) => client.once('connect', resolve));
    await first.stop();
    expect(await inFlight).toMatchObject({ code: 'CONNECTION_LOST', sent: 'unknown' });
    const again = await peerServer(first.port);
    await reconnected;
    await again.connected;
    expect(await client.send(octets(3), deadline())).toEqual(Uint8Array.of(2, 1, 0));
  });
});
