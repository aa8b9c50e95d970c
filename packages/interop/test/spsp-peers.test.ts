import { createHash, randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import { quote as payQuote } from '@interledger/pay';
import { StreamServer } from '@interledger/stream-receiver';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import type { IlpPacketHandler } from '@pennyswitch/ilp-packet';
import {
  Cashbook,
  createSpspHandler,
  MemoryJournal,
  pay,
  SpspClient,
  type SpspHandler,
} from '@pennyswitch/spsp';
import { SpspHttpServer } from '@pennyswitch/spsp/node';
import { StreamReceiver } from '@pennyswitch/stream';
import { deserializeIlpPrepare, isFulfill, serializeIlpReply } from 'ilp-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { connectPath, type PeerPlugin } from './stream-receiver-path.js';

const EUR = { code: 'EUR', scale: 6 };

/** What npm ilp-protocol-spsp exports; it has no types. */
interface PeerSpsp {
  query(pointer: string): Promise<{ destination_account: string; content_type: string }>;
  pay(
    plugin: PeerPlugin,
    options: { pointer: string; sourceAmount: string },
  ): Promise<{ totalSent: string }>;
}

const require = createRequire(import.meta.url);
const peer = require('ilp-protocol-spsp') as PeerSpsp;
// It brings an ilp-protocol-stream of its own, whose class assigns `closed`, which Node 20 only lets be read.
const { DataAndMoneyStream } = createRequire(require.resolve('ilp-protocol-spsp'))(
  'ilp-protocol-stream',
) as { DataAndMoneyStream: { prototype: object } };
Object.defineProperty(DataAndMoneyStream.prototype, 'closed', { value: false, writable: true });

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** Our server with our receiver behind it, on loopback: the peers take `http` URLs there. */
async function ourServer(maxPacketAmount = 300_000n) {
  const cashbook = await Cashbook.open({ journal: new MemoryJournal(), asset: EUR });
  const receiver = new StreamReceiver({
    secret: randomBytes(32),
    address: () => parseIlpAddress('test.connector.receiver'),
    asset: EUR,
    ...cashbook.receiverOptions,
  });
  const tagOf = (path: string): string | undefined => (path === '/bob' ? 'bob' : undefined);
  const url = await serve(createSpspHandler({ answer: cashbook.answer(receiver, { tagOf }) }));
  closers.push(() => cashbook.close());
  return {
    url,
    cashbook,
    path: connectPath(receiver.handle, { rate: [795n, 1000n], maxPacketAmount }),
  };
}

async function serve(handler: SpspHandler): Promise<string> {
  const server = await SpspHttpServer.listen({ handler, port: 0, tls: 'none' });
  closers.push(() => server.close());
  return `http://127.0.0.1:${server.port}`;
}

describe('npm ilp-protocol-spsp', () => {
  it('queries our server', async () => {
    const { url } = await ourServer();
    expect(await peer.query(`${url}/bob`)).toMatchObject({
      destination_account: expect.stringMatching(/^test\.connector\.receiver\./) as string,
      content_type: 'application/spsp4+json',
    });
    await expect(peer.query(`${url}/eve`)).rejects.toThrow(/status=404.*InvalidReceiverError/);
  });

  it('pays a pointer of ours', async () => {
    const { url, cashbook, path } = await ourServer();
    const { totalSent } = await peer.pay(path.plugin, {
      pointer: `${url}/bob`,
      sourceAmount: '2000000',
    });
    expect([totalSent, path.sent]).toEqual(['2000000', 2_000_000n]);
    expect(cashbook.received('bob')).toBe(path.delivered);
  }, 30_000);

  it('pays an invoice of ours up to its amount, and no more', async () => {
    const { url, cashbook, path } = await ourServer();
    const { id } = await cashbook.createInvoice({ amount: 795_000n });
    const pointer = `${url}/invoices/${id}`;
    await peer.pay(path.plugin, { pointer, sourceAmount: '1000000' });
    expect(cashbook.invoice(id)?.received).toBe(795_000n);
    const again = peer.pay(path.plugin, { pointer, sourceAmount: '1000' });
    await expect(again).rejects.toThrow(/status=410/);
  }, 30_000);
});

describe('npm @interledger/pay', () => {
  it('quotes and pays a pointer of ours', async () => {
    const { url, cashbook, path } = await ourServer();
    const payment = await payQuote({
      plugin: path.plugin,
      paymentPointer: `${url}/bob`,
      amountToSend: '5',
      prices: { USD: 1, EUR: 1.25 },
      slippage: 0.02,
    });
    const receipt = await payment.pay();
    expect(receipt.error).toBeUndefined();
    expect(path.sent).toBe(5_000_000n);
    expect(cashbook.received('bob')).toBe(path.delivered);
  }, 30_000);
});

describe('our client', () => {
  it('pays a server made of npm @interledger/stream-receiver, and gets a receipt of it', async () => {
    const rafiki = new StreamServer({
      serverSecret: randomBytes(32),
      serverAddress: 'test.connector.rafiki',
    });
    let received = 0n;
    const handle: IlpPacketHandler = (bytes) => {
      const prepare = deserializeIlpPrepare(Buffer.from(bytes));
      const moneyOrReply = rafiki.createReply(prepare);
      if (!('accept' in moneyOrReply)) return Promise.resolve(serializeIlpReply(moneyOrReply));
      received += BigInt(prepare.amount);
      moneyOrReply.setTotalReceived(received.toString());
      const reply = moneyOrReply.accept();
      const preimage = isFulfill(reply) ? reply.fulfillment : '';
      const condition = createHash('sha256').update(preimage).digest();
      if (!condition.equals(prepare.executionCondition)) throw new Error('a false fulfillment');
      return Promise.resolve(serializeIlpReply(reply));
    };
    // As a deployed server answers: base64url without padding, a field that RFC 0009 does not have, no Cache-Control.
    const client = new SpspClient({
      fetch: () => {
        const { ilpAddress, sharedSecret } = rafiki.generateCredentials({
          asset: EUR,
          receiptSetup: { nonce: randomBytes(16), secret: randomBytes(32) },
        });
        const body = {
          destination_account: ilpAddress,
          shared_secret: sharedSecret.toString('base64url'),
          receipts_enabled: true,
          id: 'https://wallet.example/bob',
        };
        const headers = { 'content-type': 'application/spsp4+json; charset=utf-8' };
        return Promise.resolve(new Response(JSON.stringify(body), { headers }));
      },
    });
    const path = connectPath(handle, { rate: [795n, 1000n], maxPacketAmount: 300_000n });
    const outcome = await pay({
      pointer: '$wallet.example/bob',
      amount: { deliver: '1.59', asset: 'EUR' },
      send: (prepare) => path.plugin.sendData(Buffer.from(prepare)),
      source: { asset: { code: 'USD', scale: 6 } },
      client,
    });
    expect(outcome.error).toBeUndefined();
    expect(outcome.delivered).toBeGreaterThanOrEqual(1_590_000n);
    expect(received).toBe(path.delivered);
    expect(outcome.receipts[0]).toHaveLength(58);
  });
});
