import { createHash, randomBytes } from 'node:crypto';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import { payQuote } from '@pennyswitch/stream';
import { StreamServer } from '@interledger/stream-receiver';
import { deserializeIlpPrepare, isFulfill, serializeIlpReply } from 'ilp-packet';
import { describe, expect, it } from 'vitest';
import { connectTo, quoteWith } from './stream-sender-peers.js';

/** A receiver of npm @interledger/stream-receiver that accepts everything, with the total that it counted. */
function startReceiver(): {
  server: StreamServer;
  handle: IlpPacketHandler;
  books: { received: bigint };
} {
  const server = new StreamServer({
    serverSecret: randomBytes(32),
    serverAddress: 'test.connector.rafiki',
  });
  const books = { received: 0n };
  const handle: IlpPacketHandler = (bytes) => {
    const prepare = deserializeIlpPrepare(Buffer.from(bytes));
    const moneyOrReply = server.createReply(prepare);
    if (!('accept' in moneyOrReply)) return Promise.resolve(serializeIlpReply(moneyOrReply));
    books.received += BigInt(prepare.amount);
    moneyOrReply.setTotalReceived(books.received.toString());
    const reply = moneyOrReply.accept();
    const condition = createHash('sha256')
      .update(isFulfill(reply) ? reply.fulfillment : '')
      .digest();
    if (!condition.equals(prepare.executionCondition)) throw new Error('a false fulfillment');
    return Promise.resolve(serializeIlpReply(reply));
  };
  return { server, handle, books };
}

describe('our sender pays npm @interledger/stream-receiver', () => {
  it('a fixed source amount by prices, and gets a receipt', async () => {
    const { server, handle, books } = startReceiver();
    const path = connectTo(handle, {
      rate: { numerator: 1900n, denominator: 1n },
      maxPacketAmount: 20_000n,
    });
    const { ilpAddress, sharedSecret } = server.generateCredentials({
      asset: { code: 'XRP', scale: 9 },
      receiptSetup: { nonce: randomBytes(16), secret: randomBytes(32) },
    });
    const quote = await quoteWith(
      {
        send: path.send,
        amount: { type: 'fixed-source', amount: 1_000_000n },
        prices: { USD: '1', XRP: '0.525' },
      },
      { address: ilpAddress, sharedSecret },
    );
    expect(quote.destinationAsset).toEqual({ code: 'XRP', scale: 9 });
    // 1 / 0.525 and 1 % slippage, between scales 6 and 9.
    expect(quote.minDelivery).toBe((1_000_000n * 1000n * 1000n * 99n) / (525n * 100n));
    const outcome = await payQuote(quote);
    expect(outcome.error).toBeUndefined();
    expect(outcome.sent).toBe(1_000_000n);
    expect(outcome.delivered).toBe(1_900_000_000n);
    expect(books.received).toBe(1_900_000_000n);
    expect(outcome.receipt).toHaveLength(58);
  });

  it('and pays without prices where the receiver does not name its asset', async () => {
    const { server, handle, books } = startReceiver();
    const path = connectTo(handle, {});
    const { ilpAddress, sharedSecret } = server.generateCredentials();
    const quote = await quoteWith(
      { send: path.send, amount: { type: 'fixed-delivery', amount: 777n } },
      { address: ilpAddress, sharedSecret },
    );
    expect(quote.destinationAsset).toBeUndefined();
    const outcome = await payQuote(quote);
    expect(outcome).toMatchObject({ error: undefined, delivered: 777n, sent: 777n });
    expect(books.received).toBe(777n);
  });
});
