import { IlpHttpPeer, IlpHttpServer, newBearerToken } from '@pennyswitch/ilp-http';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodeReply, PacketType, type IlpReply } from '@pennyswitch/ilp-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { Connector, httpLink } from '../src/index.js';
import { fulfillAll, preparePacket, USD } from './fixture.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** Two connectors that know each other's URL and token, each with a server of its own. */
async function overHttp(exchange: 'synchronous' | 'asynchronous'): Promise<{
  a: Connector;
  b: Connector;
  send: (from: Connector, destination: string) => Promise<IlpReply>;
}> {
  const servers = [new IlpHttpServer(), new IlpHttpServer()] as const;
  const urls = await Promise.all(
    servers.map(async (server) => `http://127.0.0.1:${(await server.listen()).port}/ilp`),
  );
  const tokens = [newBearerToken(), newBearerToken()];
  const nodes = await Promise.all(
    servers.map(async (server, i) => {
      const other = 1 - i;
      const endpoint = server.addPeer('other', {
        exchange,
        url: urls[other] ?? '',
        auth: { type: 'bearer', token: tokens[other] ?? '' },
        incoming: { tokens: [tokens[i] ?? ''] },
        ...(exchange === 'asynchronous' && { callbackUrl: `${urls[i] ?? ''}/callback` }),
      });
      const name = i === 0 ? 'a' : 'b';
      const node = new Connector({ address: parseIlpAddress(`test.${name}`) });
      await node.addAccount({ id: 'other', relation: 'peer', asset: USD }, httpLink(endpoint));
      node.setLocalHandler(fulfillAll);
      closing.push(async () => {
        await node.stop({ drainMs: 1 });
        await server.close({ drainTimeoutMs: 1 });
      });
      return node;
    }),
  );
  const [a, b] = nodes as [Connector, Connector];
  const learned = Promise.all(
    nodes.map(
      (node) =>
        new Promise<void>((resolve) =>
          node.on('routes', () => {
            if (node.routes().some(({ nextHop }) => nextHop === 'other')) resolve();
          }),
        ),
    ),
  );
  await Promise.all(nodes.map((node) => node.start()));
  await learned;
  return {
    a,
    b,
    send: async (from, destination) =>
      decodeReply(await from.sendLocal(preparePacket(Date.now(), { amount: 70n, destination }))),
  };
}

describe.each(['synchronous', 'asynchronous'] as const)('an HTTP link, %s', (exchange) => {
  it('carries routes, packets and replies both ways', async () => {
    const { a, b, send } = await overHttp(exchange);
    expect(await send(a, 'test.b.x')).toMatchObject({ type: PacketType.fulfill });
    expect(await send(b, 'test.a.x')).toMatchObject({ type: PacketType.fulfill });
    for (const node of [a, b]) {
      expect(await node.balance('other')).toMatchObject({ receivable: 70n, payable: 70n, net: 0n });
    }
  });
});

describe('an HTTP link', () => {
  it('to a peer that is away is T01: nothing was sent, so another way may be tried', async () => {
    const gone = new IlpHttpServer();
    const { port } = await gone.listen();
    await gone.close();
    const node = new Connector({ address: parseIlpAddress('test.a') });
    const peer = new IlpHttpPeer({ url: `http://127.0.0.1:${port}/ilp` });
    await node.addAccount(
      { id: 'b', relation: 'peer', asset: USD, staticRoutes: ['test.b'] },
      httpLink(peer),
    );
    await node.start();
    closing.push(() => node.stop());
    const bytes = preparePacket(Date.now(), { amount: 70n, destination: 'test.b' });
    expect(decodeReply(await node.sendLocal(bytes))).toMatchObject({ code: 'T01' });
    expect(await node.balance('b')).toMatchObject({ heldOutgoing: 0n, payable: 0n });
  });

  it('says that it goes when its account is removed', async () => {
    const { a, send } = await overHttp('synchronous');
    await a.removeAccount('other');
    expect(await send(a, 'test.b.x')).toMatchObject({ code: 'F02' });
  });
});
