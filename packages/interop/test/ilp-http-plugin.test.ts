/**
 * ilp-http against npm ilp-plugin-http, over sockets, both ways: the synchronous profile of RFC 0035 as deployed nodes
 * spoke it. The plugin runs as published on Node 20.
 */
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  IlpHttpPeer,
  IlpHttpServer,
  type IncomingAuth,
  type OutgoingAuth,
} from '@pennyswitch/ilp-http';
import { afterEach, describe, expect, it, vi } from 'vitest';

/** What the tests use of the plugin; its server's port is found only inside. */
interface Plugin {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  sendData(data: Buffer): Promise<Buffer>;
  registerDataHandler(handler: (data: Buffer) => Promise<Buffer>): void;
  readonly _httpServer: Server;
}
type PluginClass = new (options: {
  incoming: { port: number; staticToken?: string; jwtSecret?: string };
  outgoing: { url: string; staticToken?: string; jwtSecret?: string };
}) => Plugin;

const PluginHttp = createRequire(import.meta.url)('ilp-plugin-http') as PluginClass;

const TOKEN = 'a-token-of-0123456789-0123456789-0123456789';
const SECRET = 'a-secret-of-0123456789-0123456789-0123456789';
const PACKET = Uint8Array.of(12, 3, 1, 2, 3);

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(open.splice(0).map((close) => close()));
});

async function aPlugin(
  incoming: { staticToken?: string; jwtSecret?: string },
  outgoing: { url: string; staticToken?: string; jwtSecret?: string },
): Promise<{ plugin: Plugin; url: string }> {
  const plugin = new PluginHttp({ incoming: { port: 0, ...incoming }, outgoing });
  await plugin.connect();
  open.push(() => {
    plugin._httpServer.closeAllConnections();
    return plugin.disconnect();
  });
  const { port } = plugin._httpServer.address() as AddressInfo;
  return { plugin, url: `http://127.0.0.1:${port}/` };
}

async function ourServer(incoming: IncomingAuth): Promise<string> {
  const server = new IlpHttpServer();
  open.push(() => server.close({ drainTimeoutMs: 1 }));
  server.addPeer('plugin', { incoming }).handle((octets) => Promise.resolve(octets.toReversed()));
  const { port } = await server.listen();
  return `http://127.0.0.1:${port}/ilp`;
}

function ourPeer(url: string, auth: OutgoingAuth): IlpHttpPeer {
  const peer = new IlpHttpPeer({ url, auth });
  open.push(() => peer.close({ drainTimeoutMs: 1 }));
  return peer;
}

describe('npm ilp-plugin-http asks us', () => {
  it('with a token', async () => {
    const url = await ourServer({ tokens: [TOKEN] });
    const { plugin } = await aPlugin({ staticToken: TOKEN }, { url, staticToken: TOKEN });
    expect(new Uint8Array(await plugin.sendData(Buffer.from(PACKET)))).toEqual(PACKET.toReversed());
  });

  it('with a JWT that holds nothing but its expiry, where that is allowed', async () => {
    const verification = { algorithm: 'HS256', secret: SECRET } as const;
    const lenient = await ourServer({ jwt: [{ ...verification, subject: null }] });
    const { plugin } = await aPlugin({ jwtSecret: SECRET }, { url: lenient, jwtSecret: SECRET });
    expect(new Uint8Array(await plugin.sendData(Buffer.from(PACKET)))).toEqual(PACKET.toReversed());

    const strict = await ourServer({ jwt: [{ ...verification, subject: 'plugin' }] });
    const other = await aPlugin({ jwtSecret: SECRET }, { url: strict, jwtSecret: SECRET });
    await expect(other.plugin.sendData(Buffer.from(PACKET))).rejects.toThrow('401');
  });

  it('a hundred times at once, with 0 to 32,000 octets of data', async () => {
    const url = await ourServer({ tokens: [TOKEN] });
    const { plugin } = await aPlugin({ staticToken: TOKEN }, { url, staticToken: TOKEN });
    const packets = Array.from({ length: 100 }, (_, index) =>
      new Uint8Array(1 + index * 320).fill(index),
    );
    const replies = await Promise.all(packets.map((each) => plugin.sendData(Buffer.from(each))));
    // Every octet of a packet is its index; `toEqual` takes seconds for so many.
    const isReply = (reply: Buffer, index: number): boolean =>
      Buffer.compare(reply, packets[index]!) === 0;
    expect(replies.map(isReply)).toEqual(packets.map(() => true));
  });
});

describe('we ask npm ilp-plugin-http', () => {
  it.each<[string, { staticToken?: string; jwtSecret?: string }, OutgoingAuth]>([
    ['a token', { staticToken: TOKEN }, { type: 'bearer', token: TOKEN }],
    ['a JWT', { jwtSecret: SECRET }, { type: 'jwt-hs256', secret: SECRET, subject: 'us' }],
  ])('with %s', async (_, incoming, auth) => {
    const { plugin, url } = await aPlugin(incoming, {
      url: 'http://127.0.0.1:9/',
      staticToken: TOKEN,
    });
    plugin.registerDataHandler((data) => Promise.resolve(Buffer.from(data).reverse()));
    const reply = await ourPeer(url, auth).send(PACKET, { deadline: Date.now() + 5000 });
    expect(reply).toEqual(PACKET.toReversed());
  });

  it('and learn the status of its refusals', async () => {
    // Koa prints its 502.
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const { url } = await aPlugin(
      { staticToken: TOKEN },
      { url: 'http://127.0.0.1:9/', staticToken: TOKEN },
    );
    const deadline = Date.now() + 5000;
    const stranger = ourPeer(url, { type: 'bearer', token: 'wrong' });
    await expect(stranger.send(PACKET, { deadline })).rejects.toMatchObject({
      code: 'PEER_STATUS',
      status: 401,
    });
    const peer = ourPeer(url, { type: 'bearer', token: TOKEN });
    await expect(peer.send(PACKET, { deadline })).rejects.toMatchObject({ status: 502 });
  });
});
