/** Whoever pays and whoever is paid in the matrix of STREAM implementations, each behind the same few words. */
import { createHash, randomBytes } from 'node:crypto';
import { quote } from '@interledger/pay';
import { StreamServer as PeerReceiver } from '@interledger/stream-receiver';
import { encodeIldcpResponse } from '@pennyswitch/ildcp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  encodeFulfill,
  PEER_PROTOCOL_FULFILLMENT,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import {
  connectStream,
  payQuote,
  StreamReceiver,
  StreamServer,
  type StreamCredentials,
} from '@pennyswitch/stream';
import { deserializeIlpPrepare, isFulfill, serializeIlpReply } from 'ilp-packet';
import { createConnection } from 'ilp-protocol-stream';
import { readOurs, readPeer, type PeerPlugin } from './stream-connection-peers.js';
import { quoteWith, startPeerServer } from './stream-sender-peers.js';

const ASSET = { code: 'USD', scale: 6 };

/** What a payer says of a payment when it is over, in units of the smallest kind. */
export interface Paid {
  readonly sent: bigint;
  readonly delivered: bigint;
  /** Why it ended early. */
  readonly error?: unknown;
}

/** Pays exactly `amount`, and sends `data` along where it can. */
export type Payer = (
  send: IlpPacketHandler,
  credentials: StreamCredentials,
  amount: bigint,
  data: Uint8Array,
) => Promise<Paid>;

/** Somebody who is paid. */
export interface Payee {
  readonly handle: IlpPacketHandler;
  readonly credentials: StreamCredentials;
  /** What its application was told it received. */
  readonly received: () => bigint;
  /** What its application has read; undefined where it reads no data. */
  readonly data?: () => Promise<Buffer>;
  readonly close?: () => Promise<void>;
}

const largest = '18446744073709551615';
const ours = parseIlpAddress('test.payee');

export const payers: Readonly<Record<string, Payer>> = {
  'our payment': async (send, { destination, sharedSecret }, amount) => {
    const offer = await quoteWith(
      { send, amount: { type: 'fixed-source', amount } },
      { address: destination, sharedSecret },
    );
    return payQuote(offer);
  },
  'our connection': async (send, credentials, amount, data) => {
    const connection = await connectStream({ send, credentials, asset: ASSET, slippage: '0.02' });
    const stream = await connection.openStream();
    const writer = stream.writable.getWriter();
    await Promise.all([
      stream.sendMoney(amount),
      data.length > 0 ? writer.write(data).then(() => writer.close()) : undefined,
    ]);
    await connection.close();
    return connection;
  },
  'npm ilp-protocol-stream': async (send, { destination, sharedSecret }, amount, data) => {
    const connection = await createConnection({
      plugin: pluginOf(send),
      destinationAccount: destination,
      sharedSecret: Buffer.from(sharedSecret),
      slippage: 0.02,
    });
    const paid = (): Paid => ({
      sent: BigInt(connection.totalSent),
      delivered: BigInt(connection.totalDelivered),
    });
    try {
      const stream = connection.createStream();
      const written = new Promise<void>((resolve) => {
        if (data.length === 0) resolve();
        else stream.write(Buffer.from(data), () => resolve());
      });
      await stream.sendTotal(amount.toString());
      await written;
      stream.end();
      await connection.end();
      return paid();
    } catch (error) {
      return { ...paid(), error };
    }
  },
  'npm @interledger/pay': async (send, { destination, sharedSecret }, amount) => {
    const ended = (error: unknown): Paid => ({ sent: 0n, delivered: 0n, error });
    const payment = await quote({
      plugin: pluginOf(send),
      destinationAddress: destination,
      sharedSecret: Buffer.from(sharedSecret),
      amountToSend: (Number(amount) / 1e6).toFixed(6),
      prices: { USD: 1 },
      slippage: 0.02,
    }).catch(ended);
    if (!('pay' in payment)) return payment;
    const receipt = await payment.pay();
    const units = (value: typeof receipt.amountSent): bigint =>
      BigInt(value.shiftedBy(6).toFixed());
    const { error } = receipt;
    return { sent: units(receipt.amountSent), delivered: units(receipt.amountDelivered), error };
  },
};

export const payees: Readonly<Record<string, () => Promise<Payee>>> = {
  'our StreamReceiver': () => {
    let received = 0n;
    const receiver = new StreamReceiver({
      secret: randomBytes(32),
      address: () => ours,
      asset: ASSET,
      onReceived: ({ amount }) => (received += amount),
    });
    const credentials = receiver.createCredentials();
    return Promise.resolve({ handle: receiver.handle, credentials, received: () => received });
  },
  'our StreamServer': () => {
    const server = new StreamServer({
      secret: randomBytes(32),
      address: () => ours,
      asset: ASSET,
      send: () => Promise.reject(new Error('this server sends nothing')),
    });
    const reads: Promise<Buffer>[] = [];
    let received = (): bigint => 0n;
    server.on('connection', (connection) => {
      received = () => connection.received;
      connection.on('stream', (stream) => reads.push(kept(readOurs(stream.readable))));
    });
    return Promise.resolve({
      handle: server.handle,
      credentials: server.createCredentials(),
      received: () => received(),
      data: async () => (await reads[0]) ?? Buffer.alloc(0),
    });
  },
  'npm ilp-protocol-stream': async () => {
    const reads: Promise<Buffer>[] = [];
    const { server, handle, books } = await startPeerServer((stream) => {
      stream.setReceiveMax(largest);
      reads.push(kept(readPeer(stream)));
    });
    const { destinationAccount, sharedSecret } = server.generateAddressAndSecret();
    return {
      handle,
      credentials: { destination: parseIlpAddress(destinationAccount), sharedSecret },
      received: () => books.received,
      data: async () => (await reads[0]) ?? Buffer.alloc(0),
      close: () => server.close(),
    };
  },
  'npm @interledger/stream-receiver': () => {
    const server = new PeerReceiver({ serverSecret: randomBytes(32), serverAddress: ours });
    const { ilpAddress, sharedSecret } = server.generateCredentials({ asset: ASSET });
    let received = 0n;
    const handle: IlpPacketHandler = (bytes) => {
      const prepare = deserializeIlpPrepare(Buffer.from(bytes));
      const decision = server.createReply(prepare);
      if (!('accept' in decision)) return Promise.resolve(serializeIlpReply(decision));
      decision.setTotalReceived((received + BigInt(prepare.amount)).toString());
      const reply = decision.accept();
      const preimage = isFulfill(reply) ? reply.fulfillment : Buffer.alloc(0);
      const condition = createHash('sha256').update(preimage).digest();
      if (!condition.equals(prepare.executionCondition)) throw new Error('a false fulfillment');
      received += BigInt(prepare.amount);
      return Promise.resolve(serializeIlpReply(reply));
    };
    const credentials = { destination: parseIlpAddress(ilpAddress), sharedSecret };
    return Promise.resolve({ handle, credentials, received: () => received });
  },
};

/** A promise that may reject before anybody waits for it, or without. */
function kept<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** A link as npm packages take it, whose account is kept in {@link ASSET}. */
function pluginOf(send: IlpPacketHandler): PeerPlugin {
  const { code: assetCode, scale: assetScale } = ASSET;
  const clientAddress = parseIlpAddress('test.connector.payer');
  const data = encodeIldcpResponse({ clientAddress, assetCode, assetScale });
  const config = Buffer.from(encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data }));
  return {
    connect: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
    isConnected: () => true,
    sendData: async (bytes) =>
      decodePrepare(bytes).destination === 'peer.config'
        ? config
        : Buffer.from(await send(new Uint8Array(bytes))),
    registerDataHandler: () => undefined,
    deregisterDataHandler: () => undefined,
  };
}
