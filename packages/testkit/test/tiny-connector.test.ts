import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  conditionOf,
  decodePrepare,
  decodeReply,
  encodeFulfill,
  encodePrepare,
  encodeReject,
  PacketType,
  type IlpPacketHandler,
  type IlpReply,
} from '@pennyswitch/ilp-packet';
import {
  Auditor,
  TinyConnector,
  VirtualClock,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';

const FULFILLMENT = new Uint8Array(32).fill(3);
const accept: IlpPacketHandler = () =>
  Promise.resolve(encodeFulfill({ fulfillment: FULFILLMENT, data: new Uint8Array(0) }));

function prepareOf(amount: bigint, clock: VirtualClock, lifetimeMs = 30_000): Uint8Array {
  return encodePrepare({
    amount,
    expiresAt: new Date(clock.now() + lifetimeMs),
    executionCondition: conditionOf(FULFILLMENT),
    destination: parseIlpAddress('test.receiver'),
    data: new Uint8Array(0),
  });
}

async function ask(
  settings: Partial<TinyConnectorSettings>,
  amount: bigint,
  next: IlpPacketHandler = accept,
): Promise<{ reply: IlpReply; arrived: bigint | undefined; elapsedMs: number }> {
  const clock = new VirtualClock();
  const start = clock.now();
  let arrived: bigint | undefined;
  const watched: IlpPacketHandler = (bytes) => {
    arrived = decodePrepare(bytes).amount;
    return next(bytes);
  };
  const connector = new TinyConnector({ next: watched, clock, settings });
  const reply = decodeReply(await clock.runUntil(connector.handle(prepareOf(amount, clock))));
  expect(connector.held).toBe(0n);
  return { reply, arrived, elapsedMs: clock.now() - start };
}

describe('TinyConnector', () => {
  it('converts, rounding down', async () => {
    const { reply, arrived } = await ask({ rate: { numerator: 2n, denominator: 3n } }, 100n);
    expect(arrived).toBe(66n);
    expect(reply.type).toBe(PacketType.fulfill);
  });

  it.each([
    ['F08', { maxPacketAmount: 99n }],
    ['T04', { liquidity: 99n }],
    ['R01', { rate: { numerator: 1n, denominator: 1000n } }],
    ['R02', { expiryMarginMs: 30_000 }],
  ] as const)(
    'answers %s where its settings say so, and forwards nothing',
    async (code, settings) => {
      const { reply, arrived } = await ask(settings, 100n);
      expect(reply).toMatchObject({ code, triggeredBy: 'test.connector' });
      expect(arrived).toBeUndefined();
    },
  );

  it('answers R00 when the outgoing packet expires, and F05 to a false fulfillment', async () => {
    const silent = await ask({}, 100n, () => new Promise(() => undefined));
    expect(silent.reply).toMatchObject({ code: 'R00' });
    expect(silent.elapsedMs).toBe(29_000);
    const fulfillment = new Uint8Array(32);
    const liar: IlpPacketHandler = () =>
      Promise.resolve(encodeFulfill({ fulfillment, data: fulfillment }));
    expect((await ask({}, 100n, liar)).reply).toMatchObject({ code: 'F05' });
  });
});

describe('Auditor', () => {
  it('keeps books from the bytes alone, and finds what is fulfilled at one place only', async () => {
    const clock = new VirtualClock();
    const auditor = new Auditor(() => clock.now());
    const reject: IlpPacketHandler = () =>
      Promise.resolve(
        encodeReject({ code: 'F99', triggeredBy: '', message: '', data: new Uint8Array(0) }),
      );
    const far = auditor.watch('far', reject);
    const near = auditor.watch('near', async (bytes) => {
      await far.handle(bytes);
      return accept(bytes);
    });
    await near.handle(prepareOf(5n, clock));
    expect(near.place.total('fulfilled')).toBe(5n);
    expect(far.place.total('fulfilled')).toBe(0n);
    expect(far.place.packets[0]).toMatchObject({ outcome: 'rejected', code: 'F99' });
    expect(auditor.findFault(near.place, far.place)).toContain('a packet of 5');
    expect(auditor.findFault(far.place, near.place)).toBeUndefined();
  });
});
