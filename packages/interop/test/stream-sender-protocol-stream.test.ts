import { payQuote, type Quote, type QuoteOptions } from '@pennyswitch/stream';
import type { TinyConnectorSettings } from '@pennyswitch/testkit';
import type { DataAndMoneyStream } from 'ilp-protocol-stream';
import { describe, expect, it, vi } from 'vitest';
import { connectTo, quoteWith, startPeerServer } from './stream-sender-peers.js';

const fixedSource = (amount: bigint) => ({ type: 'fixed-source', amount }) as const;
const fixedDelivery = (amount: bigint) => ({ type: 'fixed-delivery', amount }) as const;

async function open(
  settings: Partial<TinyConnectorSettings> & {
    options: Pick<QuoteOptions, 'amount'> & Partial<QuoteOptions>;
  },
  onStream: (stream: DataAndMoneyStream) => void = (stream) =>
    stream.setReceiveMax('18446744073709551615'),
) {
  const { options, ...rest } = settings;
  const peer = await startPeerServer(onStream);
  const path = connectTo(peer.handle, rest);
  const { destinationAccount, sharedSecret } = peer.server.generateAddressAndSecret();
  const quote = (): Promise<Quote> =>
    quoteWith({ send: path.send, ...options }, { address: destinationAccount, sharedSecret });
  return { peer, path, quote };
}

describe('our sender pays an npm ilp-protocol-stream server', () => {
  it('a fixed source amount, under a packet limit and at a rate', async () => {
    const { peer, path, quote } = await open({
      rate: { numerator: 1999n, denominator: 1000n },
      maxPacketAmount: 10_000n,
      options: { amount: fixedSource(300_000n) },
    });
    const offer = await quote();
    expect(offer.destinationAsset).toEqual({ code: 'XRP', scale: 9 });
    expect(peer.books.received).toBe(0n);
    const outcome = await payQuote(offer);
    expect(outcome.error).toBeUndefined();
    expect(outcome.sent).toBe(300_000n);
    expect(outcome.delivered).toBe(path.atPeer.total('fulfilled'));
    expect(peer.books.received).toBe(outcome.delivered);
    await peer.server.close();
  });

  it('a fixed delivery, to the unit', async () => {
    const { peer, quote } = await open({
      rate: { numerator: 1n, denominator: 3n },
      maxPacketAmount: 10_000n,
      options: { amount: fixedDelivery(54_321n) },
    });
    const outcome = await payQuote(await quote());
    expect(outcome.error).toBeUndefined();
    expect(outcome.delivered).toBe(54_321n);
    expect(peer.books.received).toBe(54_321n);
    await peer.server.close();
  });

  it('and its server hears that the connection is over', async () => {
    const closed = vi.fn();
    const { peer, quote } = await open({ options: { amount: fixedSource(1000n) } });
    const offer = await quote();
    peer.connections[0]?.on('close', closed);
    await payQuote(offer);
    await vi.waitFor(() => expect(closed).toHaveBeenCalled());
    await peer.server.close();
  });

  it('no more than its receiveMax, which it learns before any money moves', async () => {
    const { peer, path, quote } = await open(
      { options: { amount: fixedSource(100_000n) } },
      (stream) => stream.setReceiveMax(50_000),
    );
    await expect(quote()).rejects.toMatchObject({ code: 'RECEIVE_LIMIT' });
    expect(path.atPeer.total('fulfilled')).toBe(0n);
    await peer.server.close();
  });

  it('as soon as its application has decided how much it takes', async () => {
    let stream: DataAndMoneyStream | undefined;
    const { peer, quote } = await open(
      { options: { amount: fixedSource(100_000n) } },
      (opened) => void (stream = opened),
    );
    const offer = await quote();
    const paid = payQuote(offer);
    setTimeout(() => stream?.setReceiveMax(100_000), 50);
    const outcome = await paid;
    expect(outcome.error).toBeUndefined();
    expect(peer.books.received).toBe(100_000n);
    await peer.server.close();
  });

  it('nothing where it does not know the credentials', async () => {
    const { peer } = await open({ options: { amount: fixedSource(1n) } });
    const path = connectTo(peer.handle, {});
    const unknown = { address: 'test.connector.peer.nobody', sharedSecret: new Uint8Array(32) };
    await expect(
      quoteWith({ send: path.send, amount: fixedSource(1000n) }, unknown),
    ).rejects.toMatchObject({ code: 'NO_ROUTE', ilpCode: 'F02' });
    await peer.server.close();
  });
});
