import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { VirtualClock } from '@pennyswitch/testkit';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  MemoryTotalsStore,
  StreamErrorCode,
  StreamReceiver,
  TotalsStoreFullError,
  verifyReceipt,
  type CredentialDetails,
  type StreamReceiverOptions,
  type TotalsStore,
} from '../src/index.js';
import { hex } from './hex.js';
import { money, TestSender, type TestReply } from './test-sender.js';

const RECEIPTS = { nonce: hex('aa'.repeat(16)), secret: hex('bb'.repeat(32)) };
const U64 = 2n ** 64n - 1n;

let clock: VirtualClock;
let totals: MemoryTotalsStore;
let received: bigint;

beforeEach(() => {
  clock = new VirtualClock();
  totals = new MemoryTotalsStore({ clock });
  received = 0n;
});

function senderTo(
  details: CredentialDetails,
  options: Partial<StreamReceiverOptions> = {},
): TestSender {
  const receiver = new StreamReceiver({
    secret: hex('5e'.repeat(32)),
    address: () => parseIlpAddress('test.bob'),
    clock,
    totals,
    onReceived: ({ amount }) => (received += amount),
    ...options,
  });
  return new TestSender(receiver.handle, receiver.createCredentials(details), () => clock.now());
}

const maxMoney = (reply: TestReply): unknown => TestSender.frame(reply, 'StreamMaxMoney');

/** What the receipt in a reply says was received, if it verifies. */
function proved(reply: TestReply): bigint | undefined {
  const frame = TestSender.frame(reply, 'StreamReceipt');
  return frame && verifyReceipt(frame.receipt, RECEIPTS.secret)?.totalReceived;
}

describe('a limit', () => {
  it('is what the connection receives, to the unit, and the sender is told how far it got', async () => {
    const alice = senderTo({ limit: 100n });
    const first = await alice.send({ amount: 60n, frames: [money()] });
    expect(first.outcome).toBe('fulfilled');
    expect(maxMoney(first)).toEqual({
      type: 'StreamMaxMoney',
      streamId: 1,
      receiveMax: 100n,
      totalReceived: 60n,
    });
    const tooMuch = await alice.send({ amount: 41n, frames: [money()] });
    expect(tooMuch.outcome).toBe('F99');
    expect(maxMoney(tooMuch)).toMatchObject({ receiveMax: 100n, totalReceived: 60n });
    expect(TestSender.frame(tooMuch, 'ConnectionClose')).toBeUndefined();
    expect((await alice.send({ amount: 40n, frames: [money()] })).outcome).toBe('fulfilled');
  });

  it('tells a sender that asks, without money, how much it takes and has received (RFC 0029 5.3.10)', async () => {
    const alice = senderTo({ limit: 100n });
    await alice.send({ amount: 60n, frames: [money()] });
    const ask = { type: 'StreamMoneyBlocked', streamId: 1, sendMax: 100n, totalSent: 60n } as const;
    const reply = await alice.send({ amount: 0n, frames: [ask, { ...ask, streamId: 300 }] });
    expect(reply.frames).toEqual([
      { type: 'StreamMaxMoney', streamId: 1, receiveMax: 100n, totalReceived: 60n },
    ]);
  });

  it('closes the connection with no error when more comes after it is reached', async () => {
    const alice = senderTo({ limit: 100n });
    await alice.send({ amount: 100n, frames: [money()] });
    const reply = await alice.send({ amount: 1n, frames: [money()] });
    expect(reply.outcome).toBe('F99');
    expect(TestSender.frame(reply, 'ConnectionClose')?.errorCode).toBe(StreamErrorCode.NoError);
  });

  it('holds for all streams together', async () => {
    const alice = senderTo({ limit: 100n });
    const both = await alice.send({ amount: 80n, frames: [money(1), money(3)] });
    expect(both.frames).toEqual([
      { type: 'StreamMaxMoney', streamId: 1, receiveMax: 100n, totalReceived: 40n },
      { type: 'StreamMaxMoney', streamId: 3, receiveMax: 100n, totalReceived: 40n },
    ]);
    expect((await alice.send({ amount: 21n, frames: [money(5)] })).outcome).toBe('F99');
    expect((await alice.send({ amount: 20n, frames: [money(5)] })).outcome).toBe('fulfilled');
  });

  it('holds for packets that are decided at the same time, by receivers that share a store', async () => {
    const decide: (() => void)[] = [];
    const onMoney = (): Promise<'accept'> =>
      new Promise((resolve) => decide.push(() => resolve('accept')));
    const alice = senderTo({ limit: 100n }, { onMoney });
    const replies = Promise.all(
      [50n, 40n, 30n, 10n].map((amount) => alice.send({ amount, frames: [money()] })),
    );
    await clock.advance(0);
    for (const accept of decide.reverse()) accept();
    expect((await replies).map(({ outcome }) => outcome)).toEqual([
      'fulfilled',
      'fulfilled',
      'F99',
      'fulfilled',
    ]);
  });

  it('answers probes with what was received so far', async () => {
    const alice = senderTo({ limit: 100n });
    await alice.send({ amount: 60n, frames: [money()] });
    const probe = await alice.send({ amount: 1n, frames: [money()], fulfillable: false });
    expect(maxMoney(probe)).toMatchObject({ receiveMax: 100n, totalReceived: 60n });
  });

  it('is never exceeded, and all that was fulfilled is told, whatever comes and is decided', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.bigInt({ min: 1n, max: 1000n }),
        fc.array(
          fc.record({
            amount: fc.bigInt({ min: 0n, max: 400n }),
            streams: fc.array(fc.constantFrom(1, 3, 5), { minLength: 1, maxLength: 3 }),
            decision: fc.constantFrom('accept', 'decline', 'fail', 'late'),
            delay: fc.nat(40_000),
          }),
          { maxLength: 25 },
        ),
        async (limit, packets) => {
          clock = new VirtualClock();
          received = 0n;
          totals = new MemoryTotalsStore({ clock });
          const plans = new Map(packets.map((packet, sequence) => [sequence, packet]));
          const alice = senderTo(
            { limit, receipts: RECEIPTS },
            {
              onMoney: async ({ sequence }) => {
                const { decision, delay } = plans.get(sequence)!;
                await clock.sleep(decision === 'late' ? 30_000 : delay);
                if (decision === 'fail') throw new Error('database gone');
                return decision === 'decline' ? { decline: 'temporary' } : 'accept';
              },
            },
          );
          const replies = await clock.runUntil(
            Promise.all(
              packets.map(({ amount, streams }) =>
                alice.send({ amount, frames: streams.map((id) => money(id)) }),
              ),
            ),
          );
          await clock.run();
          const fulfilled = replies.reduce(
            (sum, { outcome, stream }) =>
              outcome === 'fulfilled' ? sum + stream!.prepareAmount : sum,
            0n,
          );
          expect(received).toBe(fulfilled);
          expect(fulfilled <= limit).toBe(true);
          const proofs = [1, 3, 5].map((streamId) =>
            replies
              .flatMap(({ frames }) => frames)
              .filter((frame) => frame.type === 'StreamReceipt' && frame.streamId === streamId)
              .map((frame) =>
                frame.type === 'StreamReceipt'
                  ? verifyReceipt(frame.receipt, RECEIPTS.secret)!.totalReceived
                  : 0n,
              )
              .reduce((best, total) => (total > best ? total : best), 0n),
          );
          expect(proofs.reduce((sum, total) => sum + total, 0n)).toBe(fulfilled);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('receipts (RFC 0039)', () => {
  it('prove the total of each stream, with each Fulfill', async () => {
    const alice = senderTo({ receipts: RECEIPTS });
    expect(proved(await alice.send({ amount: 5n, frames: [money()] }))).toBe(5n);
    const second = await alice.send({ amount: 10n, frames: [money(), money(3)] });
    expect(proved(second)).toBe(10n);
    expect(second.frames.filter(({ type }) => type === 'StreamReceipt')).toHaveLength(2);
    expect(maxMoney(second)).toMatchObject({ receiveMax: U64, totalReceived: 10n });
  });

  it('are in no Reject', async () => {
    const alice = senderTo({ receipts: RECEIPTS }, { onMoney: () => ({ decline: 'temporary' }) });
    for (const packet of [{}, { fulfillable: false }, { minimum: 9n }]) {
      const reply = await alice.send({ amount: 5n, frames: [money()], ...packet });
      expect(TestSender.frame(reply, 'StreamReceipt')).toBeUndefined();
    }
  });

  it('name the stream in one byte: no other streams are opened', async () => {
    const alice = senderTo({ receipts: RECEIPTS });
    expect(proved(await alice.send({ amount: 5n, frames: [money(255)] }))).toBe(5n);
    const reply = await alice.send({ amount: 5n, frames: [money(257)] });
    expect(TestSender.frame(reply, 'ConnectionClose')?.errorCode).toBe(
      StreamErrorCode.StreamIdError,
    );
  });

  it('stop at 2^64 - 1: what does not fit is not fulfilled', async () => {
    const alice = senderTo({ receipts: RECEIPTS });
    expect(proved(await alice.send({ amount: U64, frames: [money()] }))).toBe(U64);
    expect((await alice.send({ amount: 1n, frames: [money()] })).outcome).toBe('F99');
  });
});

it('a receiver without limit or receipts stores nothing', async () => {
  const alice = senderTo({ tag: 'anything', asset: { code: 'USD', scale: 2 } });
  for (let i = 0; i < 3; i++) await alice.send({ amount: 5n, frames: [money()] });
  expect(totals.size).toBe(0);
});

describe('a store that fails', () => {
  it('rejects the packet for now, and takes back what the application booked', async () => {
    const undone: bigint[] = [];
    for (const failAt of [1, 2, 3]) {
      let calls = 0;
      const broken: TotalsStore = {
        add: (...facts) => {
          calls += 1;
          if (calls === failAt) throw new Error('disk full');
          return totals.add(...facts);
        },
      };
      const alice = senderTo(
        { limit: 100n },
        { totals: broken, onUndo: ({ amount }) => undone.push(amount) },
      );
      const reply = await alice.send({ amount: 60n, frames: [money(1), money(3)] });
      expect(reply.outcome).toBe('T00');
      expect((await alice.send({ amount: 100n, frames: [money()] })).outcome).toBe('fulfilled');
    }
    await clock.advance(0);
    expect(undone).toEqual([60n, 60n]);
    expect(received).toBe(300n);
  });

  it('does not keep probes from being answered', async () => {
    const broken: TotalsStore = { add: () => Promise.reject(new Error('disk full')) };
    const alice = senderTo({ limit: 100n }, { totals: broken });
    const reply = await alice.send({ amount: 7n, frames: [money()], fulfillable: false });
    expect(reply).toMatchObject({ outcome: 'F99', stream: { prepareAmount: 7n }, frames: [] });
  });
});

describe('MemoryTotalsStore', () => {
  it('adds up to the cap and no further, and takes back', () => {
    expect(totals.add('a', 1, 60n, 100n)).toBe(60n);
    expect(totals.add('a', 1, 41n, 100n)).toBeUndefined();
    expect(totals.add('a', 1, 40n, 100n)).toBe(100n);
    expect(totals.add('a', 1, -30n, 100n)).toBe(70n);
    expect(totals.add('a', 1, 0n, 100n)).toBe(70n);
    expect(totals.add('a', 3, 1n, 100n)).toBe(1n);
    expect(totals.add('b', 1, 0n, 100n)).toBe(0n);
    expect(totals.size).toBe(1);
  });

  it('refuses new connections when it is full of those in use, and forgets idle ones', async () => {
    const small = new MemoryTotalsStore({ clock, maxConnections: 2, idleMs: 1000 });
    small.add('a', 1, 1n, U64);
    await clock.advance(500);
    small.add('b', 1, 2n, U64);
    small.add('a', 1, 1n, U64);
    expect(() => small.add('c', 1, 1n, U64)).toThrow(TotalsStoreFullError);
    await clock.advance(999);
    expect(() => small.add('c', 1, 1n, U64)).toThrow(TotalsStoreFullError);
    await clock.advance(1);
    expect(small.add('c', 1, 3n, U64)).toBe(3n);
    expect(small.size).toBe(2);
    expect(small.add('b', 1, 0n, U64)).toBe(0n);
    expect(small.add('a', 1, 0n, U64)).toBe(2n);
  });
});
