import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { encodePrepare } from '@pennyswitch/ilp-packet';
import { VirtualClock } from '@pennyswitch/testkit';
import { describe, expect, it } from 'vitest';
import {
  StreamErrorCode,
  StreamServer,
  type CredentialDetails,
  type MoneyStream,
  type StreamConnection,
  type StreamFrame,
  type StreamServerOptions,
} from '../../src/index.js';
import { money, TestSender, type TestReply } from '../test-sender.js';
import { readAll } from './world.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const data = (offset: number, text: string | Uint8Array, streamId = 1): StreamFrame => ({
  type: 'StreamData',
  streamId,
  offset,
  data: typeof text === 'string' ? bytes(text) : text,
});

const closeStream = (streamId = 1, errorCode: number = StreamErrorCode.NoError): StreamFrame => ({
  type: 'StreamClose',
  streamId,
  errorCode,
  errorMessage: '',
});

function start(options: Partial<StreamServerOptions> = {}, details: CredentialDetails = {}) {
  const clock = new VirtualClock();
  const streams: MoneyStream[] = [];
  const connections: StreamConnection[] = [];
  const server = new StreamServer({
    secret: new Uint8Array(32).fill(3),
    address: () => parseIlpAddress('test.server'),
    asset: { code: 'XRP', scale: 9 },
    send: () => new Promise(() => undefined),
    clock,
    ...options,
  });
  server.on('connection', (connection) => {
    connections.push(connection);
    connection.on('stream', (stream) => streams.push(stream));
  });
  const sender = new TestSender(server.handle, server.createCredentials(details), () =>
    clock.now(),
  );
  return { clock, server, sender, streams, connections };
}

const closeOf = (reply: TestReply) => TestSender.frame(reply, 'ConnectionClose');

describe('a server end takes packets in', () => {
  it('refuses with F06 what was not encrypted with the shared secret (RFC 0029 4.2)', async () => {
    const { sender, server, connections } = start();
    expect(await sender.send({ tamper: (sealed) => sealed.map((byte) => byte ^ 1) })).toMatchObject(
      {
        outcome: 'F06',
        dataLength: 0,
      },
    );
    expect(await sender.send({ destination: 'test.server.nobody' })).toMatchObject({
      outcome: 'F06',
    });
    expect(await sender.send({ destination: 'test.other' })).toMatchObject({ outcome: 'F02' });
    expect(connections).toEqual([]);
    expect(server.connections).toEqual([]);
  });

  it('discards a packet on the wrong ILP packet type (RFC 0029 5.2)', async () => {
    const { sender, connections } = start();
    expect(await sender.send({ ilpPacketType: 13 })).toMatchObject({ outcome: 'F06' });
    expect(connections).toEqual([]);
  });

  it('answers with the sequence of the packet and what arrived (RFC 0029 5.2)', async () => {
    const { sender } = start();
    const reply = await sender.send({ sequence: 42, amount: 100n, frames: [money()] });
    expect(reply.stream).toMatchObject({ ilpPacketType: 13, sequence: 42, prepareAmount: 100n });
  });

  it('does not take a packet of money twice', async () => {
    const { sender, connections } = start();
    const packet = { sequence: 7, amount: 100n, frames: [money()] };
    expect((await sender.send(packet)).outcome).toBe('fulfilled');
    expect(await sender.send(packet)).toMatchObject({ outcome: 'F99', dataLength: 0 });
    expect(connections[0]!.received).toBe(100n);
  });

  it('takes no less than the minimum, and says what arrived (RFC 0029 3.4)', async () => {
    const { sender, connections } = start();
    const reply = await sender.send({ amount: 99n, minimum: 100n, frames: [money()] });
    expect(reply).toMatchObject({ outcome: 'F99', stream: { prepareAmount: 99n } });
    expect(connections[0]!.received).toBe(0n);
  });

  it('takes no data of a packet that it rejects (RFC 0029 3.6)', async () => {
    const { sender, streams } = start();
    await sender.send({ fulfillable: false, frames: [data(0, 'probe')] });
    await sender.send({ frames: [data(0, 'bytes'), closeStream()] });
    expect(new TextDecoder().decode(await readAll(streams[0]!.readable))).toBe('bytes');
  });

  it('answers a packet that has expired with R00', async () => {
    const { sender, clock } = start();
    expect((await sender.send({ expiresAt: clock.now() })).outcome).toBe('R00');
  });

  it('closes the connection after 2^31 packets (RFC 0029 5.1.3)', async () => {
    const { sender, connections } = start();
    expect((await sender.send({ sequence: 2 ** 31 })).outcome).toBe('fulfilled');
    const reply = await sender.send({ sequence: 2 ** 31 + 1 });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.ProtocolViolation });
    expect(connections[0]!.isClosed || reply.outcome === 'F99').toBe(true);
  });
});

describe('streams of the other end', () => {
  it('may be ten at a time, up to id 20 (RFC 0029 3.3)', async () => {
    const { sender, streams } = start();
    const frames = Array.from({ length: 10 }, (_, i) => data(0, 'x', 2 * i + 1));
    expect((await sender.send({ frames })).outcome).toBe('fulfilled');
    expect(streams.map(({ id }) => id)).toEqual([1, 3, 5, 7, 9, 11, 13, 15, 17, 19]);
    const reply = await sender.send({ frames: [data(0, 'x', 21)] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.StreamIdError });
    expect(reply.outcome).toBe('F99');
  });

  it('make room for another one when they are closed', async () => {
    const { sender, streams, clock } = start();
    await sender.send({ frames: [data(0, 'x', 1)] });
    const closed = await sender.send({ frames: [closeStream(1)] });
    expect(TestSender.frame(closed, 'StreamClose')).toMatchObject({ streamId: 1 });
    await sender.send({});
    await sender.send({});
    await clock.advance(0);
    expect((await sender.send({ frames: [data(0, 'x', 21)] })).outcome).toBe('fulfilled');
    expect(streams.map(({ id }) => id)).toEqual([1, 21]);
  });

  it('have odd ids: an even one breaks the protocol (RFC 0029 4.4.1)', async () => {
    const { sender, connections, clock } = start();
    const reply = await sender.send({ amount: 5n, frames: [money(2)] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.ProtocolViolation });
    await clock.advance(10_000);
    expect(connections[0]!.isClosed).toBe(true);
    expect(connections[0]!.received).toBe(0n);
  });

  it('are opened by no other frames than those that carry or allow something', async () => {
    const { sender, streams } = start();
    await sender.send({
      frames: [{ type: 'StreamDataBlocked', streamId: 2, maxOffset: 1 }],
    });
    expect(streams).toEqual([]);
  });

  it('that are closed take nothing more: StreamStateError (RFC 0029 5.4)', async () => {
    const { sender } = start();
    await sender.send({ frames: [data(0, 'abc')] });
    await sender.send({ frames: [closeStream()] });
    const reply = await sender.send({ amount: 5n, frames: [money()] });
    expect(reply.outcome).toBe('F99');
    expect(TestSender.frame(reply, 'StreamClose')).toMatchObject({
      streamId: 1,
      errorCode: StreamErrorCode.StreamStateError,
    });
    expect(closeOf(reply)).toBeUndefined();
  });

  it('opened and closed without end keep nothing behind', async () => {
    const { sender, connections } = start();
    for (let id = 1; id < 2000; id += 2) {
      await sender.send({ frames: [data(0, 'x', id)] });
      await sender.send({ frames: [closeStream(id)] });
      await sender.send({});
      await sender.send({});
    }
    expect(connections[0]!.streams.length).toBeLessThan(3);
    expect(connections[0]!.isClosed).toBe(false);
  });
});

describe('data that comes in', () => {
  it('is put in order', async () => {
    const { sender, streams } = start();
    await sender.send({ frames: [data(4, 'o wo')] });
    await sender.send({ frames: [data(8, 'rld')] });
    await sender.send({ frames: [data(0, 'hell')] });
    await sender.send({ frames: [closeStream()] });
    expect(new TextDecoder().decode(await readAll(streams[0]!.readable))).toBe('hello world');
  });

  it('may be repeated, and not changed (RFC 0029 5.3.11)', async () => {
    const { sender } = start();
    await sender.send({ frames: [data(0, 'hello')] });
    expect((await sender.send({ frames: [data(0, 'hello')] })).outcome).toBe('fulfilled');
    const reply = await sender.send({ frames: [data(3, 'LO')] });
    expect(reply.outcome).toBe('F99');
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.ProtocolViolation });
  });

  it('beyond the window of a stream closes the connection: FlowControlError (RFC 0029 4.4.4)', async () => {
    const { sender } = start();
    const first = await sender.send({ frames: [data(0, 'x')] });
    const maxOffset = TestSender.frame(first, 'StreamMaxData')!.maxOffset;
    expect((await sender.send({ frames: [data(maxOffset - 1, 'x')] })).outcome).toBe('fulfilled');
    const reply = await sender.send({ frames: [data(maxOffset, 'x')] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.FlowControlError });
  });

  it('beyond the window of the connection closes it: FlowControlError (RFC 0029 4.5)', async () => {
    const { sender } = start({ policy: { connectionWindow: 65_534 } });
    const piece = new Uint8Array(30_000);
    for (const id of [1, 3]) await sender.send({ frames: [data(0, piece, id)] });
    const reply = await sender.send({ frames: [data(0, piece.subarray(0, 5535), 5)] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.FlowControlError });
  });

  it('makes room for more when it is read, and the limits only grow', async () => {
    const { sender, streams } = start();
    const piece = new Uint8Array(32_000);
    const limits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const reply = await sender.send({ frames: [data(i * 31_000, piece.subarray(0, 31_000))] });
      expect(reply.outcome).toBe('fulfilled');
      limits.push(TestSender.frame(reply, 'StreamMaxData')!.maxOffset);
      const reader = streams[0]!.readable.getReader();
      await reader.read();
      reader.releaseLock();
    }
    expect(limits).toEqual(limits.toSorted((a, b) => a - b));
    expect(limits.at(-1)).toBeGreaterThan(20 * 31_000);
  });

  it('in more pieces than any sender makes is refused, and may be sent again', async () => {
    const { sender } = start();
    for (let i = 1; i <= 1024; i++) await sender.send({ frames: [data(2 * i, 'x')] });
    const reply = await sender.send({ frames: [data(2 * 1025, 'x')] });
    expect(reply.outcome).toBe('F99');
    expect(closeOf(reply)).toBeUndefined();
    expect((await sender.send({ frames: [data(0, 'xyx')] })).outcome).toBe('fulfilled');
    expect((await sender.send({ frames: [data(2 * 1025, 'x')] })).outcome).toBe('fulfilled');
  });
});

describe('money that comes in', () => {
  it('is divided by shares, the remainder to the lowest-numbered stream (RFC 0029 5.3.8)', async () => {
    const { sender, streams } = start();
    await sender.send({ amount: 100n, frames: [money(1, 5n), money(3, 15n), money(5, 30n)] });
    expect(streams.map(({ received }) => received)).toEqual([10n, 30n, 60n]);
    await sender.send({ amount: 11n, frames: [money(3, 1n), money(1, 1n)] });
    expect(streams.map(({ received }) => received)).toEqual([16n, 35n, 60n]);
  });

  it('gives the remainder to a stream that has room for it (RFC 0029 5.3.8)', async () => {
    const { sender, streams, server } = start();
    server.on('connection', (connection) => {
      connection.on('stream', (stream) => stream.setReceiveMax(stream.id === 1 ? 5n : 100n));
    });
    await sender.send({ amount: 11n, frames: [money(1, 1n), money(3, 1n)] });
    expect(streams.map(({ received }) => received)).toEqual([5n, 6n]);
  });

  it('beyond the limit of a stream is refused, with the limit', async () => {
    const { sender, streams, server } = start();
    server.on('connection', (connection) => {
      connection.on('stream', (stream) => stream.setReceiveMax(100n));
    });
    expect((await sender.send({ amount: 60n, frames: [money()] })).outcome).toBe('fulfilled');
    const reply = await sender.send({ amount: 41n, frames: [money()] });
    expect(reply.outcome).toBe('F99');
    expect(TestSender.frame(reply, 'StreamMaxMoney')).toMatchObject({
      receiveMax: 100n,
      totalReceived: 60n,
    });
    expect((await sender.send({ amount: 40n, frames: [money()] })).outcome).toBe('fulfilled');
    expect(streams[0]!.received).toBe(100n);
  });

  it('beyond it again and again closes the connection: FlowControlError (RFC 0029 4.4.4)', async () => {
    const { sender } = start({ receiveMax: 10n, policy: { maxMoneyOverruns: 3 } });
    for (let i = 0; i < 3; i++) {
      expect(closeOf(await sender.send({ amount: 11n, frames: [money()] }))).toBeUndefined();
    }
    const reply = await sender.send({ amount: 11n, frames: [money()] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.FlowControlError });
  });

  it('cannot go to a stream that is named by no share', async () => {
    const { sender, connections } = start();
    const reply = await sender.send({ amount: 5n, frames: [data(0, 'x')] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.ProtocolViolation });
    expect(connections[0]!.received).toBe(0n);
  });

  it('takes no limit back that was told (RFC 0029 4.4.4)', async () => {
    const { sender, streams } = start({ receiveMax: 100n });
    await sender.send({ amount: 1n, frames: [money()] });
    expect(() => streams[0]!.setReceiveMax(99n)).toThrow(
      expect.objectContaining({ code: 'INVALID' }),
    );
    streams[0]!.setReceiveMax(101n);
    const reply = await sender.send({
      frames: [{ type: 'StreamDataBlocked', streamId: 1, maxOffset: 0 }],
    });
    expect(TestSender.frame(reply, 'StreamMaxMoney')).toMatchObject({ receiveMax: 101n });
  });

  it('keeps to the limit of the credentials', async () => {
    const { sender, connections } = start({}, { limit: 100n });
    expect((await sender.send({ amount: 100n, frames: [money()] })).outcome).toBe('fulfilled');
    const reply = await sender.send({ amount: 1n, frames: [money()] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.NoError });
    expect(connections[0]!.received).toBe(100n);
  });
});

describe('the application decides about money', () => {
  it('packet by packet, each with an id of its own', async () => {
    const ids: string[] = [];
    const { sender, connections } = start({
      onMoney: ({ amount, packetId }) => {
        ids.push(packetId);
        return amount < 50n ? 'accept' : { decline: 'temporary' };
      },
    });
    expect((await sender.send({ amount: 10n, frames: [money()] })).outcome).toBe('fulfilled');
    expect((await sender.send({ amount: 50n, frames: [money()] })).outcome).toBe('T99');
    expect(connections[0]!.received).toBe(10n);
    expect(new Set(ids).size).toBe(2);
  });

  it('in its own time, while the room is held', async () => {
    let decide: (decision: 'accept') => void = () => undefined;
    const { sender, streams } = start({
      receiveMax: 100n,
      onMoney: ({ amount }) =>
        amount === 80n ? new Promise((resolve) => (decide = resolve)) : 'accept',
    });
    const held = sender.send({ amount: 80n, frames: [money()] });
    expect((await sender.send({ amount: 30n, frames: [money()] })).outcome).toBe('F99');
    expect(streams[0]!.received).toBe(0n);
    decide('accept');
    expect((await held).outcome).toBe('fulfilled');
    expect(streams[0]!.received).toBe(80n);
  });

  it('and too late is R00, which it is told', async () => {
    const undone: bigint[] = [];
    let decide: (decision: 'accept') => void = () => undefined;
    const { sender, clock, connections } = start({
      onMoney: () => new Promise((resolve) => (decide = resolve)),
      onUndo: ({ amount }) => undone.push(amount),
    });
    const reply = sender.send({ amount: 80n, frames: [money()] });
    await clock.advance(30_000);
    decide('accept');
    expect((await reply).outcome).toBe('R00');
    await clock.advance(0);
    expect(undone).toEqual([80n]);
    expect(connections[0]!.received).toBe(0n);
  });

  it('finally: the stream is closed with the reason', async () => {
    const { sender } = start({ onMoney: () => ({ decline: 'final', reason: 'sold out' }) });
    const reply = await sender.send({ amount: 1n, frames: [money()] });
    expect(reply.outcome).toBe('F99');
    const next = await sender.send({});
    expect([...reply.frames, ...next.frames]).toContainEqual({
      type: 'StreamClose',
      streamId: 1,
      errorCode: StreamErrorCode.ApplicationError,
      errorMessage: 'sold out',
    });
  });
});

describe('what the other end says of itself', () => {
  const asset = (assetCode: string): StreamFrame => ({
    type: 'ConnectionAssetDetails',
    assetCode,
    assetScale: 2,
  });

  it('is its asset, which may be repeated but not changed (RFC 0029 4.3.3)', async () => {
    const { sender, connections } = start();
    await sender.send({ frames: [asset('EUR')] });
    expect((await sender.send({ frames: [asset('EUR')] })).outcome).toBe('fulfilled');
    expect(connections[0]!.remoteAsset).toEqual({ code: 'EUR', scale: 2 });
    const reply = await sender.send({ frames: [asset('USD')] });
    expect(closeOf(reply)).toMatchObject({ errorCode: StreamErrorCode.ProtocolViolation });
  });

  it('asks for the asset of this end with an address, empty or not (RFC 0029 4.3.3)', async () => {
    const { sender } = start();
    const address: StreamFrame = { type: 'ConnectionNewAddress', sourceAddress: '' };
    for (let i = 0; i < 2; i++) {
      const reply = await sender.send({ fulfillable: false, frames: [address] });
      expect(TestSender.frame(reply, 'ConnectionAssetDetails')).toMatchObject({ assetCode: 'XRP' });
    }
  });

  it('ends the connection at once (RFC 0029 5.3.1)', async () => {
    const { sender, connections, server, clock } = start();
    await sender.send({ frames: [data(0, 'x')] });
    const reply = await sender.send({
      fulfillable: false,
      frames: [{ type: 'ConnectionClose', errorCode: StreamErrorCode.NoError, errorMessage: '' }],
    });
    expect(reply.outcome).toBe('F99');
    await clock.advance(0);
    expect(connections[0]!.isClosed).toBe(true);
    expect(server.connections).toEqual([]);
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('a server', () => {
  it('opens no connection again that is over', async () => {
    const { sender, connections, clock } = start();
    await sender.send({ frames: [{ type: 'ConnectionClose', errorCode: 1, errorMessage: '' }] });
    await clock.advance(0);
    expect((await sender.send({ amount: 5n, frames: [money()] })).outcome).toBe('F99');
    expect(connections).toHaveLength(1);
  });

  it('has no more connections than it may, and lets clients try later', async () => {
    const { server, clock } = start({ maxConnections: 2 });
    const send = () =>
      new TestSender(server.handle, server.createCredentials(), () => clock.now()).send({});
    expect((await send()).outcome).toBe('fulfilled');
    expect((await send()).outcome).toBe('fulfilled');
    expect((await send()).outcome).toBe('T99');
    await clock.advance(61_000 + 3000);
    expect(server.connections).toEqual([]);
    expect((await send()).outcome).toBe('fulfilled');
  });

  it('ends a connection on which nothing happens', async () => {
    const { sender, connections, clock } = start();
    await sender.send({});
    const errors: (string | undefined)[] = [];
    connections[0]!.on('close', (error) => errors.push(error?.code));
    await clock.run();
    expect(errors).toEqual(['IDLE']);
  });

  it('takes credentials of an older secret, and makes new ones with the first', async () => {
    const [older, newer] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)];
    const old = start({ secret: older });
    const rotated = start({ secret: [newer, older] });
    const credentials = old.server.createCredentials({ tag: 'old' });
    const sender = new TestSender(rotated.server.handle, credentials, () => rotated.clock.now());
    expect((await sender.send({})).outcome).toBe('fulfilled');
    expect(rotated.connections[0]!.tag).toBe('old');
    const stranger = new TestSender(old.server.handle, rotated.server.createCredentials(), () =>
      old.clock.now(),
    );
    expect((await stranger.send({})).outcome).toBe('F06');
  });

  it('answers bytes that are no packet with F01, whatever they are', async () => {
    const { server } = start();
    const prepare = encodePrepare({
      amount: 0n,
      expiresAt: new Date(0),
      executionCondition: new Uint8Array(32),
      destination: parseIlpAddress('test.server.x'),
      data: new Uint8Array(0),
    });
    for (let length = 0; length < prepare.length; length++) {
      const reply = await server.handle(prepare.subarray(0, length));
      expect(new TextDecoder().decode(reply.subarray(2, 5))).toBe('F01');
    }
  });

  it('gives receipts to those whose credentials ask for them (RFC 0039)', async () => {
    const receipts = { nonce: new Uint8Array(16).fill(4), secret: new Uint8Array(32).fill(5) };
    const { sender } = start({}, { receipts });
    const reply = await sender.send({ amount: 5n, frames: [money()] });
    expect(TestSender.frame(reply, 'StreamReceipt')).toMatchObject({ streamId: 1 });
  });
});
