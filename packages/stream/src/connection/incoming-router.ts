import type { IlpAddress } from '@pennyswitch/ilp-address';
import {
  decodePrepare,
  encodeReject,
  PacketType,
  type IlpErrorCode,
  type IlpPacketHandler,
  type IlpPrepare,
} from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import type { StreamKeys } from '../keys.js';
import type { StreamPacket } from '../packet.js';

/** Who answers a packet that the other end of a connection has made. */
export interface PacketTaker {
  handle(prepare: IlpPrepare, request: StreamPacket): Promise<Uint8Array>;
}

/**
 * Answers packets that come in for one connection: those that the other end did not make never reach it (RFC 0029 4.2). At
 * which address they came does not matter: after a move, some are still on their way to the old one.
 */
export class IncomingRouter {
  readonly handle: IlpPacketHandler;

  constructor(address: () => IlpAddress | undefined, keys: StreamKeys, taker: PacketTaker) {
    this.handle = (bytes) => {
      const self = address();
      const prepare = readPrepare(bytes);
      if (prepare === undefined) return refuse('F01', self, 'invalid packet');
      const request = openRequest(keys, prepare);
      if (request === undefined) return refuse('F06', self, 'unexpected payment');
      return taker.handle(prepare, request);
    };
  }
}

/** The Prepare in some bytes; undefined where they are none. */
export function readPrepare(bytes: Uint8Array): IlpPrepare | undefined {
  try {
    return decodePrepare(bytes);
  } catch (error) {
    if (error instanceof OerDecodeError) return undefined;
    throw error;
  }
}

/** The packet in a Prepare's data; undefined where nobody who knows the secret made it for a Prepare. */
export function openRequest(keys: StreamKeys, prepare: IlpPrepare): StreamPacket | undefined {
  const request = keys.open(prepare.data);
  return request?.ilpPacketType === PacketType.prepare ? request : undefined;
}

/** A Reject that says nothing but its code and a few fixed words. */
export function refuse(
  code: IlpErrorCode,
  self: IlpAddress | undefined,
  message: string,
): Promise<Uint8Array> {
  return Promise.resolve(
    encodeReject({ code, triggeredBy: self ?? '', message, data: new Uint8Array(0) }),
  );
}
