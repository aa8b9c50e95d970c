import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodeReply, PacketType } from '@pennyswitch/ilp-packet';
import { VirtualClock } from '@pennyswitch/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StreamReceiver, type StreamFrame, type StreamReceiverOptions } from '../src/index.js';
import { hex } from './hex.js';
import { TestSender } from './test-sender.js';

const DETAILS = [
  {},
  { limit: 1000n },
  { receipts: { nonce: hex('aa'.repeat(16)), secret: hex('bb'.repeat(32)) } },
];

function world(options: Partial<StreamReceiverOptions> = {}): {
  clock: VirtualClock;
  receiver: StreamReceiver;
  books: { received: bigint };
} {
  const clock = new VirtualClock();
  const books = { received: 0n };
  const receiver = new StreamReceiver({
    secret: hex('5e'.repeat(32)),
    address: () => parseIlpAddress('test.bob'),
    asset: { code: 'XRP', scale: 9 },
    clock,
    onReceived: ({ amount, streams }) => {
      books.received += amount;
      expect(streams.reduce((sum, part) => sum + part.amount, 0n)).toBe(amount);
    },
    ...options,
  });
  return { clock, receiver, books };
}

describe('a receiver answers with a Fulfill or a Reject, whatever comes', () => {
  it('any bytes', async () => {
    const { receiver } = world();
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), async (bytes) => {
        expect(decodeReply(await receiver.handle(bytes)).type).toBe(PacketType.reject);
      }),
      { numRuns: 500 },
    );
  });

  it('a packet of a connection with any byte changed: the money is taken as it stands there, or not at all', async () => {
    const { receiver, clock, books } = world();
    const alice = new TestSender(receiver.handle, receiver.createCredentials(), () => clock.now());
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(255), async (place, value) => {
        books.received = 0n;
        const prepare = alice.prepare({
          amount: 77n,
          frames: [{ type: 'StreamMoney', streamId: 1, shares: 1n }],
        });
        prepare[place % prepare.length] = value;
        const reply = decodeReply(await receiver.handle(prepare));
        await clock.advance(0);
        if (reply.type === PacketType.reject) expect(books.received).toBe(0n);
        else expect(alice.keys.open(reply.data)?.prepareAmount).toBe(books.received);
      }),
      { numRuns: 500 },
    );
  });

  it('any frames from a sender who knows the secret', async () => {
    const id = fc.oneof(fc.nat(9), fc.maxSafeNat(), fc.constant(Infinity));
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const frame: fc.Arbitrary<StreamFrame> = fc.oneof(
      fc.record({ type: fc.constant('StreamMoney' as const), streamId: id, shares: u64 }),
      fc.record({
        type: fc.constant('StreamData' as const),
        streamId: id,
        offset: id,
        data: fc.uint8Array({ maxLength: 9 }),
      }),
      fc.record({
        type: fc.constant('ConnectionNewAddress' as const),
        sourceAddress: fc.constant('' as const),
      }),
      fc.record({
        type: fc.constantFrom('ConnectionClose' as const),
        errorCode: fc.nat(255),
        errorMessage: fc.string(),
      }),
      fc.record({ type: fc.constant('ConnectionMaxStreamId' as const), maxStreamId: id }),
    );
    const packet = fc.record({
      amount: u64,
      minimum: fc.oneof(fc.constant(0n), u64),
      frames: fc.array(frame, { maxLength: 12 }),
      fulfillable: fc.boolean(),
      sequence: id,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { maxLength: 8 }), async (packets) => {
        for (const details of DETAILS) {
          const { receiver, clock, books } = world();
          const credentials = receiver.createCredentials(details);
          const alice = new TestSender(receiver.handle, credentials, () => clock.now());
          let fulfilled = 0n;
          for (const each of packets) {
            const reply = await alice.send(each);
            expect(reply.stream?.sequence).toBe(each.sequence);
            expect(reply.stream?.prepareAmount).toBe(each.amount);
            if (reply.outcome !== 'fulfilled') continue;
            expect(each.amount >= each.minimum && each.fulfillable).toBe(true);
            fulfilled += each.amount;
          }
          await clock.run();
          expect(books.received).toBe(fulfilled);
        }
      }),
    );
  });

  it('even where what the application supplied throws', async () => {
    const { receiver, clock } = world();
    const alice = new TestSender(receiver.handle, receiver.createCredentials(), () => clock.now());
    const broken = world({
      address: () => {
        throw new Error('bug');
      },
    });
    expect(decodeReply(await broken.receiver.handle(alice.prepare({})))).toMatchObject({
      code: 'T00',
    });
  });
});
