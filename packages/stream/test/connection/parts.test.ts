import { describe, expect, it } from 'vitest';
import { seededRandom } from '@pennyswitch/testkit';
import { Announcement } from '../../src/connection/announcement.js';
import { Assembler } from '../../src/connection/assembler.js';
import { ByteQueue } from '../../src/connection/byte-queue.js';
import { ConnectionMachine } from '../../src/connection/connection-machine.js';
import { DEFAULT_CONNECTION_POLICY } from '../../src/connection/connection-policy.js';
import { evenPacket, OutgoingMoney } from '../../src/connection/outgoing-money.js';
import { RateTracker } from '../../src/connection/rate-tracker.js';
import { SendBuffer } from '../../src/connection/send-buffer.js';
import { SequenceWindow } from '../../src/connection/sequence-window.js';
import { StreamIds } from '../../src/connection/stream-ids.js';
import { ClosedConnections } from '../../src/server/closed-connections.js';
import { ReceiverConnection } from '../../src/receiver-connections.js';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodePrepare, encodeFulfill } from '@pennyswitch/ilp-packet';
import { testBytes } from './world.js';

describe('the window of sequences', () => {
  it('takes each sequence once, in any order', () => {
    const window = new SequenceWindow();
    const random = seededRandom(1);
    const seen = new Set<number>();
    for (let i = 0; i < 20_000; i++) {
      const sequence = Math.max(0, (i >> 1) + random.int(-500, 500));
      expect(window.accept(sequence)).toBe(!seen.has(sequence));
      seen.add(sequence);
    }
  });

  it('takes nothing that is older than what it remembers', () => {
    const window = new SequenceWindow();
    expect(window.accept(2 ** 31)).toBe(true);
    expect(window.accept(2 ** 31 - 4096)).toBe(false);
    expect(window.accept(2 ** 31 - 4095)).toBe(true);
    expect(window.accept(0)).toBe(false);
  });

  it('remembers nothing of sequences that were jumped over', () => {
    const window = new SequenceWindow();
    for (const sequence of [1, 4097, 8193, 8190, 4098]) expect(window.accept(sequence)).toBe(true);
    expect(window.accept(4098)).toBe(false);
  });
});

describe('bytes that come in pieces', () => {
  it('come out in order, whatever the order and however often they came', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = seededRandom(seed);
      const bytes = testBytes(random.int(1, 60_000), seed);
      const pieces: [number, number][] = [];
      for (let at = 0; at < bytes.length;) {
        const length = random.int(1, 5000);
        pieces.push([at, Math.min(bytes.length, at + length)]);
        at += length;
      }
      const sent = [...pieces, ...pieces.filter(() => random.chance(0.3))];
      sent.sort(() => random.int(-1, 1));
      const assembler = new Assembler();
      const read: Uint8Array[] = [];
      for (const [from, to] of sent) {
        expect(assembler.check(from, bytes.subarray(from, to))).toBeUndefined();
        assembler.add(from, bytes.subarray(from, to));
        if (random.chance(0.5)) read.push(assembler.read(random.int(1, 10_000)));
      }
      read.push(assembler.read(bytes.length));
      expect(Buffer.compare(Buffer.concat(read), bytes), `seed ${seed}`).toBe(0);
      expect(assembler.isContiguous).toBe(true);
      expect(assembler.consumed).toBe(bytes.length);
    }
  });

  it('may overlap as long as they say the same (RFC 0029 5.3.11)', () => {
    const assembler = new Assembler();
    assembler.add(0, Uint8Array.of(0, 1, 2));
    assembler.add(5, Uint8Array.of(5, 6, 7));
    expect(assembler.check(2, Uint8Array.of(2, 3, 4, 5))).toBeUndefined();
    expect(assembler.check(2, Uint8Array.of(9, 3))).toBe('contradicts');
    expect(assembler.check(4, Uint8Array.of(4, 9))).toBe('contradicts');
    assembler.add(2, Uint8Array.of(2, 3, 4, 5));
    expect([...assembler.read(100)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // What is read is not kept, so that nothing can be said against it.
    expect(assembler.check(0, Uint8Array.of(9))).toBeUndefined();
    assembler.add(0, Uint8Array.of(9));
    expect(assembler.readable).toBe(0);
  });

  it('wait in blocks, so that many small ones cost no more than they have bytes', () => {
    const queue = new ByteQueue();
    for (let i = 0; i < 100_000; i++) queue.push(Uint8Array.of(i & 0xff));
    expect(queue.length).toBe(100_000);
    const all = queue.shift(1_000_000);
    expect(all.every((byte, i) => byte === (i & 0xff))).toBe(true);
    expect(queue.length).toBe(0);
  });
});

describe('bytes that go out', () => {
  it('leave again in the frames in which they left first, and only as long as nobody has them', () => {
    const buffer = new SendBuffer(1);
    buffer.write(testBytes(100));
    const first = buffer.take(60)!;
    const second = buffer.take(60)!;
    expect([first.offset, first.data.length, second.offset, second.data.length]).toEqual([
      0, 60, 60, 40,
    ]);
    buffer.handleLost(second);
    buffer.handleLost(second);
    expect(buffer.takeLost(39)).toBeUndefined();
    expect(buffer.takeLost(40)).toBe(second);
    expect(buffer.takeLost(40)).toBeUndefined();
    buffer.handleLost(first);
    buffer.handleAcknowledged(first);
    expect(buffer.hasLost).toBe(false);
    expect(buffer.kept).toBe(40);
    buffer.handleAcknowledged(second);
    buffer.handleAcknowledged(second);
    expect([buffer.kept, buffer.acknowledged]).toEqual([0, 100]);
  });
});

describe('a number that is announced', () => {
  it('is told again when the packet that told it is lost, and not when a later one arrived', () => {
    const limit = new Announcement<number>(0);
    limit.raise(10);
    const first = limit.tell();
    expect(limit.isPending).toBe(false);
    limit.handleLost(first);
    expect(limit.isPending).toBe(true);
    const second = limit.tell();
    limit.raise(20);
    const third = limit.tell();
    limit.handleAcknowledged(third);
    limit.handleLost(second);
    expect(limit.isPending).toBe(false);
  });

  it('never shrinks, and what was promised in a packet that got lost stays promised', () => {
    const limit = new Announcement<bigint>(0n);
    limit.raise(10n);
    limit.raise(5n);
    expect(limit.value).toBe(10n);
    limit.handleLost(limit.tell());
    expect(limit.promised).toBe(10n);
  });
});

describe('the ids of streams', () => {
  it('are odd for the client and even for the server, ten of each at 20 (RFC 0029 3.3)', () => {
    const open = (role: 'client' | 'server') => {
      const ids = new StreamIds(role, 20);
      const opened = [];
      for (let id = ids.open(); id !== undefined; id = ids.open()) opened.push(id);
      return opened;
    };
    expect(open('client')).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    expect(open('server')).toEqual([2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
  });

  it('are each used once; limits that shrink are ignored, but for the first word', () => {
    const ids = new StreamIds('server', 20);
    expect(ids.classify(1)).toBe('new');
    ids.handleOpened(1);
    expect(ids.classify(1)).toBe('closed');
    expect(ids.classify(21)).toMatchObject({ code: 5 });
    ids.handleClosed(1);
    expect(ids.limit.value).toBe(22);
    expect(ids.classify(21)).toBe('new');
    expect(ids.classify(23)).toMatchObject({ code: 5 });
    expect(ids.classify(2)).toMatchObject({ code: 8 });
    expect(ids.open()).toBe(2);
    expect(ids.classify(2)).toBe('closed');
    expect(ids.classify(0)).toMatchObject({ code: 8 });
    ids.raiseRemoteLimit(4);
    ids.raiseRemoteLimit(2);
    expect([ids.open(), ids.open()]).toEqual([4, undefined]);
  });
});

describe('the money that a stream sends', () => {
  const rate = new RateTracker();
  rate.observe(1_000_000n, 1_000_000n);

  it('is in one place at any time', () => {
    const account = new OutgoingMoney();
    account.set({ sendMax: 100n, deliver: undefined });
    const [a, b, c] = [10n, 20n, 30n].map((amount) => account.hold(amount, rate, undefined));
    expect([account.held, account.wanted(undefined)]).toEqual([60n, 40n]);
    account.handleFulfilled(a!, 10n, false);
    account.handleRejected(b!, false);
    account.handleUnknown(c!);
    expect([account.sent, account.held, account.unknown]).toEqual([10n, 0n, 30n]);
    expect(account.wanted(undefined)).toBe(60n);
    account.handleFulfilled(c!, 29n, true);
    expect([account.sent, account.unknown, account.delivered]).toEqual([40n, 0n, 39n]);
  });

  it('stays stopped when a late reply gives some of it back', () => {
    const account = new OutgoingMoney();
    account.set({ sendMax: 100n, deliver: undefined });
    const part = account.hold(60n, rate, undefined);
    account.handleUnknown(part);
    account.stop();
    account.handleRejected(part, true);
    expect(account.wanted(undefined)).toBe(0n);
  });

  it('leaves in packets of about the same size', () => {
    expect(evenPacket(10n, 100n)).toBe(10n);
    expect(evenPacket(101n, 100n)).toBe(51n);
    expect(evenPacket(300n, 100n)).toBe(100n);
  });
});

describe('connections that are over', () => {
  it('are remembered for a while, a bounded number', () => {
    const closed = new ClosedConnections({ maxCount: 2, retentionMs: 100 });
    closed.add('a', 0);
    closed.add('b', 10);
    closed.add('c', 20);
    expect(['a', 'b', 'c'].map((id) => closed.has(id, 50))).toEqual([false, true, true]);
    expect(['b', 'c'].map((id) => closed.has(id, 115))).toEqual([false, true]);
  });
});

describe('a machine that has used up its packets', () => {
  it('closes the connection with the last ones, and sends none beyond 2^31 (RFC 0029 5.1.3)', () => {
    const random = seededRandom(1);
    const address = parseIlpAddress('test.server');
    const connection = new ReceiverConnection({
      token: new Uint8Array(0),
      sharedSecret: new Uint8Array(32).fill(1),
    });
    const machine = new ConnectionMachine({
      facts: {
        role: 'client',
        policy: { ...DEFAULT_CONNECTION_POLICY, maxStreamId: 22 },
        asset: undefined,
        address: undefined,
        remoteAddress: address,
        remoteAsset: undefined,
        receiveMax: 0n,
        isHalfOpen: false,
      },
      connection,
      fallbackAddress: address,
      rate: { minimumRate: undefined, slippage: { numerator: 0n, denominator: 1n } },
      randomBytes: random.bytes,
      lastSequence: 2 ** 31 - 40,
    });
    const frames: string[] = [];
    let highest = 0;
    for (let now = 0; now < 60_000 && machine.state.phase !== 'closed'; now += 100) {
      for (let packet = machine.poll(now); packet; packet = machine.poll(now)) {
        // Something to say again and again.
        machine.state.ids.limit.forget();
        const request = connection.keys.open(decodePrepare(packet.prepare).data)!;
        frames.push(...request.frames.map(({ type }) => type));
        highest = Math.max(highest, request.sequence);
        const fulfillment = connection.keys.fulfillment(decodePrepare(packet.prepare).data);
        const data = new Uint8Array(0);
        machine.handleReply(packet.sequence, encodeFulfill({ fulfillment, data }), now);
      }
    }
    expect(machine.state.phase).toBe('closed');
    expect(machine.state.error).toMatchObject({ code: 'EXHAUSTED' });
    expect(frames).toContain('ConnectionClose');
    expect(highest).toBeLessThanOrEqual(2 ** 31);
  });
});
