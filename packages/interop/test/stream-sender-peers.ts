import { encodeIldcpResponse } from '@pennyswitch/ildcp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  encodeFulfill,
  PEER_PROTOCOL_FULFILLMENT,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import { quotePayment, type Quote, type QuoteOptions } from '@pennyswitch/stream';
import {
  Auditor,
  realClock,
  TinyConnector,
  type AuditedPlace,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import {
  createServer,
  DataAndMoneyStream,
  type Connection,
  type Server,
} from 'ilp-protocol-stream';

// On Node 20 the class below assigns `closed`, which the stream that it inherits from only lets be read.
Object.defineProperty(DataAndMoneyStream.prototype, 'closed', { value: false, writable: true });

/** A server of npm ilp-protocol-stream, and the way in to it. */
export interface PeerServer {
  readonly server: Server;
  readonly handle: IlpPacketHandler;
  /** What its streams were told they received, together. */
  readonly books: { received: bigint };
  readonly connections: Connection[];
}

/** Starts one in memory. @param receiveMax of each stream; undefined leaves it at the server's default of 0. */
export async function startPeerServer(
  onStream: (stream: DataAndMoneyStream) => void,
): Promise<PeerServer> {
  let handler: ((data: Buffer) => Promise<Buffer>) | undefined;
  const data = encodeIldcpResponse({
    clientAddress: parseIlpAddress('test.connector.peer'),
    assetCode: 'XRP',
    assetScale: 9,
  });
  const config = Buffer.from(encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data }));
  const server = await createServer({
    plugin: {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      isConnected: () => true,
      sendData: () => Promise.resolve(config),
      registerDataHandler: (given: (data: Buffer) => Promise<Buffer>) => void (handler = given),
      deregisterDataHandler: () => undefined,
    },
    serverSecret: Buffer.alloc(32, 5),
  });
  const books = { received: 0n };
  const connections: Connection[] = [];
  server.on('connection', (connection: Connection) => {
    connections.push(connection);
    connection.on('stream', (stream: DataAndMoneyStream) => {
      stream.on('money', (amount: string) => (books.received += BigInt(amount)));
      onStream(stream);
    });
  });
  const handle: IlpPacketHandler = (prepare) =>
    handler === undefined
      ? Promise.reject(new Error('the server does not listen'))
      : handler(Buffer.from(prepare));
  return { server, handle, books, connections };
}

/** One connector between our sender and a peer, with an auditor on both sides of it. */
export function connectTo(
  peer: IlpPacketHandler,
  settings: Partial<TinyConnectorSettings>,
): { send: IlpPacketHandler; atSender: AuditedPlace; atPeer: AuditedPlace } {
  const auditor = new Auditor(realClock.now);
  const far = auditor.watch('peer', peer);
  const connector = new TinyConnector({ next: far.handle, clock: realClock, settings });
  const near = auditor.watch('sender', connector.handle);
  return { send: near.handle, atSender: near.place, atPeer: far.place };
}

/** Quotes with credentials as npm packages give them. */
export function quoteWith(
  options: Omit<QuoteOptions, 'credentials' | 'source'>,
  credentials: { readonly address: string; readonly sharedSecret: Uint8Array },
): Promise<Quote> {
  return quotePayment({
    source: { asset: { code: 'USD', scale: 6 } },
    credentials: {
      destination: parseIlpAddress(credentials.address),
      sharedSecret: credentials.sharedSecret,
    },
    ...options,
  });
}
