import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  decodeReply,
  encodeFulfill,
  encodeReject,
  IlpError,
  MAX_DATA_LENGTH,
  PacketType,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import { describe, expect, it } from 'vitest';
import {
  connectStream,
  secureRandomBytes,
  StreamErrorCode,
  StreamKeys,
  type MoneyStream,
  type StreamFrame,
  type StreamPacket,
} from '../../src/index.js';
import { createWorld, readAll, testBytes, writeAll, type World } from './world.js';

const NO_DATA = new Uint8Array(0);

/** Writes down the STREAM packets that pass, on their way and back. */
function spy(keys: () => StreamKeys): {
  readonly requests: (StreamPacket & { readonly amount: bigint; readonly length: number })[];
  readonly watch: (handler: IlpPacketHandler) => IlpPacketHandler;
  frames<Type extends StreamFrame['type']>(type: Type): Extract<StreamFrame, { type: Type }>[];
} {
  const requests: (StreamPacket & { amount: bigint; length: number })[] = [];
  return {
    requests,
    watch: (handler) => (bytes) => {
      const { amount, data } = decodePrepare(bytes);
      const request = keys().open(data.slice());
      if (request !== undefined) requests.push({ ...request, amount, length: data.length });
      return handler(bytes);
    },
    frames: (type) =>
      requests.flatMap(({ frames }) =>
        frames.filter(
          (frame): frame is Extract<StreamFrame, { type: typeof type }> => frame.type === type,
        ),
      ),
  };
}

/** A world whose packets to the server are written down. */
function watchedWorld(options: Parameters<typeof createWorld>[0] = {}) {
  const eye = spy(() => world.keys());
  const world: World = createWorld({
    ...options,
    nearServer: (handler) => eye.watch(options.nearServer?.(handler) ?? handler),
  });
  return { world, eye };
}

async function openOne(world: World): Promise<MoneyStream> {
  const client = await world.until(world.connect());
  return world.until(client.openStream());
}

describe('money that is sent', () => {
  it('carries a minimum in every packet, from the rate less the slippage (RFC 0029 3.4)', async () => {
    const { world, eye } = watchedWorld({
      there: { rate: { numerator: 2n, denominator: 1n }, maxPacketAmount: 10_000n },
      client: { slippage: '0.05' },
    });
    await world.until((await openOne(world)).sendMoney(100_000n));
    const money = eye.requests.filter(({ frames }) =>
      frames.some(({ type }) => type === 'StreamMoney'),
    );
    expect(money.length).toBeGreaterThan(9);
    for (const { prepareAmount, amount } of money) {
      expect(prepareAmount * 100n).toBeGreaterThanOrEqual(amount * 94n);
      expect(prepareAmount).toBeLessThanOrEqual(amount);
    }
  });

  it('needs no probe where the caller gives the minimum rate', async () => {
    const { world, eye } = watchedWorld({ client: { minimumRate: '0.99' } });
    await world.until((await openOne(world)).sendMoney(1000n));
    expect(world.books.clientOut.total('rejected')).toBe(0n);
    expect(eye.requests.find(({ amount }) => amount > 0n)?.prepareAmount).toBe(990n);
  });

  it('stops where a connector takes more than the rate allows', async () => {
    const { world } = watchedWorld({ there: { maxPacketAmount: 1000n } });
    const stream = await openOne(world);
    const sending = stream.sendMoney(1_000_000n);
    await world.clock.advance(60);
    world.connectors.there.settings.rate = { numerator: 1n, denominator: 2n };
    await expect(world.until(sending)).rejects.toMatchObject({ code: 'RATE_TOO_LOW' });
    expect(stream.sent).toBe(world.books.clientOut.total('fulfilled'));
    expect(stream.delivered * 100n).toBeGreaterThanOrEqual(stream.sent * 99n);
  });

  it('counts as the promised minimum where a hop strips the data of the Fulfill', async () => {
    const { world } = watchedWorld({
      client: { minimumRate: '0.9' },
      nearServer: (handler) => async (bytes) => {
        const reply = decodeReply(await handler(bytes));
        return reply.type === PacketType.fulfill
          ? encodeFulfill({ ...reply, data: NO_DATA })
          : encodeReject(reply);
      },
    });
    const stream = await openOne(world);
    await world.until(stream.sendMoney(1000n));
    expect([stream.sent, stream.delivered]).toEqual([1000n, 900n]);
    expect(world.connections[0]!.received).toBe(1000n);
  });

  it('counts for nothing by the reply of another packet', async () => {
    let first: Uint8Array | undefined;
    const { world } = watchedWorld({
      client: { minimumRate: '1', policy: { progressTimeoutMs: 3000 } },
      there: { maxPacketAmount: 100n },
      nearServer: (handler) => async (bytes) => {
        const reply = await handler(bytes);
        if (decodePrepare(bytes).amount === 0n) return reply;
        first ??= reply;
        return first;
      },
    });
    const stream = await openOne(world);
    await expect(world.until(stream.sendMoney(500n))).rejects.toThrow();
    expect(stream.sent).toBe(100n);
  });

  it('is shared by streams in one packet (RFC 0029 4.4.2)', async () => {
    const { world, eye } = watchedWorld({ client: { minimumRate: '1' } });
    const client = await world.until(world.connect());
    const streams = [];
    for (let i = 0; i < 3; i++) streams.push(await world.until(client.openStream()));
    const sends = Promise.all(streams.map((stream, i) => stream.sendMoney(BigInt(100 * (i + 1)))));
    await world.until(sends);
    await world.clock.advance(100);
    expect(world.connections[0]!.streams.map(({ received }) => received)).toEqual([
      100n,
      200n,
      300n,
    ]);
    const shared = eye.requests.filter(
      ({ frames }) => frames.filter(({ type }) => type === 'StreamMoney').length > 1,
    );
    for (const { frames, amount } of shared) {
      const shares = frames.flatMap((frame) =>
        frame.type === 'StreamMoney' ? [frame.shares] : [],
      );
      expect(shares.reduce((sum, share) => sum + share, 0n)).toBe(amount);
    }
  });

  it('arrives up to the limit of the other end and no further, to the unit', async () => {
    for (const [numerator, denominator] of [
      [1n, 1n],
      [1n, 3n],
      [7n, 5n],
    ] as const) {
      const { world, eye } = watchedWorld({
        there: { rate: { numerator, denominator }, maxPacketAmount: 5000n },
        server: { receiveMax: 10_007n },
      });
      const stream = await openOne(world);
      const sending = stream.sendMoney(1_000_000n);
      sending.catch(() => undefined);
      await world.clock.advance(20_000);
      expect(world.connections[0]!.received).toBe(10_007n);
      expect(eye.frames('StreamMoneyBlocked').at(-1)).toMatchObject({
        streamId: 1,
        sendMax: 1_000_000n,
        totalSent: stream.sent,
      });
      expect(eye.requests.filter(({ amount }) => amount > 0n).length).toBeLessThan(40);
    }
  });

  it('goes on when the other end raises its limit', async () => {
    const { world } = watchedWorld({ server: { receiveMax: 100n } });
    const stream = await openOne(world);
    const sending = stream.sendMoney(1000n);
    await world.clock.advance(30_000);
    expect(stream.sent).toBe(100n);
    world.connections[0]!.streams[0]!.setReceiveMax(5000n);
    await world.until(sending);
    expect(world.connections[0]!.received).toBe(1000n);
  });

  it('delivers exactly what was ordered', async () => {
    const { world } = watchedWorld({
      there: { rate: { numerator: 7n, denominator: 30n }, maxPacketAmount: 5000n },
    });
    const stream = await openOne(world);
    await world.until(stream.deliverMoney(12_345n, { sendMax: 1_000_000n }));
    expect(stream.delivered).toBe(12_345n);
    expect(world.connections[0]!.received).toBe(12_345n);
    expect(stream.sent).toBeLessThan(53_000n);
  });

  it('is refused where it rounds to nothing on the way', async () => {
    const { world } = watchedWorld({ there: { rate: { numerator: 1n, denominator: 1000n } } });
    const stream = await openOne(world);
    await expect(world.until(stream.sendMoney(999n))).rejects.toMatchObject({
      code: 'AMOUNT_TOO_SMALL',
    });
    expect(stream.sent).toBe(0n);
    await world.until(stream.sendMoney(5000n));
    expect(world.connections[0]!.received).toBe(5n);
  });

  it('spends no unit on what would round to nothing at the end', async () => {
    const { world } = watchedWorld({
      there: { rate: { numerator: 1n, denominator: 1000n }, maxPacketAmount: 2000n },
    });
    const stream = await openOne(world);
    await world.until(stream.sendMoney(9001n)).catch(() => undefined);
    expect(stream.sent).toBe(9001n);
    expect(world.connections[0]!.received).toBe(9n);
  });

  it('stops at a signal; what was sent is told', async () => {
    const { world } = watchedWorld({ there: { maxPacketAmount: 100n } });
    const stream = await openOne(world);
    const controller = new AbortController();
    const sending = stream.sendMoney(1_000_000n, { signal: controller.signal });
    sending.catch(() => undefined);
    await world.clock.advance(200);
    controller.abort();
    await expect(sending).rejects.toMatchObject({ code: 'ABORTED' });
    await world.clock.advance(5000);
    expect(stream.sent).toBeLessThan(1_000_000n);
    expect(stream.sent).toBe(world.books.clientOut.total('fulfilled'));
    expect(world.connections[0]!.received).toBe(stream.sent);
  });

  it.each([
    { code: 'F02', error: 'PATH_FAILED', withinMs: 500 },
    { code: 'T00', error: 'NO_PROGRESS', withinMs: 8_000 },
    { code: 'T01', error: 'NO_PROGRESS', withinMs: 8_000 },
    { code: 'F99', error: 'NO_PROGRESS', withinMs: 25_000 },
  ] as const)(
    'gives up $error in $withinMs ms where a node refuses each packet with $code',
    async ({ code, error, withinMs }) => {
      let isRefusing = false;
      const refusal = new IlpError(code, 'no').encode();
      const world = createWorld({
        nearServer: (next) => (prepare) => (isRefusing ? Promise.resolve(refusal) : next(prepare)),
      });
      const stream = await openOne(world);
      await world.until(stream.sendMoney(1000n));
      isRefusing = true;
      const start = world.clock.now();
      await expect(world.until(stream.sendMoney(2000n))).rejects.toMatchObject({ code: error });
      expect(world.clock.now() - start).toBeLessThan(withinMs);
      expect(stream.sent).toBe(1000n);
    },
  );

  it('fails with the reason of the path that refuses it for good', async () => {
    const { world } = watchedWorld();
    const stream = await openOne(world);
    world.connectors.there.settings.veto = () => new IlpError('F02', 'no route');
    await expect(world.until(stream.sendMoney(100n))).rejects.toMatchObject({
      code: 'PATH_FAILED',
      ilpCode: 'F02',
    });
  });
});

describe('data that is sent', () => {
  it('is repeated in the same frames when it got lost (RFC 0029 5.3.11)', async () => {
    let count = 0;
    const { world, eye } = watchedWorld({
      nearServer: (handler) => (bytes) =>
        ++count % 3 === 0 ? Promise.resolve(new IlpError('T00', 'lost').encode()) : handler(bytes),
    });
    const bytes = testBytes(200_000);
    const stream = await openOne(world);
    const read: Promise<Uint8Array>[] = [];
    world.connections[0]!.on('stream', ({ readable }) => read.push(readAll(readable)));
    await world.until(writeAll(stream, bytes));
    expect(Buffer.compare(await world.until(read[0]!), bytes)).toBe(0);
    const lengths = new Map<number, number>();
    let repeated = 0;
    for (const { offset, data } of eye.frames('StreamData')) {
      const before = lengths.get(offset);
      if (before !== undefined) {
        repeated++;
        expect(data.length).toBe(before);
      }
      lengths.set(offset, data.length);
    }
    expect(repeated).toBeGreaterThan(0);
    const ends = [...lengths].map(([offset, length]) => offset + length);
    expect(ends.filter((end) => !lengths.has(end))).toEqual([bytes.length]);
  });

  it('goes in packets of at most 32,767 bytes, several in flight, with money beside it', async () => {
    const { world, eye } = watchedWorld({
      client: { minimumRate: '1' },
      there: { maxPacketAmount: 5n },
    });
    const stream = await openOne(world);
    world.connections[0]!.on('stream', ({ readable }) => void readAll(readable));
    const sending = stream.sendMoney(500n);
    await world.until(writeAll(stream, testBytes(500_000)));
    await world.until(sending);
    expect(Math.max(...eye.requests.map(({ length }) => length))).toBeLessThanOrEqual(
      MAX_DATA_LENGTH,
    );
    expect(
      eye.requests.some(
        ({ frames }) =>
          frames.some(({ type }) => type === 'StreamMoney') &&
          frames.some(({ type }) => type === 'StreamData'),
      ),
    ).toBe(true);
    // One way takes 20 ms: at one packet of 30 kB a round trip this would take 680 ms.
    expect(eye.requests.length).toBeLessThan(160);
  });

  it('fills its packets towards an end that grants little until it has seen a long one', async () => {
    const { world, eye } = watchedWorld();
    const stream = await openOne(world);
    world.connections[0]!.on('stream', ({ readable }) => void readAll(readable));
    await world.until(writeAll(stream, testBytes(2_000_000)));
    const sizes = eye.frames('StreamData').map(({ data }) => data.length);
    const full = sizes.filter((size) => size >= 30_000);
    expect(full.length).toBeGreaterThan(50);
    // The one that shows the limit has less data; it is padded once.
    const padded = eye.requests.filter(
      ({ frames, length }) =>
        length >= 30_000 &&
        frames.every((frame) => frame.type !== 'StreamData' || frame.data.length < 29_000),
    );
    expect(padded).toHaveLength(1);
  });

  it('waits for room, says so, and goes on when the other end reads (RFC 0029 4.4.4)', async () => {
    const { world, eye } = watchedWorld();
    const stream = await openOne(world);
    const bytes = testBytes(400_000);
    const writing = writeAll(stream, bytes);
    await world.clock.advance(5000);
    const ends = eye.frames('StreamData').map(({ offset, data }) => offset + data.length);
    expect(Math.max(...ends)).toBe(32_000);
    expect(eye.frames('StreamDataBlocked').length).toBeGreaterThan(0);
    const [server] = world.connections;
    const reading = readAll(server!.streams[0]!.readable);
    await world.until(writing);
    expect(Buffer.compare(await world.until(reading), bytes)).toBe(0);
  });

  it('is taken from the writer only as far as there is room (back-pressure)', async () => {
    const { world } = watchedWorld({ client: { policy: { writeBuffer: 50_000 } } });
    const stream = await openOne(world);
    const writer = stream.writable.getWriter();
    let written = false;
    void writer.write(new Uint8Array(200_000)).then(() => (written = true));
    await world.clock.advance(5000);
    expect(written).toBe(false);
    world.connections[0]!.streams[0]!.readable.pipeTo(new WritableStream()).catch(() => undefined);
    await world.clock.advance(5000);
    expect(written).toBe(true);
  });

  it('of no reader ends nothing else: others go on when one stream is full', async () => {
    const { world } = watchedWorld();
    const client = await world.until(world.connect());
    const [stuck, free] = [
      await world.until(client.openStream()),
      await world.until(client.openStream()),
    ];
    const reads: Promise<Uint8Array>[] = [];
    world.connections[0]!.on('stream', (stream) => {
      if (stream.id === free.id) reads.push(readAll(stream.readable));
    });
    void stuck.writable
      .getWriter()
      .write(new Uint8Array(100_000))
      .catch(() => undefined);
    const bytes = testBytes(100_000);
    await world.until(writeAll(free, bytes));
    expect(Buffer.compare(await world.until(reads[0]!), bytes)).toBe(0);
  });
});

describe('streams that are opened here', () => {
  it('wait for the limit of the other end, and say so (RFC 0029 5.3.6)', async () => {
    const { world, eye } = watchedWorld();
    const client = await world.until(world.connect());
    const streams: MoneyStream[] = [];
    for (let i = 0; i < 10; i++) streams.push(await world.until(client.openStream()));
    expect(streams.at(-1)!.id).toBe(19);
    const eleventh = client.openStream();
    await world.clock.advance(1000);
    expect(eye.frames('ConnectionStreamIdBlocked')[0]).toMatchObject({ maxStreamId: 21 });
    await world.until(streams[3]!.close());
    expect((await world.until(eleventh)).id).toBe(21);
  });

  it('may be half open: what comes back is read after this end has closed', async () => {
    const { world } = watchedWorld({ server: { halfOpen: true } });
    const stream = await openOne(world);
    world.connections[0]!.on('stream', (incoming) => {
      void readAll(incoming.readable).then((request) => writeAll(incoming, request.toReversed()));
    });
    await world.until(writeAll(stream, Uint8Array.of(1, 2, 3)));
    expect([...(await world.until(readAll(stream.readable)))]).toEqual([3, 2, 1]);
    await world.clock.advance(1000);
    expect(world.connections[0]!.streams).toEqual([]);
  });

  it('tell the other end why they were closed with an error', async () => {
    const { world } = watchedWorld();
    const stream = await openOne(world);
    const errors: unknown[] = [];
    world.connections[0]!.on('stream', (incoming) => {
      incoming.on('close', (error) => errors.push(error?.streamErrorCode, error?.cause));
      void readAll(incoming.readable).catch((error: unknown) => errors.push(error));
    });
    const write = stream.writable.getWriter().write(new Uint8Array(100_000));
    write.catch(() => undefined);
    await world.clock.advance(100);
    await world.until(stream.close(StreamErrorCode.ApplicationError, 'changed my mind'));
    await world.clock.advance(100);
    expect(errors).toContain(StreamErrorCode.ApplicationError);
    expect(errors).toContain('changed my mind');
    expect(errors).toContainEqual(expect.objectContaining({ code: 'REMOTE_CLOSED' }));
  });
});

describe('the end of a connection', () => {
  it('is told again until it is heard', async () => {
    let refusals = 4;
    const { world } = watchedWorld({
      nearServer: (handler) => (bytes) => {
        const request = world.keys().open(decodePrepare(bytes).data.slice());
        const isClose = request?.frames.some(({ type }) => type === 'ConnectionClose');
        return isClose && refusals-- > 0
          ? Promise.resolve(new IlpError('T00', 'lost').encode())
          : handler(bytes);
      },
    });
    const client = await world.until(world.connect());
    await world.until(client.close(StreamErrorCode.ApplicationError, 'enough'));
    await world.clock.advance(100);
    const [server] = world.connections;
    expect(server!.isClosed).toBe(true);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('comes after everything that was written and is to be paid', async () => {
    const { world } = watchedWorld({ there: { maxPacketAmount: 1000n } });
    const stream = await openOne(world);
    const reads: Promise<Uint8Array>[] = [];
    world.connections[0]!.on('stream', ({ readable }) => reads.push(readAll(readable)));
    const bytes = testBytes(300_000);
    const writing = stream.writable.getWriter().write(bytes);
    const paying = stream.sendMoney(100_000n);
    await world.until(writing);
    await world.until(Promise.all([stream.close(), paying]));
    expect(Buffer.compare(await world.until(reads[0]!), bytes)).toBe(0);
    expect(world.connections[0]!.received).toBe(100_000n);
  });

  it('is an error for those who wait for something on it', async () => {
    const { world } = watchedWorld({ there: { maxPacketAmount: 100n } });
    const client = await world.until(world.connect());
    const stream = await world.until(client.openStream());
    const waiting = Promise.allSettled([
      stream.sendMoney(1_000_000n),
      writeAll(stream, new Uint8Array(1_000_000)),
      readAll(stream.readable),
    ]);
    await world.clock.advance(300);
    const closing = world.connections[0]!.close(StreamErrorCode.EndpointBusy, 'later');
    await world.until(closing);
    const results = await world.until(waiting);
    for (const result of results) {
      expect(result).toMatchObject({
        status: 'rejected',
        reason: { code: 'REMOTE_CLOSED', streamErrorCode: StreamErrorCode.EndpointBusy },
      });
    }
    await expect(client.openStream()).rejects.toMatchObject({ code: 'REMOTE_CLOSED' });
  });

  it('comes with ProtocolViolation where the other end changes its asset (RFC 0029 4.3.3)', async () => {
    const { world, eye } = watchedWorld({ client: { remoteAsset: { code: 'EUR', scale: 2 } } });
    const connecting = world.connect();
    await expect(world.until(connecting)).rejects.toMatchObject({
      code: 'PROTOCOL_VIOLATION',
      streamErrorCode: StreamErrorCode.ProtocolViolation,
    });
    await world.clock.advance(100);
    expect(eye.frames('ConnectionClose')[0]).toMatchObject({
      errorCode: StreamErrorCode.ProtocolViolation,
    });
  });

  it('comes after a while without a word, and few packets are spent on it', async () => {
    const { world } = watchedWorld();
    let sent = 0;
    const connecting = world.connect({
      send: () => {
        sent++;
        return new Promise(() => undefined);
      },
    });
    await expect(world.until(connecting)).rejects.toMatchObject({ code: 'IDLE' });
    expect(sent).toBeLessThan(20);
    await world.clock.run();
    expect(world.clock.pendingTimers).toBe(0);
  });
});

describe('what an intermediary may try', () => {
  /** A connection of which every reply is made by the test. */
  function connectTo(answer: (request: StreamPacket, bytes: Uint8Array) => Uint8Array) {
    const keys = new StreamKeys(new Uint8Array(32).fill(9));
    const { world } = watchedWorld();
    const connecting = connectStream({
      credentials: {
        destination: parseIlpAddress('test.server.x'),
        sharedSecret: new Uint8Array(32).fill(9),
      },
      clock: world.clock,
      randomBytes: world.random.bytes,
      policy: { idleTimeoutMs: 5000 },
      send: (bytes) => Promise.resolve(answer(keys.open(decodePrepare(bytes).data)!, bytes)),
    });
    return { keys, world, connecting };
  }

  it('a reply with the sequence of another packet is discarded (RFC 0029 5.2)', async () => {
    const { connecting, world } = connectTo((request) =>
      encodeReject({
        code: 'F99',
        triggeredBy: '',
        message: '',
        data: new StreamKeys(new Uint8Array(32).fill(9)).seal(
          { ilpPacketType: 14, sequence: request.sequence + 1, prepareAmount: 0n, frames: [] },
          secureRandomBytes,
        ),
      }),
    );
    await expect(world.until(connecting)).rejects.toMatchObject({ code: 'IDLE' });
  });

  it('a reply in the wrong type of ILP packet is discarded (RFC 0029 5.2)', async () => {
    const { connecting, world } = connectTo((request) =>
      encodeReject({
        code: 'F99',
        triggeredBy: '',
        message: '',
        data: new StreamKeys(new Uint8Array(32).fill(9)).seal(
          { ilpPacketType: 13, sequence: request.sequence, prepareAmount: 0n, frames: [] },
          secureRandomBytes,
        ),
      }),
    );
    await expect(world.until(connecting)).rejects.toMatchObject({ code: 'IDLE' });
  });

  it('a Fulfill with any other fulfillment proves nothing', async () => {
    const { connecting, world } = connectTo(() =>
      encodeFulfill({ fulfillment: new Uint8Array(32), data: NO_DATA }),
    );
    await expect(world.until(connecting)).rejects.toMatchObject({ code: 'IDLE' });
  });
});
