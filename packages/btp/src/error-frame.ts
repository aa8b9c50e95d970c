import { encodeBtpPacket } from './codec.js';
import { BTP_ERROR_NAMES, type BtpErrorCode } from './error-codes.js';
import { BtpType } from './packet.js';

const UTF8 = new TextEncoder();
/** The longest sentence that is sent, in characters; in UTF-8 it stays below the 8192 bytes of the ASN.1 module. */
const MAX_MESSAGE_LENGTH = 2000;

/** An Error as bytes; its data are a sentence, as deployed peers write it. */
export function errorFrame(
  requestId: number,
  code: BtpErrorCode,
  message: string,
  now: number,
): Uint8Array {
  return encodeBtpPacket({
    type: BtpType.error,
    requestId,
    code,
    name: BTP_ERROR_NAMES[code],
    triggeredAt: { epochMs: withThreeDecimals(now), leapSecond: false },
    data: UTF8.encode(message.slice(0, MAX_MESSAGE_LENGTH)),
    protocolData: [],
  });
}

/**
 * npm btp-packet reads only times with three decimals, and RFC 0030 leaves trailing zeros out: a millisecond more, where
 * needed, makes a time that is canonical and that everybody reads.
 */
function withThreeDecimals(epochMs: number): number {
  return epochMs % 10 === 0 ? epochMs + 1 : epochMs;
}
