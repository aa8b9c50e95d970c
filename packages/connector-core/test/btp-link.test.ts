import { BtpClient, BtpServer } from '@pennyswitch/btp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodeReply, PacketType } from '@pennyswitch/ilp-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { btpLink, Connector } from '../src/index.js';
import { fulfillAll, preparePacket, USD } from './fixture.js';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
});

/** A connector behind a BTP server, and a wallet that dials it. */
async function overBtp(): Promise<{ connector: Connector; wallet: Connector; client: BtpClient }> {
  const server = new BtpServer({
    authenticate: ({ token }) => Promise.resolve(token === 'secret' ? 'alice' : undefined),
  });
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' });
  const connector = new Connector({ address: parseIlpAddress('test.b') });
  await connector.addAccount(
    { id: 'alice', relation: 'child', asset: USD },
    btpLink(server.account('alice')),
  );
  await connector.start();
  connector.setLocalHandler(fulfillAll);
  const client = new BtpClient({ url: `btp+ws://alice:secret@127.0.0.1:${port}` });
  const wallet = new Connector();
  await wallet.addAccount({ id: 'up', relation: 'parent' }, btpLink(client));
  await wallet.start();
  closing.push(
    () => wallet.stop(),
    () => connector.stop(),
    () => server.close(),
  );
  await client.connect({ timeoutMs: 30_000 });
  return { connector, wallet, client };
}

describe('a BTP link', () => {
  it('carries configuration, packets and replies both ways, over a real socket', async () => {
    const { connector, wallet } = await overBtp();
    expect(await wallet.whenAddressed({ timeoutMs: 30_000 })).toBe('test.b.alice');
    wallet.setLocalHandler(fulfillAll);
    const send = async (node: Connector, destination: string): Promise<number> =>
      decodeReply(await node.sendLocal(preparePacket(Date.now(), { amount: 70n, destination })))
        .type;
    expect(await send(wallet, 'test.b')).toBe(PacketType.fulfill);
    expect(await send(connector, 'test.b.alice.x')).toBe(PacketType.fulfill);
    expect(await connector.balance('alice')).toMatchObject({ receivable: 70n, payable: 70n });
    expect(await wallet.balance('up')).toMatchObject({ receivable: 70n, payable: 70n });
  });

  it('tells when it comes and goes', async () => {
    const { connector, wallet, client } = await overBtp();
    await wallet.whenAddressed({ timeoutMs: 30_000 });
    expect(connector.account('alice').connected).toBe(true);
    const down = new Promise((resolve) => connector.once('link', (...what) => resolve(what)));
    await client.close();
    expect(await down).toEqual(['alice', false]);
    const bytes = preparePacket(Date.now(), { destination: 'test.b.alice.x' });
    expect(decodeReply(await connector.sendLocal(bytes))).toMatchObject({ code: 'T01' });
  });
});
