import {
  decodeReply,
  encodeFulfill,
  encodeReject,
  PacketType,
  type IlpReply,
} from '@pennyswitch/ilp-packet';

const NO_DATA = new Uint8Array(0);

function encode(reply: IlpReply): Uint8Array {
  return reply.type === PacketType.fulfill ? encodeFulfill(reply) : encodeReject(reply);
}

/** A reply with the data of another one, or with none. What an F08 says about amounts stays: it is for those on the way. */
export function withData(reply: Uint8Array, other: Uint8Array | undefined): Uint8Array {
  const decoded = decodeReply(reply);
  if (decoded.type === PacketType.reject && decoded.code === 'F08') return reply;
  return encode({ ...decoded, data: other === undefined ? NO_DATA : decodeReply(other).data });
}

/** A Fulfill that proves another packet, if the other reply is a Fulfill too. */
export function withFulfillmentOf(reply: Uint8Array, other: Uint8Array): Uint8Array {
  const decoded = decodeReply(reply);
  const donor = decodeReply(other);
  if (decoded.type !== PacketType.fulfill || donor.type !== PacketType.fulfill) return reply;
  return encode({ ...decoded, fulfillment: donor.fulfillment });
}
