import { parseIlpAddress } from '@pennyswitch/ilp-address';
import { amountTooLarge, type IlpPacketHandler } from '@pennyswitch/ilp-packet';

const CONNECTOR = parseIlpAddress('test.connector');

/** A link in memory that looks at nothing but the amount: larger packets get F08 with data, which all senders understand. */
export function limitedLink(receiver: IlpPacketHandler, maximumAmount: bigint): IlpPacketHandler {
  return (prepare) => {
    const receivedAmount = amountOf(prepare);
    return receivedAmount > maximumAmount
      ? Promise.resolve(amountTooLarge({ receivedAmount, maximumAmount }).encode(CONNECTOR))
      : receiver(prepare);
  };
}

/** The amount stands behind type and length (RFC 0027 "Packet Format"). */
function amountOf(prepare: Uint8Array): bigint {
  const first = prepare[1] as number;
  const start = 2 + (first < 0x80 ? 0 : first & 0x7f);
  return new DataView(prepare.buffer, prepare.byteOffset + start, 8).getBigUint64(0);
}
