import { randomBytes } from 'node:crypto';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { IlpError } from '@pennyswitch/ilp-packet';
import { connectStream, StreamServer, type MoneyStream } from '@pennyswitch/stream';
import {
  createConnection,
  createServer,
  type Connection,
  type DataAndMoneyStream,
} from 'ilp-protocol-stream';
import { describe, expect, it, vi } from 'vitest';
import {
  createPeerNetwork,
  readOurs,
  readPeer,
  type PeerNetwork,
} from './stream-connection-peers.js';

const MEGABYTE = 1_000_000;
const RATE = { rate: { numerator: 1999n, denominator: 1000n } };

/** Our client, connected to a server of npm ilp-protocol-stream. */
async function connectToPeer(network: PeerNetwork, onStream: (stream: DataAndMoneyStream) => void) {
  const server = await createServer({ plugin: network.plugin, serverSecret: Buffer.alloc(32, 5) });
  const accepted = new Promise<Connection>((resolve) => {
    server.on('connection', (connection: Connection) => {
      connection.on('stream', onStream);
      resolve(connection);
    });
  });
  const { destinationAccount, sharedSecret } = server.generateAddressAndSecret();
  const client = await connectStream({
    send: network.send,
    credentials: { destination: parseIlpAddress(destinationAccount), sharedSecret },
    asset: { code: 'USD', scale: 6 },
    incoming: {
      address: parseIlpAddress('test.ours'),
      register: (handler) => {
        network.setOurs(handler);
        return undefined;
      },
    },
  });
  return { server, client, connection: await accepted };
}

/** Our server, and a client of npm ilp-protocol-stream that is connected to it. */
async function connectPeer(network: PeerNetwork, onStream: (stream: MoneyStream) => void) {
  const server = new StreamServer({
    secret: randomBytes(32),
    address: () => parseIlpAddress('test.ours'),
    asset: { code: 'USD', scale: 6 },
    send: network.send,
  });
  network.setOurs(server.handle);
  server.on('connection', (connection) => void connection.on('stream', onStream));
  const { destination, sharedSecret } = server.createCredentials({ tag: 'peer' });
  const client = await createConnection({
    plugin: network.plugin,
    destinationAccount: destination,
    sharedSecret: Buffer.from(sharedSecret),
    slippage: 0.05,
  });
  return { server, client, connection: server.connections[0]! };
}

describe('our client and an npm ilp-protocol-stream server', () => {
  it('exchange money both ways, to the unit', async () => {
    const received: string[] = [];
    const network = createPeerNetwork({ toPeer: { ...RATE, maxPacketAmount: 10_000n } });
    const { server, client, connection } = await connectToPeer(network, (stream) => {
      stream.setReceiveMax('18446744073709551615');
      stream.on('money', (amount: string) => received.push(amount));
      void stream.sendTotal(4321);
    });
    const stream = await client.openStream();
    await stream.sendMoney(300_000n);
    expect(stream.delivered).toBe(received.reduce((sum, amount) => sum + BigInt(amount), 0n));
    expect(connection.totalReceived).toBe(client.delivered.toString());
    await vi.waitFor(() => expect(stream.received).toBe(4321n));
    await vi.waitFor(() => expect(connection.totalSent).toBe('4321'));
    await client.close();
    await server.close();
  });

  it('exchange a megabyte both ways', async () => {
    const [there, back] = [randomBytes(MEGABYTE), randomBytes(MEGABYTE)];
    const got: Promise<Buffer>[] = [];
    const { server, client } = await connectToPeer(createPeerNetwork(), (stream) => {
      got.push(readPeer(stream));
      stream.write(back);
    });
    const stream = await client.openStream();
    const reader = stream.readable.getReader();
    const writer = stream.writable.getWriter();
    const written = writer.write(there);
    const chunks: Uint8Array[] = [];
    let length = 0;
    while (length < MEGABYTE) {
      const { value } = await reader.read();
      if (value === undefined) break;
      chunks.push(value);
      length += value.length;
    }
    expect(Buffer.compare(Buffer.concat(chunks), back)).toBe(0);
    await written;
    // That end has no half-open streams: a close ends both directions.
    await writer.close();
    expect(Buffer.compare((await got[0])!, there)).toBe(0);
    await client.close();
    await server.close();
  });

  it('lose nothing over a path that delays, reorders, runs dry and tells no packet limit', async () => {
    let calls = 0;
    const network = createPeerNetwork({
      toPeer: {
        ...RATE,
        maxPacketAmount: 20_000n,
        amountTooLargeData: false,
        liquidity: 100_000n,
        veto: () => (++calls > 8 && calls < 16 ? new IlpError('T04', 'dry') : undefined),
      },
      faults: { toPeer: { delayMs: [1, 15] }, toOurs: { delayMs: [1, 15] } },
    });
    const bytes = randomBytes(200_000);
    const got: Promise<Buffer>[] = [];
    const { server, client, connection } = await connectToPeer(network, (stream) => {
      stream.setReceiveMax('18446744073709551615');
      got.push(readPeer(stream));
    });
    const stream = await client.openStream();
    const writer = stream.writable.getWriter();
    await Promise.all([stream.sendMoney(500_000n), writer.write(bytes)]);
    await writer.close();
    expect(connection.totalReceived).toBe(client.delivered.toString());
    expect(client.sent).toBe(500_000n);
    expect(Buffer.compare((await got[0])!, bytes)).toBe(0);
    await client.close();
    await server.close();
  }, 20_000);

  it('close the connection at both ends', async () => {
    const closed = vi.fn();
    const { server, client, connection } = await connectToPeer(
      createPeerNetwork(),
      () => undefined,
    );
    connection.on('close', closed);
    await client.close();
    await vi.waitFor(() => expect(closed).toHaveBeenCalled());
    await server.close();
  });

  it('hear of the close of the server', async () => {
    const { server, client, connection } = await connectToPeer(
      createPeerNetwork(),
      () => undefined,
    );
    void connection.end();
    await vi.waitFor(() => expect(client.isClosed).toBe(true));
    await server.close();
  });
});

describe('an npm ilp-protocol-stream client and our server', () => {
  it('exchange money both ways, to the unit', async () => {
    const streams: MoneyStream[] = [];
    const network = createPeerNetwork({ toOurs: { ...RATE, maxPacketAmount: 10_000n } });
    const { server, client, connection } = await connectPeer(network, (stream) => {
      streams.push(stream);
    });
    expect(connection.tag).toBe('peer');
    const stream = client.createStream();
    stream.setReceiveMax(1_000_000);
    await stream.sendTotal(300_000);
    expect(client.totalDelivered).toBe(connection.received.toString());
    expect(streams[0]!.received).toBe(connection.received);
    await streams[0]!.sendMoney(54_321n);
    expect(stream.totalReceived).toBe('54321');
    expect(connection.remoteAsset).toEqual({ code: 'XRP', scale: 9 });
    await client.end();
    await vi.waitFor(() => expect(server.connections).toEqual([]));
  });

  it('exchange a megabyte both ways', async () => {
    const [there, back] = [randomBytes(MEGABYTE), randomBytes(MEGABYTE)];
    const got: Promise<Buffer>[] = [];
    const { client } = await connectPeer(createPeerNetwork(), (stream) => {
      got.push(readOurs(stream.readable));
      void stream.writable.getWriter().write(back);
    });
    const stream = client.createStream();
    const chunks: Buffer[] = [];
    const answered = new Promise<void>((resolve) => {
      let length = 0;
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length >= MEGABYTE) resolve();
      });
    });
    await new Promise<void>((resolve) => stream.write(there, () => resolve()));
    await answered;
    expect(Buffer.compare(Buffer.concat(chunks), back)).toBe(0);
    stream.end();
    expect(Buffer.compare((await got[0])!, there)).toBe(0);
    await client.end();
  });

  it('lose nothing over a path that delays, reorders, runs dry and tells no packet limit', async () => {
    let calls = 0;
    const network = createPeerNetwork({
      toOurs: {
        ...RATE,
        maxPacketAmount: 20_000n,
        amountTooLargeData: false,
        veto: () => (++calls % 7 === 0 ? new IlpError('T04', 'dry') : undefined),
      },
      faults: { toPeer: { delayMs: [1, 15] }, toOurs: { delayMs: [1, 15] } },
    });
    const bytes = randomBytes(200_000);
    const got: Promise<Buffer>[] = [];
    const { client, connection } = await connectPeer(network, (stream) => {
      got.push(readOurs(stream.readable));
    });
    const stream = client.createStream();
    const written = new Promise<void>((resolve) => stream.write(bytes, () => resolve()));
    await stream.sendTotal(300_000);
    await written;
    stream.end();
    expect(Buffer.compare((await got[0])!, bytes)).toBe(0);
    expect(client.totalDelivered).toBe(connection.received.toString());
    await client.end();
  }, 20_000);

  it('open more streams than ten, one after another', async () => {
    const { client, connection } = await connectPeer(createPeerNetwork(), () => undefined);
    for (let i = 0; i < 25; i++) {
      const stream = await vi.waitFor(() => client.createStream());
      await stream.sendTotal(10);
      stream.end();
    }
    expect(connection.received).toBe(250n);
    await client.end();
  });

  it('does not take more than the limit that our application sets', async () => {
    const { client, connection } = await connectPeer(createPeerNetwork(), (stream) =>
      stream.setReceiveMax(1000n),
    );
    const stream = client.createStream();
    await expect(stream.sendTotal(2000, { timeout: 300 })).rejects.toThrow();
    expect(connection.received <= 1000n).toBe(true);
    expect(connection.received).toBeGreaterThan(0n);
    client.destroy().catch(() => undefined);
  });
});
