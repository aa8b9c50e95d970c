import { describe, expect, it } from 'vitest';
import type { MoneyStream } from '../../src/connection/money-stream.js';
import { createWorld, readAll, testBytes, USD, writeAll, XRP } from './world.js';

describe('a connection, both ends', () => {
  it('carries money from the client to the server, to the unit', async () => {
    const world = createWorld({ there: { rate: { numerator: 1999n, denominator: 1000n } } });
    const client = await world.until(world.connect());
    const stream = await world.until(client.openStream());
    await world.until(stream.sendMoney(1_000_000n));
    expect(stream.sent).toBe(1_000_000n);
    expect(client.delivered).toBe(1_999_000n);
    expect(world.connections[0]?.received).toBe(1_999_000n);
    expect(world.books.serverIn.total('fulfilled')).toBe(1_999_000n);
    await world.until(client.close());
    await world.clock.run();
    expect(world.connections[0]?.isClosed).toBe(true);
    expect(world.server.connections).toEqual([]);
    expect(world.clock.pendingTimers).toBe(0);
  });

  it('tells each end the asset of the other (RFC 0029 4.3.3)', async () => {
    const world = createWorld();
    const client = await world.until(world.connect());
    await world.clock.advance(1000);
    expect(client.remoteAsset).toEqual(XRP);
    expect(world.connections[0]?.remoteAsset).toEqual(USD);
    await world.until(client.close());
  });

  it('carries a megabyte each way on one stream, byte for byte, beside money', async () => {
    const world = createWorld({ server: { halfOpen: true }, client: { halfOpen: true } });
    const [request, response] = [testBytes(1_000_000, 1), testBytes(1_000_000, 2)];
    const served: Promise<Uint8Array>[] = [];
    world.server.on('connection', (connection) => {
      connection.on('stream', (stream) => {
        served.push(readAll(stream.readable));
        void stream.sendMoney(77n);
        void writeAll(stream, response);
      });
    });
    const client = await world.until(world.connect());
    const stream = await world.until(client.openStream());
    const paid = stream.sendMoney(123_456n);
    const [, answer] = await world.until(
      Promise.all([writeAll(stream, request), readAll(stream.readable), paid]),
    );
    expect(Buffer.compare(answer, response)).toBe(0);
    expect(Buffer.compare((await served[0])!, request)).toBe(0);
    await world.clock.advance(1000);
    expect(stream.received).toBe(77n);
    expect(world.connections[0]?.received).toBe(123_456n);
    await world.until(client.close());
    await world.clock.run();
    expect(world.server.connections).toEqual([]);
  });

  it('carries a megabyte within a second to an end that cannot send anything back but replies', async () => {
    const world = createWorld({ isReachable: false });
    const bytes = testBytes(1_000_000, 3);
    let served: Promise<Uint8Array> | undefined;
    world.server.on('connection', (connection) => {
      connection.on('stream', (stream) => void (served = readAll(stream.readable)));
    });
    const client = await world.until(world.connect());
    const stream = await world.until(client.openStream());
    await world.clock.advance(100);
    const start = world.clock.now();
    await world.until(writeAll(stream, bytes));
    expect(Buffer.compare((await served)!, bytes)).toBe(0);
    // Each window of 131,072 bytes takes a round trip of 40 ms, and another one to ask for the next.
    expect(world.clock.now() - start).toBeLessThan(1000);
  });

  it('tells a write that the other end closed the stream before all of it was taken (RFC 0029 5.3.7)', async () => {
    const world = createWorld();
    world.server.on('connection', (connection) => {
      connection.on('stream', (stream) => void stream.writable.close());
    });
    const client = await world.until(world.connect());
    const stream = await world.until(client.openStream());
    const failure = { code: 'REMOTE_CLOSED', message: 'the other end closed the stream' };
    const written = stream.writable.getWriter().write(testBytes(1_000_000, 4));
    await expect(world.until(written)).rejects.toMatchObject(failure);
  });

  it('takes no more orders for money once the other end has closed the stream, unless it may be half-open (RFC 0029 5.3.7)', async () => {
    for (const halfOpen of [false, true]) {
      const world = createWorld();
      const served: MoneyStream[] = [];
      world.server.on('connection', (connection) => {
        connection.on('stream', (stream) => {
          served.push(stream);
          stream.setReceiveMax(1000n);
          void stream.writable.close();
        });
      });
      const client = await world.until(world.connect({ halfOpen }));
      const stream = await world.until(client.openStream());
      // What nobody reads keeps the stream from ending.
      const written = stream.writable.getWriter().write(testBytes(1_000_000, 4));
      written.catch(() => undefined);
      await world.clock.advance(1000);
      const payment = world.until(stream.sendMoney(500n));
      if (halfOpen) await payment;
      else await expect(payment).rejects.toMatchObject({ code: 'REMOTE_CLOSED' });
      expect(stream.sent).toBe(halfOpen ? 500n : 0n);
      expect(served[0]?.received).toBe(halfOpen ? 500n : 0n);
    }
  });

  it('lets the server open a stream and pay the client', async () => {
    const world = createWorld();
    const streams: MoneyStream[] = [];
    const client = await world.until(world.connect());
    client.on('stream', (stream) => void streams.push(stream));
    await world.clock.advance(100);
    const [connection] = world.connections;
    const stream = await world.until(connection!.openStream());
    expect(stream.id).toBe(2);
    await world.until(stream.sendMoney(5000n));
    expect(streams[0]?.received).toBe(5000n);
    expect(client.received).toBe(5000n);
    await world.until(client.close());
  });
});
