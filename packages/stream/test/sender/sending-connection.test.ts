import { decodePrepare, encodeFulfill, encodeReject } from '@pennyswitch/ilp-packet';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { seededRandom } from '@pennyswitch/testkit';
import { DEFAULT_SENDER_POLICY, StreamKeys } from '@pennyswitch/stream';
import { describe, expect, it } from 'vitest';
import { SendingConnection } from '../../src/connection/sending-connection.js';
import { MoneyTask } from '../../src/payment/money-task.js';

const sharedSecret = new Uint8Array(32).fill(1);
const keys = new StreamKeys(sharedSecret);
const NO_DATA = new Uint8Array(0);

/** A connection that is to send 1000 units in packets of 100, without any driver. */
function start(lastSequence = 0): { connection: SendingConnection; task: MoneyTask } {
  const connection = new SendingConnection({
    credentials: { destination: parseIlpAddress('test.receiver.token'), sharedSecret },
    randomBytes: seededRandom(1).bytes,
    policy: DEFAULT_SENDER_POLICY,
    lastSequence,
  });
  connection.path.size.handleTooLarge(101n, NO_DATA);
  connection.path.size.handlePassed(100n);
  const task = new MoneyTask(
    connection,
    {
      maxSource: 1000n,
      minDelivery: 990n,
      minimumRate: { numerator: 99n, denominator: 100n },
      delivery: undefined,
    },
    () => undefined,
  );
  connection.start(task);
  return { connection, task };
}

const fulfill = (prepare: Uint8Array): Uint8Array =>
  encodeFulfill({ fulfillment: keys.fulfillment(decodePrepare(prepare).data), data: NO_DATA });

describe('a sending connection', () => {
  it('gives out as many packets as its window holds, numbered from 1, with the time only as it is told', () => {
    const { connection } = start();
    const packets = [];
    for (
      let packet = connection.poll(5_000);
      packet !== undefined;
      packet = connection.poll(5_000)
    ) {
      packets.push(packet);
    }
    expect(packets.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    const [first] = packets;
    const prepare = decodePrepare(first!.prepare);
    expect(prepare.expiresAt.getTime()).toBe(25_000);
    expect(keys.open(prepare.data)).toMatchObject({
      sequence: 1,
      prepareAmount: 99n,
      frames: [{ type: 'StreamMoney', streamId: 1, shares: 100n }],
    });
    expect(connection.amountInFlight).toBe(1000n);
    expect(connection.deadline()).toBe(25_000);
  });

  it('counts the first reply to a packet, and ignores a second one', () => {
    const { connection, task } = start();
    const packet = connection.poll(0)!;
    connection.handleReply(packet.sequence, fulfill(packet.prepare), 10);
    connection.handleReply(packet.sequence, fulfill(packet.prepare), 11);
    const reject = { code: 'T00', triggeredBy: '', message: '', data: NO_DATA } as const;
    connection.handleReply(packet.sequence, encodeReject(reject), 12);
    expect(task.totals).toMatchObject({ sent: 100n, delivered: 99n, fulfilled: 1 });
    expect(task.rejected.size).toBe(0);
  });

  it('counts a fulfillment that comes after the packet was given up, once', () => {
    const { connection, task } = start();
    const packet = connection.poll(0)!;
    connection.poll(21_000);
    expect(task.totals.unknown).toMatchObject({ packets: 1, amount: 100n });
    connection.handleReply(packet.sequence, fulfill(packet.prepare), 60_000);
    connection.handleReply(packet.sequence, fulfill(packet.prepare), 60_001);
    expect(task.totals).toMatchObject({ sent: 100n, unknown: { packets: 0, amount: 0n } });
  });

  it('takes a reply that is no packet for a reject, and goes on', () => {
    const { connection, task } = start();
    const packet = connection.poll(0)!;
    connection.handleReply(packet.sequence, Uint8Array.of(13, 200, 1), 10);
    connection.handleReply(99, Uint8Array.of(), 10);
    expect(task.rejected.get('T00')).toBe(1);
    expect(task.totals.committed).toBe(0n);
    expect(connection.poll(200)).toBeDefined();
  });

  it('ends with an error when its 2^31 packets are sent (RFC 0029 5.1.3)', () => {
    const { connection, task } = start(2 ** 31 - 1);
    const packet = connection.poll(0)!;
    expect(packet.sequence).toBe(2 ** 31);
    expect(connection.poll(0)).toBeUndefined();
    connection.handleReply(packet.sequence, fulfill(packet.prepare), 10);
    expect(task.isFinished).toBe(true);
    expect(task.error).toMatchObject({ code: 'CONNECTION_EXHAUSTED' });
    expect(task.totals).toMatchObject({ sent: 100n, inFlight: { packets: 0, amount: 0n } });
  });
});
