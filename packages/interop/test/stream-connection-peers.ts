import { encodeIldcpResponse } from '@pennyswitch/ildcp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  encodeFulfill,
  PEER_PROTOCOL_FULFILLMENT,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import {
  lossyLink,
  realClock,
  seededRandom,
  TinyConnector,
  type LinkFaults,
  type TinyConnectorSettings,
} from '@pennyswitch/testkit';
import { DataAndMoneyStream } from 'ilp-protocol-stream';

// On Node 20 the class below assigns `closed`, which the stream that it inherits from only lets be read.
Object.defineProperty(DataAndMoneyStream.prototype, 'closed', { value: false, writable: true });

/** What npm packages take for a link. */
export interface PeerPlugin {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  sendData(data: Buffer): Promise<Buffer>;
  registerDataHandler(handler: (data: Buffer) => Promise<Buffer>): void;
  deregisterDataHandler(): void;
}

/**
 * A network of two: whoever is below `test.peer` is of the npm package and speaks through `plugin`, everybody else is ours and
 * is reached by `toOurs`. One tiny connector stands in each direction.
 */
export interface PeerNetwork {
  readonly plugin: PeerPlugin;
  /** What our end sends with. */
  readonly send: IlpPacketHandler;
  /** Who answers what the peer sends. */
  setOurs(handler: IlpPacketHandler): void;
}

export function createPeerNetwork(
  settings: {
    readonly toPeer?: Partial<TinyConnectorSettings>;
    readonly toOurs?: Partial<TinyConnectorSettings>;
    /** What the last link to either end does, in milliseconds of real time. */
    readonly faults?: { readonly toPeer?: LinkFaults; readonly toOurs?: LinkFaults };
  } = {},
): PeerNetwork {
  const random = seededRandom(1);
  const link = (faults: LinkFaults | undefined, to: IlpPacketHandler): IlpPacketHandler =>
    faults === undefined ? to : lossyLink({ clock: realClock, random, faults, to });
  let ours: IlpPacketHandler = () => Promise.reject(new Error('nobody is there'));
  let peer: ((data: Buffer) => Promise<Buffer>) | undefined;
  const config = Buffer.from(
    encodeFulfill({
      fulfillment: PEER_PROTOCOL_FULFILLMENT,
      data: encodeIldcpResponse({
        clientAddress: parseIlpAddress('test.peer'),
        assetCode: 'XRP',
        assetScale: 9,
      }),
    }),
  );
  const toPeer = new TinyConnector({
    clock: realClock,
    settings: settings.toPeer ?? {},
    next: link(settings.faults?.toPeer, (prepare) =>
      peer === undefined ? Promise.reject(new Error('no peer')) : peer(Buffer.from(prepare)),
    ),
  });
  const toOurs = new TinyConnector({
    clock: realClock,
    settings: settings.toOurs ?? {},
    next: link(settings.faults?.toOurs, (prepare) => ours(prepare)),
  });
  return {
    send: toPeer.handle,
    setOurs: (handler) => void (ours = handler),
    plugin: {
      connect: () => Promise.resolve(),
      disconnect: () => Promise.resolve(),
      isConnected: () => true,
      registerDataHandler: (handler) => void (peer = handler),
      deregisterDataHandler: () => void (peer = undefined),
      sendData: async (data) =>
        decodePrepare(data).destination === 'peer.config'
          ? config
          : Buffer.from(await toOurs.handle(new Uint8Array(data))),
    },
  };
}

/** Collects what a stream of the npm package receives, until it ends. */
export function readPeer(stream: DataAndMoneyStream): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => resolve(Buffer.concat(chunks)));
    stream.on('error', reject);
  });
}

/** Reads a stream of ours to its end. */
export async function readOurs(readable: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  const reader = readable.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return Buffer.concat(chunks);
    chunks.push(value);
  }
}
