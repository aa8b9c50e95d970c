import { BtpRefusal } from './errors.js';
import { BtpType, type BtpMessage, type BtpTransfer, type ProtocolData } from './packet.js';
import { octetsData } from './protocol-data.js';

/** What a handler may want to know beside the octets. */
export interface BtpRequest {
  /** All entries; the first is the one that the handler was found by. */
  readonly protocolData: readonly ProtocolData[];
  /** The first entry's content type. */
  readonly contentType: number;
}

/**
 * Answers a Message. Octets become an entry of the same name; entries go as they are. Throw `BtpRefusal` to answer with
 * a particular Error. The octets are the handler's: nobody else reads or changes them.
 */
export type BtpMessageHandler = (
  octets: Uint8Array,
  request: BtpRequest,
) => Promise<Uint8Array | readonly ProtocolData[]>;

/**
 * Answers a Transfer. It must have committed the transfer before its promise resolves; if the promise rejects nothing
 * may have changed (RFC 0023 "Transfer"). Throw `BtpRefusal` to say why.
 */
export type BtpTransferHandler = (
  amount: bigint,
  protocolData: readonly ProtocolData[],
) => Promise<readonly ProtocolData[]>;

/** The handlers of an endpoint, by sub-protocol. They outlive connections. */
export class Handlers {
  readonly #messages = new Map<string, BtpMessageHandler>();
  #transfer: BtpTransferHandler | undefined;

  handle(protocolName: string, handler: BtpMessageHandler): void {
    this.#messages.set(protocolName, handler);
  }

  handleTransfer(handler: BtpTransferHandler): void {
    this.#transfer = handler;
  }

  /** The response to a request. Rejects with what the handler throws. */
  async answer(packet: BtpMessage | BtpTransfer): Promise<readonly ProtocolData[]> {
    const { protocolData } = packet;
    if (packet.type === BtpType.transfer) {
      if (this.#transfer === undefined) throw new BtpRefusal('F00', 'transfers are not accepted');
      return this.#transfer(packet.amount, protocolData);
    }
    const [primary] = protocolData;
    if (primary === undefined) return []; // Asks nothing: a sign of life.
    const { protocolName, contentType, data } = primary;
    const handler = this.#messages.get(protocolName);
    if (handler === undefined) throw new BtpRefusal('F00', 'the sub-protocol is not supported');
    const result = await handler(data, { protocolData, contentType });
    return result instanceof Uint8Array ? [octetsData(protocolName, result)] : result;
  }
}
