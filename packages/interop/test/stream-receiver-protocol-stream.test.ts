import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  MemoryReceiptStore,
  ReceiptVerifier,
  StreamReceiver,
  type CredentialDetails,
  type IncomingMoney,
  type StreamReceiverOptions,
} from '@pennyswitch/stream';
import { createConnection, type Connection } from 'ilp-protocol-stream';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectPath, type Path, type PathSettings } from './stream-receiver-path.js';

let received: IncomingMoney[];
beforeEach(() => {
  received = [];
});

const total = (): bigint => received.reduce((sum, { amount }) => sum + amount, 0n);

/** An npm ilp-protocol-stream client, connected to our receiver over a path of one connector. */
async function connect(
  settings: PathSettings & {
    readonly details?: CredentialDetails;
    readonly options?: Partial<StreamReceiverOptions>;
  } = {},
): Promise<{ path: Path; connection: Connection }> {
  const receiver = new StreamReceiver({
    secret: new Uint8Array(32).fill(7),
    address: () => parseIlpAddress('test.connector.receiver'),
    asset: { code: 'XRP', scale: 9 },
    onReceived: (money) => received.push(money),
    ...settings.options,
  });
  const path = connectPath(receiver.handle, settings);
  const { destination, sharedSecret } = receiver.createCredentials(settings.details);
  const connection = await createConnection({
    plugin: path.plugin,
    destinationAccount: destination,
    sharedSecret: Buffer.from(sharedSecret),
    slippage: 0.01,
  });
  return { path, connection };
}

/** Both sides agree with each other and with the connector. */
async function expectBooksAgree(path: Path, connection: Connection): Promise<void> {
  await connection.end();
  expect(BigInt(connection.totalSent)).toBe(path.sent);
  expect(BigInt(connection.totalDelivered)).toBe(path.delivered);
  await vi.waitFor(() => expect(total()).toBe(path.delivered));
}

describe('npm ilp-protocol-stream client pays our receiver', () => {
  it('and learns the asset', async () => {
    const { connection } = await connect();
    expect(connection.destinationAssetCode).toBe('XRP');
    expect(connection.destinationAssetScale).toBe(9);
    await connection.end();
  });

  it('in one stream, at a rate and under a packet limit', async () => {
    const { path, connection } = await connect({
      rate: [1999n, 1000n],
      maxPacketAmount: 10_000n,
      details: { tag: 'invoice 7' },
    });
    await connection.createStream().sendTotal(100_000);
    expect(path.sent).toBe(100_000n);
    expect(path.outcomes['fulfilled']).toBeGreaterThanOrEqual(10);
    await expectBooksAgree(path, connection);
    expect(new Set(received.map(({ tag }) => tag))).toEqual(new Set(['invoice 7']));
    expect(new Set(received.map(({ packetId }) => packetId)).size).toBe(received.length);
  });

  it('in several streams at once', async () => {
    const { path, connection } = await connect({ maxPacketAmount: 700n });
    const amounts = [3000, 1, 500, 2222];
    await Promise.all(amounts.map((amount) => connection.createStream().sendTotal(amount)));
    await expectBooksAgree(path, connection);
    const perStream = new Map<number, bigint>();
    for (const { streamId, amount } of received.flatMap(({ streams }) => streams)) {
      perStream.set(streamId, (perStream.get(streamId) ?? 0n) + amount);
    }
    expect(total()).toBe(5723n);
    expect([...perStream.keys()].sort((a, b) => a - b)).toEqual([1, 3, 5, 7]);
  });

  it.each(['T01', 'T04'] as const)('over a path that answers %s now and then', async (code) => {
    const { path, connection } = await connect({
      maxPacketAmount: 1000n,
      fault: (packet) => (packet > 12 && packet % 5 === 0 && packet < 30 ? code : undefined),
    });
    await connection.createStream().sendTotal(12_000);
    expect(path.outcomes[code]).toBeGreaterThan(0);
    await expectBooksAgree(path, connection);
  });

  it('over a path that says F08 but not what is allowed', async () => {
    const { path, connection } = await connect({
      maxPacketAmount: 5000n,
      amountTooLargeData: false,
    });
    await connection.createStream().sendTotal(20_000);
    expect(path.outcomes['F08']).toBeGreaterThan(0);
    await expectBooksAgree(path, connection);
  });

  it('while the rate falls within the slippage, and takes nothing below the minimum', async () => {
    const { path, connection } = await connect({
      maxPacketAmount: 1000n,
      rate: (packet) =>
        packet < 15 ? [2000n, 1000n] : packet < 18 ? [1900n, 1000n] : [1990n, 1000n],
    });
    await connection.createStream().sendTotal(20_000);
    expect(path.outcomes['F99']).toBeGreaterThan(0);
    expect(path.sent).toBe(20_000n);
    expect(path.delivered >= (20_000n * 1980n) / 1000n - 20n).toBe(true);
    await expectBooksAgree(path, connection);
  });

  it('until a reply comes too late, which ends its payment: we have what it counts and that packet', async () => {
    const { path, connection } = await connect({
      maxPacketAmount: 1000n,
      fault: (packet) => (packet > 8 && packet % 3 === 0 ? 'lose reply' : undefined),
    });
    connection.on('error', () => undefined);
    const stream = connection.createStream();
    stream.on('error', () => undefined);
    await expect(stream.sendTotal(10_000)).rejects.toThrow();
    expect(path.delivered).toBe(BigInt(connection.totalDelivered) + 1000n);
    await vi.waitFor(() => expect(total()).toBe(path.delivered));
  });

  it('and gets receipts that verify, whose total is what was delivered', async () => {
    const verifier = new ReceiptVerifier({
      secret: new Uint8Array(32).fill(9),
      store: new MemoryReceiptStore(),
    });
    const { path, connection } = await connect({
      maxPacketAmount: 1000n,
      details: { receipts: verifier.createSetup() },
    });
    const stream = connection.createStream();
    await stream.sendTotal(5000);
    expect(await verifier.credit(stream.receipt!)).toMatchObject({ valid: true, credited: 5000n });
    expect(await verifier.credit(stream.receipt!)).toMatchObject({ valid: true, credited: 0n });
    await expectBooksAgree(path, connection);
  });

  it('up to a limit and no further', async () => {
    const { path, connection } = await connect({
      maxPacketAmount: 700n,
      details: { limit: 5000n },
    });
    const stream = connection.createStream();
    await expect(stream.sendTotal(6000, { timeout: 1500 })).rejects.toThrow();
    expect(path.delivered).toBe(5000n);
    await expectBooksAgree(path, connection);
  });

  it('and hears from us when it is declined for good', async () => {
    const { connection, path } = await connect({
      options: { onMoney: () => ({ decline: 'final', reason: 'account closed' }) },
    });
    const errors: string[] = [];
    connection.on('error', (error: Error) => errors.push(error.message));
    const stream = connection.createStream();
    stream.on('error', () => undefined);
    await expect(stream.sendTotal(1000, { timeout: 1500 })).rejects.toThrow();
    expect(errors.join()).toContain('account closed');
    expect(path.delivered).toBe(0n);
  });

  it('after we declined it for now', async () => {
    let declined = 0;
    const { path, connection } = await connect({
      maxPacketAmount: 1000n,
      options: { onMoney: () => (declined++ < 2 ? { decline: 'temporary' } : 'accept') },
    });
    await connection.createStream().sendTotal(3000);
    expect(path.outcomes['T99']).toBe(2);
    await expectBooksAgree(path, connection);
  });

  it('while each decision takes its time', async () => {
    const { path, connection } = await connect({
      maxPacketAmount: 1000n,
      options: { onMoney: () => new Promise((resolve) => setImmediate(() => resolve('accept'))) },
    });
    await connection.createStream().sendTotal(5000);
    await expectBooksAgree(path, connection);
  });
});

it('npm ilp-protocol-stream client gives up where its secret is not the one of the address', async () => {
  const receiver = new StreamReceiver({
    secret: new Uint8Array(32).fill(7),
    address: () => parseIlpAddress('test.connector.receiver'),
  });
  const path = connectPath(receiver.handle);
  await expect(
    createConnection({
      plugin: path.plugin,
      destinationAccount: receiver.createCredentials().destination,
      sharedSecret: Buffer.alloc(32),
    }),
  ).rejects.toThrow();
  expect(path.outcomes['F06']).toBeGreaterThan(0);
});
