import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { decodeReply } from '@pennyswitch/ilp-packet';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  CredentialsError,
  StreamErrorCode,
  StreamReceiver,
  type IncomingMoney,
  type StreamFrame,
  type StreamReceiverOptions,
} from '../src/index.js';
import { hex } from './hex.js';
import { VirtualClock } from '@pennyswitch/testkit';
import { money, TestSender } from './test-sender.js';

const SECRET = hex('5e'.repeat(32));
const ADDRESS = parseIlpAddress('test.bob');
const XRP = { code: 'XRP', scale: 9 };

let clock: VirtualClock;
let received: IncomingMoney[];

beforeEach(() => {
  clock = new VirtualClock();
  received = [];
});

function receiver(options: Partial<StreamReceiverOptions> = {}): StreamReceiver {
  return new StreamReceiver({
    secret: SECRET,
    address: () => ADDRESS,
    asset: XRP,
    clock,
    onReceived: (incoming) => received.push(incoming),
    ...options,
  });
}

function sender(to: StreamReceiver, details = {}): TestSender {
  return new TestSender(to.handle, to.createCredentials(details), () => clock.now());
}

describe('money', () => {
  it('is fulfilled, and the sender told what arrived', async () => {
    const reply = await sender(receiver()).send({ amount: 100n, minimum: 99n, frames: [money()] });
    expect(reply.outcome).toBe('fulfilled');
    expect(reply.stream).toEqual({
      ilpPacketType: 13,
      sequence: 0,
      prepareAmount: 100n,
      frames: [
        { type: 'StreamMaxMoney', streamId: 1, receiveMax: 2n ** 64n - 1n, totalReceived: 0n },
      ],
    });
  });

  it('is told to the application once, after the reply', async () => {
    const to = receiver();
    await sender(to, { tag: 'invoice 7' }).send({ amount: 100n, frames: [money()], sequence: 3 });
    expect(received).toEqual([]);
    await clock.advance(0);
    expect(received).toHaveLength(1);
    expect(received[0]).toMatchObject({
      amount: 100n,
      tag: 'invoice 7',
      asset: XRP,
      sequence: 3,
      streams: [{ streamId: 1, amount: 100n }],
    });
  });

  it('is divided among its streams', async () => {
    const frames = [money(3, 1n), money(1, 2n)];
    const reply = await sender(receiver()).send({ amount: 100n, frames });
    await clock.advance(0);
    expect(received[0]?.streams).toEqual([
      { streamId: 1, amount: 67n },
      { streamId: 3, amount: 33n },
    ]);
    expect(reply.frames.map((frame) => 'streamId' in frame && frame.streamId)).toEqual([1, 3]);
  });

  it('has a name of its own in each packet, the same when the network repeats the packet', async () => {
    const to = receiver();
    const [alice, carol] = [sender(to), sender(to)];
    for (const sequence of [1, 1, 2]) await alice.send({ amount: 1n, frames: [money()], sequence });
    await carol.send({ amount: 1n, frames: [money()], sequence: 1 });
    await clock.advance(0);
    const ids = received.map(({ packetId }) => packetId);
    expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    expect(new Set(received.map(({ connectionId }) => connectionId)).size).toBe(2);
  });

  it('below the minimum is rejected with F99, and the sender told what arrived (RFC 0029 3.4)', async () => {
    const reply = await sender(receiver()).send({ amount: 99n, minimum: 100n, frames: [money()] });
    expect(reply).toMatchObject({
      outcome: 'F99',
      message: '',
      triggeredBy: 'test.bob',
      stream: { ilpPacketType: 14, sequence: 0, prepareAmount: 99n },
    });
    await clock.advance(0);
    expect(received).toEqual([]);
  });

  it('that cannot be fulfilled is a probe: rejected with F99 and the amount (RFC 0029 6.1)', async () => {
    const probe = { amount: 7n, fulfillable: false, frames: [money()] };
    const reply = await sender(receiver()).send(probe);
    expect(reply).toMatchObject({ outcome: 'F99', stream: { prepareAmount: 7n } });
    expect(TestSender.frame(reply, 'StreamMaxMoney')).toBeDefined();
    await clock.advance(0);
    expect(received).toEqual([]);
  });

  it.each([
    ['no stream', []],
    ['no shares', [money(1, 0n)]],
  ])('for %s is not taken', async (_, frames) => {
    const reply = await sender(receiver()).send({ amount: 5n, frames });
    expect(reply.outcome).toBe('F99');
    expect(TestSender.frame(reply, 'ConnectionClose')?.errorCode).toBe(
      StreamErrorCode.ProtocolViolation,
    );
  });

  it('that has expired is rejected with R00, and so is a packet without money', async () => {
    for (const packet of [{ amount: 5n, frames: [money()] }, {}]) {
      const reply = await sender(receiver()).send({ ...packet, expiresAt: clock.now() });
      expect(reply.outcome).toBe('R00');
    }
  });

  it('of the largest amount is taken', async () => {
    const amount = 2n ** 64n - 1n;
    const reply = await sender(receiver()).send({ amount, minimum: amount, frames: [money()] });
    expect(reply).toMatchObject({ outcome: 'fulfilled', stream: { prepareAmount: amount } });
  });
});

describe('packets of amount 0', () => {
  it('are fulfilled where they can be, and are no money', async () => {
    const close: StreamFrame = {
      type: 'StreamClose',
      streamId: 1,
      errorCode: StreamErrorCode.NoError,
      errorMessage: '',
    };
    expect((await sender(receiver()).send({ frames: [close] })).outcome).toBe('fulfilled');
    await clock.advance(0);
    expect(received).toEqual([]);
  });

  it('with a new address are answered with asset and limits', async () => {
    for (const sourceAddress of ['', parseIlpAddress('test.alice')] as const) {
      const reply = await sender(receiver()).send({
        fulfillable: false,
        frames: [{ type: 'ConnectionNewAddress', sourceAddress }],
      });
      expect(reply.outcome).toBe('F99');
      expect(reply.frames).toEqual([
        { type: 'ConnectionMaxData', maxOffset: 0 },
        { type: 'ConnectionMaxStreamId', maxStreamId: 0xffff_ffff },
        { type: 'ConnectionAssetDetails', assetCode: 'XRP', assetScale: 9 },
      ]);
    }
  });

  it('that close the connection are answered with a close', async () => {
    const close: StreamFrame = { type: 'ConnectionClose', errorCode: 1, errorMessage: '' };
    for (const fulfillable of [true, false]) {
      const reply = await sender(receiver()).send({ fulfillable, frames: [close] });
      expect(reply.outcome).toBe(fulfillable ? 'fulfilled' : 'F99');
      expect(reply.frames).toEqual([close]);
    }
  });

  it('with data are answered with no room for more, and the data given to nobody', async () => {
    const data: StreamFrame = { type: 'StreamData', streamId: 1, offset: 0, data: hex('00ff') };
    const reply = await sender(receiver()).send({ frames: [data] });
    expect(reply.frames).toEqual([{ type: 'StreamMaxData', streamId: 1, maxOffset: 0 }]);
  });
});

it('data that comes with money is shown to the application', async () => {
  const data: StreamFrame = { type: 'StreamData', streamId: 1, offset: 0, data: hex('00ff') };
  await sender(receiver()).send({ amount: 1n, frames: [money(), data] });
  await clock.advance(0);
  expect(received[0]?.data).toEqual([data]);
});

describe('what is not of a connection', () => {
  const plain = { stream: undefined, dataLength: 0 };

  it('is F06 where the data was changed, another secret sealed it, or it is none (RFC 0029 4.2)', async () => {
    const to = receiver();
    const tamperings = [
      (data: Uint8Array) => data.with(30, (data[30] as number) ^ 1),
      (data: Uint8Array) => data.slice(0, 27),
      () => new Uint8Array(0),
    ];
    for (const tamper of tamperings) {
      const reply = await sender(to).send({ amount: 1n, frames: [money()], tamper });
      expect(reply).toMatchObject({ outcome: 'F06', ...plain });
    }
    const other = to.createCredentials().destination;
    const swapped = await sender(to).send({ amount: 1n, frames: [money()], destination: other });
    expect(swapped).toMatchObject({ outcome: 'F06', ...plain });
  });

  it.each([13, 14] as const)('is F06 where it was made for a packet of type %i', async (type) => {
    const reply = await sender(receiver()).send({
      amount: 1n,
      frames: [money()],
      ilpPacketType: type,
    });
    expect(reply).toMatchObject({ outcome: 'F06', ...plain });
  });

  it('is F06 where the token is none of this receiver’s', async () => {
    for (const token of ['x', '_', 'A'.repeat(39)]) {
      const reply = await sender(receiver()).send({ destination: `test.bob.${token}` });
      expect(reply).toMatchObject({ outcome: 'F06', triggeredBy: 'test.bob', ...plain });
    }
  });

  it.each(['test.bob', 'test.bobby.x', 'test.alice.x', 'test.x'])(
    'is F02 where it is addressed to %s',
    async (destination) => {
      const reply = await sender(receiver()).send({ destination });
      expect(reply).toMatchObject({ outcome: 'F02', ...plain });
    },
  );

  it('is F01 where it is no Prepare', async () => {
    for (const bytes of ['', '00', '0c00', '0d0102', 'ff'.repeat(60)]) {
      const reply = decodeReply(await receiver().handle(hex(bytes)));
      expect(reply).toMatchObject({ code: 'F01' });
    }
  });
});

describe('addresses', () => {
  it('may have segments behind the token', async () => {
    const to = receiver();
    const credentials = to.createCredentials();
    const alice = new TestSender(to.handle, credentials, () => clock.now());
    const destination = `${credentials.destination}.one.two`;
    const reply = await alice.send({ amount: 1n, frames: [money()], destination });
    expect(reply.outcome).toBe('fulfilled');
  });

  it('are not known at first: packets are answered with T00, and no credentials made', async () => {
    const alice = sender(receiver());
    const late = receiver({ address: () => undefined });
    expect(decodeReply(await late.handle(alice.prepare({})))).toMatchObject({ code: 'T00' });
    expect(() => late.createCredentials()).toThrow(CredentialsError);
  });

  it('are good for every process with the secret, whatever its other options', async () => {
    const credentials = receiver().createCredentials({ tag: 'shared' });
    const other = receiver({ keptConnections: 0 });
    const alice = new TestSender(other.handle, credentials, () => clock.now());
    for (let i = 0; i < 3; i++) {
      expect((await alice.send({ amount: 1n, frames: [money()] })).outcome).toBe('fulfilled');
    }
    await clock.advance(0);
    expect(received.map(({ tag }) => tag)).toEqual(['shared', 'shared', 'shared']);
  });
});

describe('a connection that is over', () => {
  const closed = async (alice: TestSender, sequence = 5): Promise<number | undefined> => {
    const reply = await alice.send({ amount: 1n, frames: [money()], sequence });
    expect(reply.outcome).toBe('F99');
    return TestSender.frame(reply, 'ConnectionClose')?.errorCode;
  };

  it('since 2^31 packets were sent (RFC 0029 5.1.3)', async () => {
    const alice = sender(receiver());
    const last = { amount: 1n, frames: [money()], sequence: 2 ** 31 };
    expect((await alice.send(last)).outcome).toBe('fulfilled');
    expect(await closed(alice, 2 ** 31 + 1)).toBe(StreamErrorCode.ProtocolViolation);
    expect(await closed(alice, 2 ** 40)).toBe(StreamErrorCode.ProtocolViolation);
  });

  it('since its credentials have expired', async () => {
    const alice = sender(receiver(), { expiresAt: clock.now() + 1000 });
    await clock.advance(999);
    expect((await alice.send({ amount: 1n, frames: [money()] })).outcome).toBe('fulfilled');
    await clock.advance(1);
    expect(await closed(alice)).toBe(StreamErrorCode.ApplicationError);
  });

  it('since the receiver counts in other units than it was told', async () => {
    const credentials = receiver().createCredentials();
    const changed = receiver({ asset: { code: 'XRP', scale: 6 } });
    const alice = new TestSender(changed.handle, credentials, () => clock.now());
    expect(await closed(alice)).toBe(StreamErrorCode.ApplicationError);
  });

  it('since it opened a stream that is the server’s to open (RFC 0029 4.4.1)', async () => {
    const reply = await sender(receiver()).send({ amount: 1n, frames: [money(2)] });
    expect(reply.outcome).toBe('F99');
    expect(TestSender.frame(reply, 'ConnectionClose')?.errorCode).toBe(
      StreamErrorCode.ProtocolViolation,
    );
  });
});

describe('replies', () => {
  it('are equally long with padding', async () => {
    const alice = sender(receiver({ padReplies: true }));
    const packets = [{}, { amount: 5n, frames: [money()] }, { amount: 5n, fulfillable: false }];
    for (const packet of packets) expect((await alice.send(packet)).dataLength).toBe(32_767);
  });

  it('fit into a packet whatever was asked', async () => {
    const many = <T>(count: number, make: (i: number) => T): T[] =>
      Array.from({ length: count }, (_, i) => make(i));
    const floods: StreamFrame[][] = [
      many(2500, (i) => money(2 * i + 1)),
      many(8000, () => ({ type: 'ConnectionNewAddress', sourceAddress: '' })),
      many(3500, (i) => ({
        type: 'StreamData',
        streamId: 2 * i + 1,
        offset: 0,
        data: new Uint8Array(0),
      })),
      many(7000, () => ({ type: 'ConnectionClose', errorCode: 1, errorMessage: '' })),
    ];
    for (const frames of floods) {
      for (const details of [
        {},
        { limit: 1_000_000n, receipts: { nonce: hex('00'.repeat(16)), secret: SECRET } },
      ]) {
        const reply = await sender(receiver(), details).send({ amount: 5000n, frames });
        expect(reply.stream).toBeDefined();
      }
    }
  });
});
