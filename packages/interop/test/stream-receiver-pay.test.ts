import { PaymentError, quote } from '@interledger/pay';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  StreamReceiver,
  type CredentialDetails,
  type StreamReceiverOptions,
} from '@pennyswitch/stream';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { connectPath, type Path, type PathSettings } from './stream-receiver-path.js';

type PayQuote = Awaited<ReturnType<typeof quote>>;

let received: bigint;
beforeEach(() => {
  received = 0n;
});

/** A quote of npm @interledger/pay for 5.00 USD to our receiver, over a path of one connector. */
async function quoteFor(
  settings: PathSettings & {
    readonly details?: CredentialDetails;
    readonly options?: Partial<StreamReceiverOptions>;
  } = {},
): Promise<{ path: Path; payment: PayQuote }> {
  const receiver = new StreamReceiver({
    secret: new Uint8Array(32).fill(7),
    address: () => parseIlpAddress('test.connector.receiver'),
    asset: { code: 'EUR', scale: 6 },
    onReceived: ({ amount }) => (received += amount),
    ...settings.options,
  });
  const path = connectPath(receiver.handle, settings);
  const { destination, sharedSecret } = receiver.createCredentials(settings.details);
  const payment = await quote({
    plugin: path.plugin,
    destinationAddress: destination,
    sharedSecret: Buffer.from(sharedSecret),
    amountToSend: '5',
    prices: { USD: 1, EUR: 1.25 },
    slippage: 0.02,
  });
  return { path, payment };
}

const RATE = { rate: [795n, 1000n] as const, maxPacketAmount: 200_000n };

describe('npm @interledger/pay pays our receiver', () => {
  it('a quoted amount, at the rate that it enforces, under a packet limit', async () => {
    const { path, payment } = await quoteFor(RATE);
    expect(payment.destinationAccount).toMatchObject({ assetCode: 'EUR', assetScale: 6 });
    const receipt = await payment.pay();
    expect(receipt.error).toBeUndefined();
    expect(receipt.amountSent.toString()).toBe('5');
    expect(path.sent).toBe(5_000_000n);
    expect(receipt.amountDelivered.shiftedBy(6).toFixed()).toBe(path.delivered.toString());
    await vi.waitFor(() => expect(received).toBe(path.delivered));
  });

  it('while each decision takes its time', async () => {
    const { path, payment } = await quoteFor({
      ...RATE,
      options: { onMoney: () => new Promise((resolve) => setImmediate(() => resolve('accept'))) },
    });
    expect((await payment.pay()).error).toBeUndefined();
    expect(path.sent).toBe(5_000_000n);
    await vi.waitFor(() => expect(received).toBe(path.delivered));
  });

  it('until we decline for good, and reports what got through', async () => {
    let packets = 0;
    const { path, payment } = await quoteFor({
      ...RATE,
      options: {
        onMoney: () => (packets++ < 3 ? 'accept' : { decline: 'final', reason: 'enough' }),
      },
    });
    const receipt = await payment.pay();
    expect(receipt.error).toBe(PaymentError.ClosedByRecipient);
    expect(receipt.amountDelivered.shiftedBy(6).toFixed()).toBe(path.delivered.toString());
    await vi.waitFor(() => expect(received).toBe(path.delivered));
    expect(path.delivered).toBeGreaterThan(0n);
  });

  it('once each unit, though a hop repeats packets: the repetition has the same packetId', async () => {
    const booked = new Map<string, bigint>();
    const { path, payment } = await quoteFor({
      ...RATE,
      fault: (packet) => (packet % 3 === 0 ? 'duplicate' : undefined),
      options: {
        onMoney: ({ packetId, amount }) => {
          booked.set(packetId, amount);
          return 'accept';
        },
      },
    });
    await payment.pay();
    expect([...booked.values()].reduce((sum, amount) => sum + amount, 0n)).toBe(path.delivered);
    await vi.waitFor(() => expect(received).toBeGreaterThan(path.delivered));
  });
});
