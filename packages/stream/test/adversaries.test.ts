import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { encodeFulfill, decodeReply, MAX_AMOUNT, PacketType } from '@pennyswitch/ilp-packet';
import { VirtualClock } from '@pennyswitch/testkit';
import {
  payQuote,
  PaymentError,
  quotePayment,
  secureRandomBytes,
  StreamKeys,
  StreamServer,
  type StreamConnection,
} from '@pennyswitch/stream';
import { describe, expect, it } from 'vitest';
import { createWorld as createConnectionWorld } from './connection/world.js';
import { createWorld, fixedDelivery, fixedSource } from './sender/world.js';
import { money, TestSender } from './test-sender.js';

/** A server on virtual time, and a client that says whatever a test wants. */
function serve(options: { readonly receiveMax?: bigint } = {}): {
  readonly clock: VirtualClock;
  readonly server: StreamServer;
  readonly connections: StreamConnection[];
  readonly sender: TestSender;
} {
  const clock = new VirtualClock();
  const connections: StreamConnection[] = [];
  const server = new StreamServer({
    secret: new Uint8Array(32).fill(5),
    address: () => parseIlpAddress('test.server'),
    asset: { code: 'XRP', scale: 9 },
    send: () => new Promise(() => undefined),
    clock,
    ...options,
  });
  server.on('connection', (connection) => void connections.push(connection));
  const sender = new TestSender(server.handle, server.createCredentials(), () => clock.now());
  return { clock, server, connections, sender };
}

describe('a receiver that claims more than arrived', () => {
  it.each([fixedSource(300_000n), fixedDelivery(300_000n)])(
    'costs no more than was quoted ($type)',
    async (amount) => {
      const world = createWorld({
        connectors: [{ maxPacketAmount: 10_000n }],
        receiver:
          (receiver, { sharedSecret }) =>
          async (bytes) => {
            const keys = new StreamKeys(sharedSecret);
            const reply = decodeReply(await receiver(bytes));
            const packet = keys.open(reply.data);
            if (reply.type !== PacketType.fulfill || packet === undefined) return receiver(bytes);
            const lie = keys.seal({ ...packet, prepareAmount: MAX_AMOUNT }, secureRandomBytes);
            return encodeFulfill({ ...reply, data: lie });
          },
      });
      const quote = await world.clock.runUntil(quotePayment({ ...world.options, amount }));
      const outcome = await world.clock.runUntil(payQuote(quote));
      expect(outcome.sent).toBeLessThanOrEqual(quote.maxSource);
      expect(outcome.sent).toBe(world.atSender.total('fulfilled'));
      await world.clock.run();
    },
  );
});

describe('a connector that takes a little more with every packet', () => {
  it('gets no more than the slippage out of a payment', async () => {
    const world = createWorld({ connectors: [{ maxPacketAmount: 5_000n }] });
    const amount = fixedSource(1_000_000n);
    const quote = await world.clock.runUntil(quotePayment({ ...world.options, amount }));
    const { settings } = world.connectors[0]!;
    let taken = 0n;
    settings.onForward = () => {
      settings.rate = { numerator: 10_000n - ++taken, denominator: 10_000n };
    };
    const outcome = await world.clock.runUntil(payQuote(quote));
    expect(outcome.error).toMatchObject({ code: 'RATE_TOO_LOW' });
    const arrived = world.atReceiver.total('fulfilled');
    // One per cent, and one unit of each packet to rounding.
    expect((arrived + BigInt(outcome.packets.fulfilled)) * 100n).toBeGreaterThanOrEqual(
      outcome.sent * 99n,
    );
  });

  it('gets no more out of a connection', async () => {
    const world = createConnectionWorld({
      there: { maxPacketAmount: 5_000n },
      client: { minimumRate: '0.99' },
    });
    const client = await world.until(world.connect());
    const stream = await world.until(client.openStream());
    const { settings } = world.connectors.there;
    let taken = 0n;
    settings.onForward = () => {
      settings.rate = { numerator: 10_000n - ++taken, denominator: 10_000n };
    };
    await expect(world.until(stream.sendMoney(1_000_000n))).rejects.toMatchObject({
      code: 'RATE_TOO_LOW',
    });
    const { received } = world.connections[0]!;
    expect((received + 250n) * 100n).toBeGreaterThanOrEqual(stream.sent * 99n);
  });
});

describe('packets that are replayed', () => {
  it('are credited once, while the connection lasts and after it', async () => {
    const { clock, server, connections, sender } = serve();
    const prepares = Array.from({ length: 50 }, () =>
      sender.prepare({ amount: 10n, frames: [money(1)] }),
    );
    for (let round = 0; round < 5; round++) {
      for (const prepare of prepares) await server.handle(prepare);
    }
    expect(connections[0]!.received).toBe(500n);
    void connections[0]!.close();
    await clock.run();
    for (const prepare of prepares) {
      expect(decodeReply(await server.handle(prepare)).type).toBe(PacketType.reject);
    }
    expect(connections.map(({ received }) => received)).toEqual([500n]);
  });
});

describe('a client without limits', () => {
  it('opens ever more streams: no more than ten are kept, and the connection ends', async () => {
    const { clock, connections, sender } = serve();
    for (let id = 1; id < 4_000; id += 2) {
      await sender.send({ amount: 1n, frames: [money(id)] });
      expect(connections[0]!.streams.length).toBeLessThanOrEqual(10);
    }
    expect(connections.length).toBe(1);
    expect(connections[0]!.received).toBeLessThanOrEqual(10n);
    await clock.run();
    expect(clock.pendingTimers).toBe(0);
  });

  it('sends data beyond every window: the connection ends, and nothing of it is kept', async () => {
    const { clock, server, connections, sender } = serve();
    for (let i = 0; i < 200; i++) {
      const data = new Uint8Array(30_000);
      await sender.send({
        frames: [{ type: 'StreamData', streamId: 1, offset: i * 30_000, data }],
      });
    }
    await clock.run();
    expect([connections.length, server.connections.length]).toEqual([1, 0]);
    expect(connections[0]!.isClosed).toBe(true);
  });

  it('sends money beyond the maximum again and again: nothing of it is credited', async () => {
    const { clock, connections, sender } = serve({ receiveMax: 100n });
    await sender.send({ amount: 60n, frames: [money(1)] });
    for (let i = 0; i < 300; i++) await sender.send({ amount: 60n, frames: [money(1)] });
    expect(connections[0]!.received).toBe(60n);
    await clock.run();
    expect(connections[0]!.isClosed).toBe(true);
  });
});

describe('a peer that never answers', () => {
  it('ends a payment with what is in flight unknown, and costs few packets', async () => {
    let isSilent = false;
    const world = createWorld({
      connectors: [{ maxPacketAmount: 1_000n }],
      near: (path) => (prepare) => (isSilent ? new Promise(() => undefined) : path(prepare)),
    });
    const amount = fixedSource(1_000_000n);
    const quote = await world.clock.runUntil(quotePayment({ ...world.options, amount }));
    isSilent = true;
    const before = world.atSender.packets.length;
    const outcome = await world.clock.runUntil(payQuote(quote));
    expect(outcome).toMatchObject({ sent: 0n, error: { code: 'OUTCOME_UNKNOWN' } });
    const packets = world.atSender.packets.slice(before);
    expect(packets.length).toBeLessThan(150);
    expect(outcome.unknownOutcome.amount).toBe(
      packets.reduce((sum, packet) => sum + packet.amount, 0n),
    );
  });

  it('ends a connection, and costs few packets', async () => {
    const world = createConnectionWorld({ nearServer: () => () => new Promise(() => undefined) });
    await expect(world.until(world.connect())).rejects.toMatchObject({ code: 'IDLE' });
    await world.clock.run();
    expect(world.books.clientOut.packets.length).toBeLessThan(50);
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe('amounts that round to nothing', () => {
  it.each([
    { numerator: 1n, denominator: 7n },
    { numerator: 3n, denominator: 1_000n },
  ])('are refused with the least that do not, and never spin (%o)', async (rate) => {
    const least = (rate.denominator + rate.numerator - 1n) / rate.numerator;
    for (const amount of [1n, least - 1n, least, least + 1n, 3n * least]) {
      const world = createWorld({ connectors: [{ rate }] });
      const options = { ...world.options, amount: fixedSource(amount), slippage: '0.1' };
      try {
        const quote = await world.clock.runUntil(quotePayment(options));
        const outcome = await world.clock.runUntil(payQuote(quote));
        expect(outcome.error).toBeUndefined();
        expect(amount).toBeGreaterThanOrEqual(least);
        expect(outcome.delivered).toBeGreaterThanOrEqual(1n);
      } catch (error) {
        if (!(error instanceof PaymentError)) throw error;
        expect(error.code).toBe('AMOUNT_TOO_SMALL');
        expect(amount).toBeLessThan(least);
        expect(world.atSender.total('fulfilled')).toBe(0n);
      }
      expect(world.atSender.packets.length).toBeLessThan(60);
    }
  });
});
