import { readIlpAddress, type IlpAddress } from '@pennyswitch/ilp-address';
import {
  decodeAmountTooLargeData,
  ilpErrorName,
  isIlpErrorCode,
  PacketType,
} from '@pennyswitch/ilp-packet';
import { OerDecodeError } from '@pennyswitch/oer-codec';
import { dissectRouteControl, dissectRouteUpdate } from './ccp.js';
import { hex, quote, type Dissector } from './dissection.js';
import { dissectConfiguration, looksLikeConfiguration } from './ildcp.js';
import { dissectSealed, type StreamDecoder } from './stream.js';

const NAMES: Readonly<Record<number, string>> = {
  [PacketType.prepare]: 'Prepare',
  [PacketType.fulfill]: 'Fulfill',
  [PacketType.reject]: 'Reject',
};

/** Whether a first byte can start an ILP packet. */
export function startsIlpPacket(type: number): boolean {
  return NAMES[type] !== undefined;
}

/** An ILP packet (RFC 0027) and what it carries. */
export function dissectIlp(dissector: Dissector, stream: StreamDecoder | undefined): string {
  const type = dissector.field(
    'type',
    (reader) => {
      const id = reader.peekUInt8();
      if (!startsIlpPacket(id))
        throw reader.error('BAD_VALUE', `${id} is no type of ILP packet (12 to 14)`);
      return reader.readUInt8();
    },
    (id) => `${id} (${NAMES[id] ?? ''})`,
  );
  dissector.title = `ILP ${NAMES[type] ?? ''}`;
  dissector.nested('content', (content) => {
    if (type === PacketType.prepare) dissectPrepare(content, stream);
    else if (type === PacketType.fulfill) dissectFulfill(content, stream);
    else dissectReject(content, stream);
    return undefined;
  });
  return dissector.title;
}

function dissectPrepare(content: Dissector, stream: StreamDecoder | undefined): void {
  content.field('amount', (reader) => reader.readUInt64());
  content.field(
    'expiresAt',
    (reader) => reader.readTimestamp(),
    (ms) => new Date(ms).toISOString(),
  );
  content.field('executionCondition', (reader) => reader.readOctets(32), hex);
  const destination = content.field('destination', readIlpAddress);
  content.nested('data', (data) => dissectPrepareData(destination, data, stream));
}

function dissectPrepareData(
  destination: IlpAddress,
  data: Dissector,
  stream: StreamDecoder | undefined,
): string | undefined {
  if (destination === 'peer.route.control') return dissectRouteControl(data);
  if (destination === 'peer.route.update') return dissectRouteUpdate(data);
  if (destination === 'peer.config') return endToEnd(data, undefined, 'ILDCP request');
  return endToEnd(data, stream);
}

function dissectFulfill(content: Dissector, stream: StreamDecoder | undefined): void {
  const fulfillment = content.field('fulfillment', (reader) => reader.readOctets(32), hex);
  const bilateral = fulfillment.every((byte) => byte === 0);
  content.nested('data', (data) =>
    bilateral && looksLikeConfiguration(data.reader)
      ? dissectConfiguration(data)
      : endToEnd(data, stream),
  );
}

function dissectReject(content: Dissector, stream: StreamDecoder | undefined): void {
  const code = content.field(
    'code',
    (reader) => reader.readAscii(3),
    (text) => (isIlpErrorCode(text) ? `${text} (${ilpErrorName(text)})` : quote(text)),
  );
  content.field('triggeredBy', (reader) => reader.readVarAscii(1023), quote);
  content.field('message', (reader) => reader.readVarUtf8(8191), quote);
  content.nested('data', (data) => {
    if (code !== 'F08' || data.reader.remaining !== 16) return endToEnd(data, stream);
    const bytes = data.reader.readOctets(16);
    const { receivedAmount, maximumAmount } = decodeAmountTooLargeData(bytes);
    return `received ${receivedAmount}, at most ${maximumAmount} (F08)`;
  });
}

/** Data between the two ends: opened where its secret is known, else shown as it is. */
function endToEnd(
  data: Dissector,
  stream: StreamDecoder | undefined,
  name?: string,
): string | undefined {
  const { remaining } = data.reader;
  const bytes = data.reader.readOctets(remaining);
  const shown = name === undefined ? hex(bytes) : `${name}, ${hex(bytes)}`;
  if (stream === undefined || bytes.length === 0) return shown;
  try {
    return dissectSealed(data, bytes, stream);
  } catch (error) {
    // The problem lies in the decrypted bytes, whose offsets are of their own.
    if (!(error instanceof OerDecodeError)) throw error;
    return `STREAM packet, malformed: ${error.message}`;
  }
}
