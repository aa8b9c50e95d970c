import { encodeIldcpResponse } from '@pennyswitch/ildcp';
import { parseIlpAddress } from '@pennyswitch/ilp-address';
import {
  amountTooLarge,
  decodePrepare,
  encodeFulfill,
  encodePrepare,
  IlpError,
  PEER_PROTOCOL_FULFILLMENT,
  type IlpPacketHandler,
} from '@pennyswitch/ilp-packet';
import { DataAndMoneyStream } from 'ilp-protocol-stream';

// On Node 20 the class below assigns `closed`, which the stream that it inherits from only lets be read.
Object.defineProperty(DataAndMoneyStream.prototype, 'closed', { value: false, writable: true });

/** The plugin interface of the JavaScript libraries. */
export interface PeerPlugin {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  sendData(data: Buffer): Promise<Buffer>;
  registerDataHandler(handler: (data: Buffer) => Promise<Buffer>): void;
  deregisterDataHandler(): void;
}

/** A path of one connector between a peer's client and our receiver, in memory. */
export interface Path {
  readonly plugin: PeerPlugin;
  /** What the connector took from the client and gave to the receiver, over packets that were fulfilled. */
  readonly sent: bigint;
  readonly delivered: bigint;
  /** How many packets ended so: `fulfilled`, or an error code. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Outgoing units for so many incoming ones. */
export type Rate = readonly [numerator: bigint, denominator: bigint];

/** What the connector does with packets. */
export interface PathSettings {
  /** Receiver's units for each of the client's: a ratio, rounded down in each packet; by packet where it changes. */
  readonly rate?: Rate | ((packet: number) => Rate);
  readonly maxPacketAmount?: bigint;
  /** A fault for this packet, counted from 0: refused before it reached the receiver, answered too late, or sent twice. */
  readonly fault?: (packet: number) => 'T01' | 'T04' | 'lose reply' | 'duplicate' | undefined;
  /** Whether F08 says what the largest packet is; default true. */
  readonly amountTooLargeData?: boolean;
  /** What the client's account is kept in. */
  readonly asset?: { readonly code: string; readonly scale: number };
}

const CONNECTOR = parseIlpAddress('test.connector');

/** Connects a client at `test.connector.client` to a receiver. */
export function connectPath(receiver: IlpPacketHandler, settings: PathSettings = {}): Path {
  const { rate = [1n, 1n] as const, maxPacketAmount, fault } = settings;
  const { code: assetCode, scale: assetScale } = settings.asset ?? { code: 'USD', scale: 6 };
  const books = { sent: 0n, delivered: 0n, outcomes: {} as Record<string, number> };
  let packets = 0;

  const forward = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const prepare = decodePrepare(bytes);
    if (prepare.destination === 'peer.config') {
      const clientAddress = parseIlpAddress(`${CONNECTOR}.client`);
      const data = encodeIldcpResponse({ clientAddress, assetCode, assetScale });
      return encodeFulfill({ fulfillment: PEER_PROTOCOL_FULFILLMENT, data });
    }
    const packet = packets++;
    const trouble = fault?.(packet);
    if (maxPacketAmount !== undefined && prepare.amount > maxPacketAmount) {
      throw settings.amountTooLargeData === false
        ? new IlpError('F08', 'too large')
        : amountTooLarge({ receivedAmount: prepare.amount, maximumAmount: maxPacketAmount });
    }
    if (trouble === 'T01' || trouble === 'T04') throw new IlpError(trouble, 'refused');
    const [numerator, denominator] = typeof rate === 'function' ? rate(packet) : rate;
    const amount = (prepare.amount * numerator) / denominator;
    const outgoing = encodePrepare({ ...prepare, amount });
    const reply = await receiver(outgoing);
    if (trouble === 'duplicate') await receiver(outgoing);
    if (reply[0] === 13) {
      books.sent += prepare.amount;
      books.delivered += amount;
    }
    if (trouble === 'lose reply') throw new IlpError('R00', 'too late');
    return reply;
  };

  const count = (outcome: string): void => {
    books.outcomes[outcome] = (books.outcomes[outcome] ?? 0) + 1;
  };
  const handle = async (bytes: Uint8Array): Promise<Uint8Array> => {
    try {
      const reply = await forward(bytes);
      count(reply[0] === 13 ? 'fulfilled' : new TextDecoder().decode(rejectCode(reply)));
      return reply;
    } catch (error) {
      if (!(error instanceof IlpError)) throw error;
      count(error.code);
      return error.encode(CONNECTOR);
    }
  };
  return Object.assign(books, { plugin: pluginOf(handle) });
}

/** The code of a Reject, behind its type and length. */
function rejectCode(reject: Uint8Array): Uint8Array {
  const first = reject[1] ?? 0;
  const start = first < 0x80 ? 2 : 2 + (first & 0x7f);
  return reject.subarray(start, start + 3);
}

function pluginOf(handle: IlpPacketHandler): PeerPlugin {
  let connected = false;
  return {
    connect: () => Promise.resolve(void (connected = true)),
    disconnect: () => Promise.resolve(void (connected = false)),
    isConnected: () => connected,
    sendData: async (data) => Buffer.from(await handle(data)),
    registerDataHandler: () => undefined,
    deregisterDataHandler: () => undefined,
  };
}
