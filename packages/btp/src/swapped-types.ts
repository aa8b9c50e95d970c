import { BtpType, type BtpPacket } from './packet.js';
import { findData } from './protocol-data.js';

/** The first octet of the ILP packets that ask and that answer (RFC 0027). */
const ILP_PREPARE = 12;
const ILP_FULFILL = 13;
const ILP_REJECT = 14;

/**
 * interledger-rs puts a Prepare into a Response and a Fulfill or Reject into a Message, and looks at the ILP packet's
 * type only. This turns such packets round, by the first octet of their `ilp` data; others stay as they are.
 */
export function unswapped(packet: BtpPacket): BtpPacket {
  if (packet.type !== BtpType.message && packet.type !== BtpType.response) return packet;
  const ilpType = findData(packet.protocolData, 'ilp')?.[0];
  if (ilpType === ILP_PREPARE) return { ...packet, type: BtpType.message };
  if (ilpType === ILP_FULFILL || ilpType === ILP_REJECT) {
    return { ...packet, type: BtpType.response };
  }
  return packet;
}
