import { decodeReply, PacketType, type IlpReply } from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import type { StreamKeys } from '../keys.js';
import type { StreamPacket } from '../packet.js';
import type { SentPacket } from './flight.js';
import type { FulfilledOutcome, RejectedOutcome } from './task.js';

const NO_DATA = new Uint8Array(0);

/**
 * What a reply says about the packet that it answers. A Fulfill counts by its fulfillment alone, which only the receiver can
 * have made. The STREAM packet in the data counts only if it is authentic and says that it belongs to this reply (RFC 0029
 * 5.1): otherwise it is as if it were not there.
 */
export function readOutcome(
  bytes: Uint8Array,
  sent: SentPacket,
  keys: StreamKeys,
): FulfilledOutcome | RejectedOutcome {
  const { sentAt } = sent;
  const reply = decodeOrUndefined(bytes);
  if (reply === undefined) return localReject(sentAt, 'T00', 'the reply is no ILP packet');
  const packet = openReply(reply, sent.sequence, keys);
  const arrived = packet?.prepareAmount;
  if (reply.type === PacketType.reject) {
    const { code, triggeredBy, message } = reply;
    // What is kept of a reply must not keep the whole buffer that it came in.
    const data = code === 'F08' ? reply.data.slice() : NO_DATA;
    return {
      type: 'rejected',
      ...{
        sentAt,
        isLocal: false,
        code,
        triggeredBy,
        message,
        data,
        arrived,
        reply: packet,
      },
    };
  }
  if (sent.fulfillment === undefined || !isEqual(sent.fulfillment, reply.fulfillment)) {
    return localReject(sentAt, 'F05', 'the fulfillment does not match the condition');
  }
  return { type: 'fulfilled', sentAt, arrived, reply: packet };
}

function openReply(reply: IlpReply, sequence: number, keys: StreamKeys): StreamPacket | undefined {
  if (reply.data.length === 0) return undefined;
  const packet = keys.open(reply.data);
  return packet?.ilpPacketType === reply.type && packet.sequence === sequence ? packet : undefined;
}

function localReject(sentAt: number, code: 'T00' | 'F05', message: string): RejectedOutcome {
  return {
    type: 'rejected',
    ...{ sentAt, isLocal: true, code, triggeredBy: '', message, data: NO_DATA },
    arrived: undefined,
    reply: undefined,
  };
}

function decodeOrUndefined(bytes: Uint8Array): IlpReply | undefined {
  try {
    return decodeReply(bytes);
  } catch (error) {
    if (error instanceof OerDecodeError) return undefined;
    throw error;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
