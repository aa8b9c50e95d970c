import { parseIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import { seededRandom, VirtualClock, type SeededRandom } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import { StreamServer, type StreamConnection, type StreamFrame } from '../../src/index.js';
import { TestSender } from '../test-sender.js';

const CONNECTION_WINDOW = 70_000;

function chooseNumber(random: SeededRandom): number {
  return random.pick([
    random.int(0, 25),
    random.int(0, 25),
    random.int(0, 25),
    random.int(0, 40_000),
    2 ** 31,
    Number.MAX_SAFE_INTEGER,
    Infinity,
  ]);
}

function chooseAmount(random: SeededRandom): bigint {
  return random.pick([0n, 1n, random.bigint(0n, 1000n), 2n ** 63n, 2n ** 64n - 1n]);
}

/** Any frame, with any numbers; most of them name streams that may exist. */
function chooseFrame(random: SeededRandom): StreamFrame {
  const streamId = random.chance(0.995) ? 2 * random.int(0, 9) + 1 : chooseNumber(random);
  const maxOffset = chooseNumber(random);
  const text = random.pick(['', 'x', 'x'.repeat(1000)]);
  return random.pick<StreamFrame>([
    {
      type: 'ConnectionNewAddress',
      sourceAddress: random.pick<IlpAddress | ''>(['', parseIlpAddress('test.x')]),
    },
    { type: 'ConnectionMaxData', maxOffset },
    { type: 'ConnectionDataBlocked', maxOffset },
    { type: 'ConnectionMaxStreamId', maxStreamId: maxOffset },
    { type: 'ConnectionStreamIdBlocked', maxStreamId: maxOffset },
    { type: 'ConnectionAssetDetails', assetCode: 'USD', assetScale: 6 },
    random.chance(0.2)
      ? { type: 'StreamClose', streamId, errorCode: random.int(0, 255), errorMessage: text }
      : { type: 'StreamMoney', streamId, shares: 1n },
    { type: 'StreamMoney', streamId, shares: chooseAmount(random) },
    { type: 'StreamMoney', streamId, shares: chooseAmount(random) },
    { type: 'StreamMaxMoney', streamId, receiveMax: chooseAmount(random), totalReceived: 0n },
    { type: 'StreamMoneyBlocked', streamId, sendMax: chooseAmount(random), totalSent: 0n },
    { type: 'StreamMaxData', streamId, maxOffset },
    { type: 'StreamDataBlocked', streamId, maxOffset },
    {
      type: 'StreamData',
      streamId,
      offset: random.chance(0.99) ? random.int(0, 3000) : chooseNumber(random),
      data: new Uint8Array(random.pick([0, 1, 100, 2000])),
    },
    { type: 'StreamReceipt', streamId, receipt: new Uint8Array(random.int(0, 60)) },
  ]);
}

describe('an end that knows the secret and sends whatever it likes', () => {
  it('gets an answer to each packet, and neither money, memory nor streams beyond the limits', async () => {
    let accepted = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const random = seededRandom(seed);
      const clock = new VirtualClock();
      const connections: StreamConnection[] = [];
      const server = new StreamServer({
        secret: new Uint8Array(32).fill(3),
        address: () => parseIlpAddress('test.server'),
        asset: { code: 'XRP', scale: 9 },
        send: () => new Promise(() => undefined),
        receiveMax: random.pick([1000n, 2n ** 63n, 2n ** 64n - 1n]),
        policy: { connectionWindow: CONNECTION_WINDOW },
        clock,
      });
      server.on('connection', (connection) => {
        connections.push(connection);
        connection.on('stream', (stream) => {
          if (random.chance(0.2)) void stream.readable.cancel();
        });
      });
      const sender = new TestSender(server.handle, server.createCredentials(), () => clock.now());
      let paid = 0n;
      for (let i = 0; i < 60; i++) {
        const frames = Array.from({ length: random.int(0, 5) }, () => chooseFrame(random));
        const hasShares = frames.some((frame) => frame.type === 'StreamMoney' && frame.shares > 0n);
        const amount = hasShares || random.chance(0.005) ? chooseAmount(random) : 0n;
        const reply = await sender.send({
          amount,
          minimum: random.chance(0.9) ? 0n : chooseAmount(random),
          fulfillable: random.chance(0.9),
          frames,
          ...(random.chance(0.1) && { sequence: random.int(0, 100) }),
        });
        expect(reply.outcome, `seed ${seed}`).toMatch(/^(fulfilled|F99)$/);
        if (reply.outcome === 'fulfilled') {
          paid += amount;
          accepted++;
        }
        expect(connections[0]!.streams.length).toBeLessThanOrEqual(10);
        if (random.chance(0.2)) await clock.advance(random.int(0, 500));
      }
      expect(connections[0]!.received, `seed ${seed}`).toBe(paid);
      await clock.run();
      expect(server.connections).toEqual([]);
      expect(clock.pendingTimers).toBe(0);
    }
    // Otherwise most of them would have ended with their first packets.
    expect(accepted).toBeGreaterThan(150 * 10);
  }, 60_000);
});
