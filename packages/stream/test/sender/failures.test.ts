import {
  decodeFulfill,
  decodePrepare,
  encodeFulfill,
  encodeReject,
  IlpError,
  type IlpErrorCode,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import {
  payQuote,
  quotePayment,
  StreamKeys,
  type PaymentOutcome,
  type StreamFrame,
} from '@pennyswitch/stream';
import { describe, expect, it } from 'vitest';
import {
  createWorld,
  fixedDelivery,
  fixedSource,
  XRP,
  type World,
  type WorldOptions,
} from './world.js';

const NO_DATA = new Uint8Array(0);

/** Quotes over a healthy path, then changes it and pays. */
async function payAfter(
  options: WorldOptions,
  change: (world: World) => void,
  amount = fixedSource(1_000_000n),
): Promise<{ world: World; outcome: PaymentOutcome; minDelivery: bigint; maxSource: bigint }> {
  const world = createWorld(options);
  const { minDelivery, maxSource, ...quote } = await (async () => {
    const found = await world.clock.runUntil(quotePayment({ ...world.options, amount }));
    return { found, minDelivery: found.minDelivery, maxSource: found.maxSource };
  })();
  change(world);
  const outcome = await world.clock.runUntil(payQuote(quote.found));
  expect(outcome.sent).toBe(world.atSender.total('fulfilled'));
  return { world, outcome, minDelivery, maxSource };
}

const setVeto =
  (code: IlpErrorCode, isHit: (packet: number, amount: bigint) => boolean = () => true) =>
  ({ connectors: [first] }: World): void => {
    let packet = 0;
    if (first === undefined) return;
    first.settings.veto = ({ amount }) =>
      isHit(packet++, amount) ? new IlpError(code, 'because') : undefined;
  };

describe('a payment that cannot go on', () => {
  it.each([
    ['F02', 'NO_ROUTE'],
    ['F06', 'RECEIVER_REFUSED'],
    ['F00', 'REJECTED'],
    ['T01', 'RECEIVER_UNREACHABLE'],
    ['T04', 'INSUFFICIENT_LIQUIDITY'],
    ['T00', 'TIMED_OUT'],
    ['R00', 'TIMED_OUT'],
  ] as const)(
    'ends with the reason of %s, where it failed, and the exact amounts so far',
    async (ilpCode, code) => {
      const { outcome } = await payAfter(
        { connectors: [{ maxPacketAmount: 10_000n }] },
        setVeto(ilpCode, (packet) => packet >= 30),
      );
      expect(outcome.error).toMatchObject({ code, ilpCode, triggeredBy: 'test.connector1' });
      expect(outcome.packets.fulfilled).toBe(30);
      expect(outcome.sent).toBe(outcome.delivered);
      expect(outcome.packets.rejected[ilpCode]).toBeGreaterThan(0);
    },
  );

  it('stops at once at a final error', async () => {
    const options = { connectors: [{ maxPacketAmount: 10_000n }] };
    const { outcome } = await payAfter(options, setVeto('F02'));
    expect(outcome.durationMs).toBeLessThan(1_000);
  });

  it.each([
    ['T00', 'TIMED_OUT'],
    ['T01', 'RECEIVER_UNREACHABLE'],
    ['T04', 'INSUFFICIENT_LIQUIDITY'],
  ] as const)('gives up when all is refused with %s for five seconds', async (ilpCode, code) => {
    for (const size of [10_000n, 10n ** 9n]) {
      const { outcome } = await payAfter(
        { connectors: [{ maxPacketAmount: size }] },
        setVeto(ilpCode, (_, amount) => amount > 0n || ilpCode !== 'T04'),
        fixedSource(10n * size),
      );
      expect(outcome.error).toMatchObject({ code, ilpCode });
      expect(outcome.durationMs).toBeGreaterThanOrEqual(5_000);
      expect(outcome.durationMs).toBeLessThan(6_000);
      // Waiting longer each time: five seconds of packets every 10 ms would be hundreds.
      expect(outcome.packets.rejected[ilpCode]).toBeLessThan(40);
    }
  });

  it('hopes for 20 seconds where packets are refused in turns, or for being too many', async () => {
    for (const [even, odd] of [
      ['T00', 'T01'],
      ['T02', 'T02'],
      ['T01', 'T05'],
    ] as const) {
      const { outcome } = await payAfter({}, ({ connectors: [first] }) => {
        let packet = 0;
        first!.settings.veto = () => new IlpError(packet++ % 2 === 0 ? even : odd, 'because');
      });
      expect(outcome.error).toBeDefined();
      expect(outcome.durationMs).toBeGreaterThanOrEqual(20_000);
    }
  });

  it('goes on where liquidity lacks for large packets only, however small the rest must be', async () => {
    for (const limit of [1_000n, 100n, 3n]) {
      const { outcome } = await payAfter(
        { connectors: [{ maxPacketAmount: 1_000_000n }] },
        setVeto('T04', (packet, amount) => packet < 60 && amount > limit),
        fixedSource(5_000_000n),
      );
      expect(outcome, `${limit}`).toMatchObject({ error: undefined, sent: 5_000_000n });
      expect(outcome.packets.fulfilled).toBeLessThan(400);
    }
  });

  it('goes on after temporary errors that pass', async () => {
    for (const code of ['T00', 'T01', 'T02', 'T03', 'T04', 'T05', 'R00', 'R02', 'T99'] as const) {
      const { outcome } = await payAfter(
        { connectors: [{ maxPacketAmount: 50_000n }] },
        setVeto(code, (packet) => packet % 3 === 1 && packet < 20),
      );
      expect(outcome, code).toMatchObject({ error: undefined, sent: 1_000_000n });
    }
  });

  it('slows down for a connector that is busy', async () => {
    const { outcome } = await payAfter({ connectors: [{ maxPacketAmount: 10_000n }] }, (world) => {
      let allowance = 0;
      let filledAt = world.clock.now();
      const [connector] = world.connectors;
      if (connector === undefined) return;
      connector.settings.veto = () => {
        const now = world.clock.now();
        allowance = Math.min(5, allowance + (now - filledAt) * 0.05);
        filledAt = now;
        if (allowance < 1) return new IlpError('T05', 'too many requests');
        allowance--;
        return undefined;
      };
    });
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
    expect(outcome.packets.rejected.T05 ?? 0).toBeLessThan(outcome.packets.fulfilled);
  });

  it('loses no more than the slippage when the rate falls in the middle', async () => {
    const { outcome, world } = await payAfter(
      { connectors: [{ maxPacketAmount: 10_000n, rate: { numerator: 2n, denominator: 1n } }] },
      ({ clock, connectors: [first] }) => {
        clock.setTimeout(() => {
          if (first !== undefined) first.settings.rate = { numerator: 19n, denominator: 10n };
        }, 100);
      },
    );
    expect(outcome.error).toMatchObject({ code: 'RATE_TOO_LOW' });
    expect(outcome.sent).toBeGreaterThan(0n);
    expect(outcome.delivered).toBe(2n * outcome.sent);
    expect(world.atReceiver.total('fulfilled')).toBe(outcome.delivered);
  });

  it('goes on where the rate falls within the slippage, and says what was delivered', async () => {
    const { outcome, minDelivery } = await payAfter(
      { connectors: [{ maxPacketAmount: 10_000n, rate: { numerator: 2n, denominator: 1n } }] },
      ({ connectors: [first] }) => {
        if (first !== undefined) first.settings.rate = { numerator: 1985n, denominator: 1000n };
      },
    );
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
    expect(outcome.delivered).toBeGreaterThanOrEqual(minDelivery);
    expect(outcome.effectiveRate).toEqual({
      numerator: outcome.delivered,
      denominator: 1_000_000n,
    });
  });

  it('stops at the signal, waits for what is in flight, and reports it', async () => {
    const world = createWorld({
      connectors: [{ maxPacketAmount: 1_000n }],
      faults: { delayMs: 50 },
    });
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(1_000_000n) }),
    );
    const controller = new AbortController();
    world.clock.setTimeout(() => controller.abort(), 1_000);
    const outcome = await world.clock.runUntil(payQuote(quote, { signal: controller.signal }));
    expect(outcome.error).toMatchObject({ code: 'CANCELLED' });
    expect(outcome.sent).toBe(world.atSender.total('fulfilled'));
    expect(outcome.sent).toBeGreaterThan(0n);
    expect(outcome.sent).toBeLessThan(1_000_000n);
    expect(outcome.unknownOutcome.packets).toBe(0);
    expect(outcome.durationMs).toBeLessThan(1_250);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe('packets that nobody answers', () => {
  it('count as unknown, are not sent again, and end the payment', async () => {
    let lost = 0;
    const { world, outcome } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        near: (path) => (prepare) => {
          const { amount } = decodePrepare(prepare);
          return amount > 5_000n && isOpen && lost++ < 3
            ? new Promise(() => undefined)
            : path(prepare);
        },
      },
      () => void (isOpen = true),
    );
    expect(outcome.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(outcome.unknownOutcome.packets).toBe(3);
    expect(outcome.sent + outcome.unknownOutcome.amount).toBe(1_000_000n);
    expect(world.atSender.total('fulfilled')).toBe(outcome.sent);
  });
  let isOpen = false;

  it('count as sent when their fulfillment comes after all', async () => {
    let late: (() => void) | undefined;
    let isPaying = false;
    const { outcome } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        near: (path) => async (prepare) => {
          const reply = await path(prepare);
          if (!isPaying || late !== undefined) return reply;
          return new Promise((resolve) => (late = () => resolve(reply)));
        },
      },
      ({ clock }) => {
        isPaying = true;
        clock.setTimeout(() => late?.(), 20_500);
      },
    );
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
  });

  it('in a quote are sent again: the first five get lost, and it takes seconds instead of failing', async () => {
    let packets = 0;
    const world = createWorld({
      near: (path) => (prepare) => (packets++ < 5 ? new Promise(() => undefined) : path(prepare)),
    });
    const start = world.clock.now();
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(1_000_000n) }),
    );
    expect(quote.destinationAsset).toBeDefined();
    expect(world.clock.now() - start).toBeLessThan(4_000);
  });

  it('end a quote in time', async () => {
    const world = createWorld({ near: () => () => new Promise(() => undefined) });
    const start = world.clock.now();
    await expect(
      world.clock.runUntil(quotePayment({ ...world.options, amount: fixedSource(1n) })),
    ).rejects.toMatchObject({ code: 'NO_ANSWER' });
    expect(world.clock.now() - start).toBeLessThanOrEqual(10_000);
  });

  it('because the link throws, count as unknown too', async () => {
    const world = createWorld({ connectors: [{ maxPacketAmount: 10_000n }] });
    let packets = 0;
    const send: IlpPacketHandler = (prepare) => {
      if (decodePrepare(prepare).amount > 5_000n && packets++ === 10) throw new Error('a fault');
      return world.options.send(prepare);
    };
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, send, amount: fixedSource(1_000_000n) }),
    );
    const outcome = await world.clock.runUntil(payQuote(quote));
    expect(outcome.error).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(outcome.unknownOutcome.packets).toBe(1);
  });
});

it('a link that returns no bytes is a fault of the application: the payment rejects, and does not hang', async () => {
  const world = createWorld();
  const send = (() => Promise.resolve(undefined)) as unknown as IlpPacketHandler;
  await expect(
    world.clock.runUntil(quotePayment({ ...world.options, send, amount: fixedSource(1n) })),
  ).rejects.toThrow(TypeError);
});

/** Changes what the receiver says in its replies; money moves as before. */
function lyingReceiver(
  lie: (arrived: bigint) => { prepareAmount?: bigint; frames?: StreamFrame[]; sequence?: number },
): NonNullable<WorldOptions['receiver']> {
  return (receiver, { sharedSecret }) => {
    const keys = new StreamKeys(sharedSecret);
    const randomBytes = (length: number): Uint8Array =>
      crypto.getRandomValues(new Uint8Array(length));
    return async (prepare) => {
      const reply = await receiver(prepare);
      const { amount } = decodePrepare(prepare);
      if (reply[0] !== 13 || amount === 0n) return reply;
      const { fulfillment, data } = decodeFulfill(reply);
      const packet = keys.open(data);
      if (packet === undefined) return reply;
      return encodeFulfill({
        fulfillment,
        data: keys.seal({ ...packet, ...lie(amount) }, randomBytes),
      });
    };
  };
}

describe('a hop or a receiver that is not honest', () => {
  const strip =
    (path: IlpPacketHandler): IlpPacketHandler =>
    async (prepare) => {
      const reply = await path(prepare);
      return reply[0] === 13 ? encodeFulfill({ ...decodeFulfill(reply), data: NO_DATA }) : reply;
    };

  it('strips the data of each Fulfill: the payment counts, as the minimum that was promised', async () => {
    const { outcome, minDelivery, world } = await payAfter(
      { connectors: [{ maxPacketAmount: 10_000n }], near: strip },
      () => undefined,
    );
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
    expect(outcome.delivered).toBeGreaterThanOrEqual(minDelivery);
    expect(outcome.delivered).toBeLessThanOrEqual(world.atReceiver.total('fulfilled'));
  });

  it('strips the data, and a fixed delivery still costs no more than was quoted', async () => {
    const { outcome, maxSource } = await payAfter(
      { connectors: [{ maxPacketAmount: 10_000n }], near: strip },
      () => undefined,
      fixedDelivery(500_000n),
    );
    expect(outcome.error).toBeUndefined();
    expect(outcome.delivered).toBeGreaterThanOrEqual(500_000n);
    expect(outcome.sent).toBeLessThanOrEqual(maxSource);
  });

  it('claims that nothing arrives: each packet counts as its minimum', async () => {
    const { outcome, maxSource } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        receiver: lyingReceiver(() => ({ prepareAmount: 0n })),
      },
      () => undefined,
      fixedDelivery(500_000n),
    );
    expect(outcome.error).toBeUndefined();
    expect(outcome.delivered).toBeGreaterThanOrEqual(500_000n);
    expect(outcome.sent).toBeLessThanOrEqual(maxSource);
  });

  it('answers with the sequence of another packet: the data is discarded, the fulfillment counts', async () => {
    const { outcome, minDelivery } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        receiver: lyingReceiver(() => ({ sequence: 1, prepareAmount: 10n ** 18n })),
      },
      () => undefined,
    );
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
    expect(outcome.delivered).toBeLessThanOrEqual(1_000_000n);
    expect(outcome.delivered).toBeGreaterThanOrEqual(minDelivery);
  });

  it('makes fulfillments up: nothing counts as sent', async () => {
    let isPaying = false;
    const { outcome } = await payAfter(
      {
        near: (path) => (prepare) =>
          isPaying && decodePrepare(prepare).amount > 0n
            ? Promise.resolve(encodeFulfill({ fulfillment: new Uint8Array(32), data: NO_DATA }))
            : path(prepare),
      },
      () => void (isPaying = true),
    );
    expect(outcome.sent).toBe(0n);
    expect(outcome.delivered).toBe(0n);
    expect(outcome.error).toMatchObject({ code: 'TIMED_OUT' });
    expect(outcome.packets.rejected.F05).toBeGreaterThan(0);
  });

  it('swaps replies between packets: neither counts', async () => {
    let isPaying = false;
    let held: { reply: Uint8Array; resolve: (reply: Uint8Array) => void } | undefined;
    const { outcome, world } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        near: (path) => async (prepare) => {
          const reply = await path(prepare);
          if (!isPaying || decodePrepare(prepare).amount === 0n) return reply;
          if (held === undefined) {
            return new Promise((resolve) => (held = { reply, resolve }));
          }
          const other = held;
          isPaying = false;
          other.resolve(reply);
          return other.reply;
        },
      },
      () => void (isPaying = true),
    );
    expect(outcome.packets.rejected.F05).toBe(2);
    expect(outcome).toMatchObject({ error: undefined, sent: 1_000_000n });
    // The hop kept two packets for itself that it could have been paid for; the sender lost nothing.
    expect(world.atReceiver.total('fulfilled')).toBeGreaterThan(outcome.delivered);
  });

  it('names a second asset: the payment ends', async () => {
    let isPaying = false;
    const { outcome } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        receiver: lyingReceiver(() =>
          isPaying
            ? { frames: [{ type: 'ConnectionAssetDetails', assetCode: 'EUR', assetScale: 2 }] }
            : {},
        ),
      },
      () => void (isPaying = true),
    );
    expect(outcome.error).toMatchObject({ code: 'ASSET_CONFLICT' });
  });

  it('closes the connection in the middle: the payment ends and says so', async () => {
    const close: StreamFrame = {
      type: 'ConnectionClose',
      errorCode: 3,
      errorMessage: 'busy\u001b[2J',
    };
    const { outcome } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        receiver: lyingReceiver(() => ({ frames: [close] })),
      },
      () => undefined,
    );
    expect(outcome.error).toMatchObject({
      code: 'RECEIVER_CLOSED',
      message: 'the receiver closed the connection (EndpointBusy: busy?[2J)',
    });
    expect(outcome.sent).toBeGreaterThan(0n);
  });

  it('takes no more than its limit: the payment ends there', async () => {
    let total = 0n;
    const { outcome } = await payAfter(
      {
        connectors: [{ maxPacketAmount: 10_000n }],
        receiver: (receiver, credentials) => {
          const keys = new StreamKeys(credentials.sharedSecret);
          return async (prepare) => {
            const { amount, data } = decodePrepare(prepare);
            const request = keys.open(data);
            if (request === undefined) return receiver(prepare);
            const isTooMuch = total + amount > 200_000n;
            const reply = isTooMuch ? undefined : await receiver(prepare);
            if (reply?.[0] === 13) total += amount;
            const answer = keys.seal(
              {
                ilpPacketType: reply?.[0] === 13 ? 13 : 14,
                sequence: request.sequence,
                prepareAmount: amount,
                frames: [
                  // 0 to begin with: it has not decided before money comes.
                  {
                    type: 'StreamMaxMoney',
                    streamId: 1,
                    receiveMax: total === 0n ? 0n : 200_000n,
                    totalReceived: total,
                  },
                ],
              },
              (length) => crypto.getRandomValues(new Uint8Array(length)),
            );
            if (reply?.[0] === 13) return encodeFulfill({ ...decodeFulfill(reply), data: answer });
            if (amount === 0n) total += 0n;
            return encodeReject({ code: 'F99', triggeredBy: '', message: '', data: answer });
          };
        },
      },
      () => void (total = 1n),
    );
    expect(outcome.error).toMatchObject({ code: 'RECEIVE_LIMIT' });
    expect(outcome.delivered).toBeLessThanOrEqual(200_000n);
    expect(outcome.delivered).toBeGreaterThan(190_000n);
  });
});

describe('a quote that cannot be made', () => {
  const refuse = async (options: WorldOptions, more: object = {}, amount = fixedSource(1000n)) => {
    const world = createWorld(options);
    const error: unknown = await world.clock
      .runUntil(quotePayment({ ...world.options, amount, ...more }))
      .catch((reason: unknown) => reason);
    expect(world.atSender.total('fulfilled')).toBe(0n);
    const packets = world.atSender.packets.length;
    await world.clock.run();
    expect(world.atSender.packets).toHaveLength(packets);
    return error;
  };
  const thousandth = { rate: { numerator: 1n, denominator: 1000n } };

  it('is refused where no route leads to the receiver', async () => {
    const veto = () => new IlpError('F02', 'no route');
    expect(await refuse({ connectors: [{}, { veto }] })).toMatchObject({
      code: 'NO_ROUTE',
      triggeredBy: 'test.connector2',
    });
  });

  it('is refused where the amount rounds to nothing, however often it is tried', async () => {
    expect(await refuse({ connectors: [thousandth] }, {}, fixedSource(999n))).toMatchObject({
      code: 'AMOUNT_TOO_SMALL',
    });
  });

  it('can be made for the least that delivers one unit, and promises that unit', async () => {
    const world = createWorld({ connectors: [thousandth] });
    const quote = await world.clock.runUntil(
      quotePayment({ ...world.options, amount: fixedSource(1000n) }),
    );
    expect(quote).toMatchObject({ minDelivery: 1n, leastAmount: 1000n });
    const outcome = await world.clock.runUntil(payQuote(quote));
    expect(outcome).toMatchObject({ error: undefined, sent: 1000n, delivered: 1n });
  });

  it('is refused where the largest packet rounds to nothing', async () => {
    const connectors = [{ ...thousandth, maxPacketAmount: 500n }];
    expect(await refuse({ connectors }, {}, fixedSource(1_000_000n))).toMatchObject({
      code: 'PACKET_LIMIT_TOO_SMALL',
    });
  });

  it('is refused where the rate is worse than the prices allow', async () => {
    const prices = { USD: '1', XRP: '0.5' };
    const error = await refuse(
      { asset: XRP, connectors: [{ rate: { numerator: 1900n, denominator: 1n } }] },
      { prices },
      fixedSource(1_000_000n),
    );
    expect(error).toMatchObject({
      code: 'RATE_TOO_LOW',
      message: 'the rate of the path is 1900 and must be at least 1980',
    });
  });

  it('is refused where an asset has no price, or a number is none', async () => {
    const asset = { asset: XRP };
    expect(await refuse(asset, { prices: { USD: '1' } })).toMatchObject({ code: 'PRICE_UNKNOWN' });
    expect(await refuse(asset, { slippage: '1' })).toMatchObject({ code: 'INVALID_AMOUNT' });
    expect(await refuse(asset, { slippage: '1e-2' })).toMatchObject({ code: 'INVALID_AMOUNT' });
    expect(await refuse(asset, {}, fixedSource(0n))).toMatchObject({ code: 'INVALID_AMOUNT' });
  });

  it.each([
    ['T00', 'TIMED_OUT'],
    ['T01', 'RECEIVER_UNREACHABLE'],
  ] as const)('is given up when all is refused with %s for five seconds', async (ilpCode, code) => {
    const world = createWorld({ connectors: [{ veto: () => new IlpError(ilpCode, 'because') }] });
    const start = world.clock.now();
    const quote = quotePayment({ ...world.options, amount: fixedSource(1_000n) });
    await expect(world.clock.runUntil(quote)).rejects.toMatchObject({ code, ilpCode });
    expect(world.clock.now() - start).toBeGreaterThanOrEqual(5_000);
    expect(world.clock.now() - start).toBeLessThan(7_500);
  });

  it('is refused at the signal', async () => {
    expect(await refuse({}, { signal: AbortSignal.abort() })).toMatchObject({ code: 'CANCELLED' });
  });
});
