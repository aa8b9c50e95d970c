import { encodeAmountTooLargeData, MAX_AMOUNT } from '@pennyswitch/ilp-packet';
import { DEFAULT_SENDER_POLICY } from '@pennyswitch/stream';
import { describe, expect, it } from 'vitest';
import { PacketSize } from '../../src/connection/packet-size.js';
import { PacketTimeout } from '../../src/connection/packet-timeout.js';
import { Pacer } from '../../src/connection/pacer.js';
import { RateTracker } from '../../src/connection/rate-tracker.js';
import { Remote } from '../../src/connection/remote.js';
import { reactionTo, RetryDelay } from '../../src/connection/retry.js';
import { Sequence } from '../../src/connection/sequence.js';
import { Window } from '../../src/connection/window.js';

const NO_DATA = new Uint8Array(0);
const policy = DEFAULT_SENDER_POLICY;

describe('the largest packet', () => {
  it('is what F08 tells, in the units of the sender', () => {
    const size = new PacketSize();
    size.handleTooLarge(
      10_000n,
      encodeAmountTooLargeData({ receivedAmount: 20_000n, maximumAmount: 5_000n }),
    );
    expect(size.trial).toBe(2_500n);
    expect(size.isFound).toBe(true);
  });

  it.each([1n, 2n, 3n, 17n, 1_000n, 12_345n, 10n ** 15n, 2n ** 63n])(
    'of %i is found within an eighth where F08 does not tell it',
    (limit) => {
      const size = new PacketSize();
      let trials = 0;
      // The first packet is as large as it can be: the worst start.
      while (!size.isLimited || !size.isFound) {
        const amount = size.trial;
        if (amount > limit) size.handleTooLarge(amount, NO_DATA);
        else size.handlePassed(amount);
        expect(++trials).toBeLessThan(100);
      }
      expect(size.trial).toBeLessThanOrEqual(limit);
      expect(size.trial).toBeGreaterThanOrEqual(limit - limit / 8n);
    },
  );

  it('is nothing where not even one unit passes', () => {
    const size = new PacketSize();
    for (let i = 0; i < 70 && size.trial > 0n; i++) size.handleTooLarge(size.trial, NO_DATA);
    expect(size.trial).toBe(0n);
  });

  it('is one unit where no more than that passes, and F08 does not tell it', () => {
    const size = new PacketSize();
    while (size.trial > 1n) size.handleTooLarge(size.trial, NO_DATA);
    expect(size.trial).toBe(1n);
  });

  it('shrinks again when the path changes, and rises again when a larger packet passes', () => {
    const size = new PacketSize();
    size.handleTooLarge(
      1_000n,
      encodeAmountTooLargeData({ receivedAmount: 1_000n, maximumAmount: 500n }),
    );
    size.handlePassed(500n);
    size.handleTooLarge(500n, NO_DATA);
    expect(size.trial).toBeLessThan(500n);
    size.handlePassed(800n);
    expect([size.trial, size.isFound]).toEqual([1_600n, false]);
    size.handleTooLarge(1_600n, NO_DATA);
    expect(size.trial).toBe(1_200n);
  });

  /** Sends packets as the payment does, one at a time. @returns how many were refused. */
  const send = (size: PacketSize, packets: number, limit: bigint, isTold: boolean): number => {
    let refused = 0;
    for (let i = 0; i < packets; i++) {
      const amount = size.trial;
      if (amount <= limit) size.handlePassed(amount);
      else {
        const data = encodeAmountTooLargeData({ receivedAmount: amount, maximumAmount: limit });
        size.handleTooLarge(amount, isTold ? data : NO_DATA);
        refused++;
      }
    }
    return refused;
  };
  /** Until it says that it knows enough. */
  const search = (size: PacketSize, limit: bigint, isTold: boolean): void => {
    for (let i = 0; i < 100 && !(size.isLimited && size.isFound); i++) send(size, 1, limit, isTold);
  };

  it.each([
    [true, 1_100n],
    [true, 100_000n],
    [false, 1_500n],
    [false, 100_000n],
  ])('rises when a connector raises its limit (told: %s, to %i)', (isTold, raised) => {
    const size = new PacketSize();
    send(size, 300, 1_000n, isTold);
    expect(size.trial).toBeLessThanOrEqual(1_000n);
    send(size, 600, raised, isTold);
    search(size, raised, isTold);
    expect(size.trial).toBeLessThanOrEqual(raised);
    expect(size.trial).toBeGreaterThanOrEqual(raised - raised / 8n);
    send(size, 600, 700n, isTold);
    search(size, 700n, isTold);
    expect(size.trial).toBeLessThanOrEqual(700n);
    expect(size.trial).toBeGreaterThanOrEqual(600n);
  });

  it('is looked above less and less often where the limit stays', () => {
    for (const isTold of [true, false]) {
      const size = new PacketSize();
      search(size, 1_000n, isTold);
      expect(send(size, 10_000, 1_000n, isTold)).toBeLessThanOrEqual(8);
    }
  });

  it('is taken as it was where a packet above it gets lost, or is refused for another reason', () => {
    const size = new PacketSize();
    send(size, 1, 1_000n, true);
    while (size.isFound) send(size, 1, 1_000n, true);
    const above = size.trial;
    expect([above, size.isAboveLimit(above)]).toEqual([1_251n, true]);
    size.handleOther(above);
    expect([size.trial, size.isFound]).toEqual([1_000n, true]);
  });

  it('is not believed to be above what was just refused', () => {
    const size = new PacketSize();
    size.handleTooLarge(
      1_000n,
      encodeAmountTooLargeData({ receivedAmount: 1n, maximumAmount: 500n }),
    );
    expect(size.trial).toBeLessThan(1_000n);
  });
});

describe('the rate', () => {
  it('is narrowed by each packet, and known exactly at last', () => {
    const rate = new RateTracker();
    for (const amount of [10n, 999n, 7_777n, 1_000_003n]) rate.observe(amount, (amount * 3n) / 7n);
    expect(rate.likely).toEqual({ numerator: 3n, denominator: 7n });
    expect(rate.lowEstimate(7_000_000n)).toBeLessThanOrEqual(3_000_000n);
    expect(rate.highEstimate(7_000_000n)).toBeGreaterThanOrEqual(3_000_000n);
  });

  it('is another one when a packet of some size contradicts it', () => {
    const rate = new RateTracker();
    rate.observe(1_000n, 2_000n);
    rate.observe(1_000n, 1_500n);
    expect(rate.lowEstimate(1_000n)).toBe(1_500n);
  });

  it('is not contradicted by dust, which loses more to rounding', () => {
    const rate = new RateTracker();
    rate.observe(1_000_000n, 2_000_000n);
    rate.observe(3n, 4n);
    expect(rate.lowEstimate(1_000n)).toBe(2_000n);
  });

  it('is unknown as long as nothing arrives', () => {
    const rate = new RateTracker();
    rate.observe(0n, 0n);
    rate.observe(10n, 0n);
    expect(rate.bounds).toBeUndefined();
    expect(rate.likely).toBeUndefined();
  });
});

describe('the window', () => {
  it('doubles with each round trip up to its maximum', () => {
    const window = new Window(policy);
    expect(window.packets).toBe(10);
    for (let i = 0; i < 10; i++) window.handleFulfilled(1n, 0);
    expect(window.packets).toBe(20);
    for (let i = 0; i < 500; i++) window.handleFulfilled(1n, 0);
    expect(window.packets).toBe(policy.maxPacketsInFlight);
  });

  it('halves once for all packets that were on their way, then grows by one per round trip', () => {
    const window = new Window(policy);
    for (let sentAt = 0; sentAt < 10; sentAt++) window.handleBusy(sentAt, 100);
    expect(window.packets).toBe(5);
    for (let i = 0; i < 6; i++) window.handleFulfilled(1n, 101);
    expect(window.packets).toBe(6);
    for (let at = 200; at < 300; at++) window.handleBusy(at, at);
    expect(window.packets).toBe(1);
  });

  it('has no limit of value until liquidity lacks, halves then, and opens slowly again', () => {
    const window = new Window(policy);
    expect(window.value).toBeUndefined();
    window.handleNoLiquidity(8_000n, 0, 100);
    window.handleNoLiquidity(7_000n, 50, 110);
    expect(window.value).toBe(4_000n);
    for (let i = 0; i < 4; i++) window.handleFulfilled(1_000n, 100);
    expect(window.value, 'by what left before the decrease').toBe(4_000n);
    for (let i = 0; i < 4; i++) window.handleFulfilled(1_000n, 111);
    expect(window.value).toBe(4_000n + 4n * 62n);
    for (let at = 200; at < 300; at++) window.handleNoLiquidity(1n, at, at);
    expect(window.value).toBe(1n);
  });
});

describe('lacking liquidity', () => {
  it('goes down in larger steps where halves do not help, and up again in doubles', () => {
    const window = new Window(policy);
    const values = [1, 2, 3, 4, 5, 6].map((now) => {
      window.handleNoLiquidity(1_000_000n, now, now);
      return window.value;
    });
    expect(values).toEqual([500_000n, 250_000n, 15_625n, 976n, 61n, 3n]);
    const up: (bigint | undefined)[] = [];
    for (let i = 0; i < 18; i++) {
      window.handleFulfilled(window.value ?? 0n, 7);
      up.push(window.value);
    }
    expect(up.slice(0, 3)).toEqual([6n, 12n, 24n]);
    // No further than half of what was too much at first.
    expect(up[17]).toBe(786_432n);
    window.handleFulfilled(786_432n, 7);
    expect(window.value).toBeLessThan(900_000n);
  });
});

describe('waiting', () => {
  it('doubles with failures up to its limit, and ends with a success', () => {
    const retry = new RetryDelay(policy);
    const waits: number[] = [];
    let now = 0;
    for (let i = 0; i < 8; i++) {
      retry.handleFailure(now, now);
      waits.push(retry.until - now);
      now = retry.until;
    }
    expect(waits).toEqual([50, 100, 200, 400, 800, 1600, 2000, 2000]);
    retry.handleSuccess();
    expect(retry.until).toBeLessThan(now);
  });

  it('is not made longer by packets that left before it began', () => {
    const retry = new RetryDelay(policy);
    retry.handleFailure(0, 1_000);
    for (let i = 0; i < 10; i++) retry.handleFailure(900, 1_010);
    expect(retry.until).toBe(1_050);
  });

  it('spaces packets out only after a connector was busy, and less with each success', () => {
    const pacer = new Pacer(policy);
    pacer.handleSent(1_000);
    expect(pacer.nextAt).toBe(1_000);
    pacer.handleBusy(1_000, 1_010);
    expect(pacer.nextAt).toBe(1_010);
    pacer.handleBusy(1_020, 1_030);
    expect(pacer.nextAt).toBe(1_020);
    for (let i = 0; i < 200; i++) pacer.handleFulfilled();
    expect(pacer.nextAt).toBe(1_000);
  });

  it('gives packets more time where a connector asks for it, up to a limit and never less again', () => {
    const timeout = new PacketTimeout(policy);
    timeout.handleTooShort(0, 10);
    timeout.handleTooShort(5, 20);
    expect(timeout.ms).toBe(30_000);
    for (let at = 100; at < 110; at++) timeout.handleTooShort(at, at);
    expect(timeout.ms).toBe(policy.maxPacketTimeoutMs);
  });
});

it('reactions go by the code, and by the class of codes that are not known', () => {
  expect(reactionTo('F02')).toBe('stop');
  expect(reactionTo('F42')).toBe('stop');
  expect(reactionTo('F08')).toBe('smaller');
  expect(reactionTo('F99')).toBe('receiver');
  expect(reactionTo('T04')).toBe('liquidity');
  expect(reactionTo('T05')).toBe('slower');
  expect(reactionTo('T42')).toBe('wait');
  expect(reactionTo('R00')).toBe('more-time');
  expect(reactionTo('R01')).toBe('larger');
  expect(reactionTo('R42')).toBe('wait');
});

it('sequences go up to 2^31 and no further (RFC 0029 5.1.3)', () => {
  const sequence = new Sequence(2 ** 31 - 2);
  expect(sequence.next).toBe(2 ** 31 - 1);
  sequence.advance();
  expect(sequence.next).toBe(2 ** 31);
  sequence.advance();
  expect(sequence.next).toBeUndefined();
});

describe('what the receiver says', () => {
  const maxMoney = (receiveMax: bigint, totalReceived: bigint, streamId = 1) =>
    ({ type: 'StreamMaxMoney', streamId, receiveMax, totalReceived }) as const;

  it('never shrinks, in whatever order replies come (RFC 0029 4.4.4)', () => {
    const remote = new Remote(1);
    expect(remote.receiveMax).toBe(MAX_AMOUNT);
    remote.handleFrames([maxMoney(100n, 50n)]);
    remote.handleFrames([maxMoney(90n, 40n), maxMoney(500n, 70n, 3)]);
    expect([remote.receiveMax, remote.totalReceived]).toEqual([100n, 50n]);
    remote.handleFrames([maxMoney(120n, 60n)]);
    expect([remote.receiveMax, remote.totalReceived]).toEqual([120n, 60n]);
  });

  it('keeps the receipt for the largest total', () => {
    const receipt = (total: number): Uint8Array => {
      const bytes = new Uint8Array(58);
      new DataView(bytes.buffer).setBigUint64(18, BigInt(total));
      return bytes;
    };
    const remote = new Remote(1);
    for (const total of [100, 300, 200]) {
      remote.handleFrames([{ type: 'StreamReceipt', streamId: 1, receipt: receipt(total) }]);
    }
    expect(remote.receipt).toEqual(receipt(300));
  });

  it('about another stream does not close this one', () => {
    const remote = new Remote(1);
    remote.handleFrames([{ type: 'StreamClose', streamId: 3, errorCode: 1, errorMessage: '' }]);
    expect(remote.close).toBeUndefined();
    remote.handleFrames([{ type: 'StreamClose', streamId: 1, errorCode: 1, errorMessage: '' }]);
    expect(remote.close).toMatchObject({ scope: 'stream', errorCode: 1 });
  });
});
