import { readGeneralizedTimeText } from './time.js';
import { hex, quote, type Dissector } from './dissection.js';
import { dissectIlp, startsIlpPacket } from './ilp.js';
import type { StreamDecoder } from './stream.js';

const NAMES: Readonly<Record<number, string>> = {
  1: 'Response',
  2: 'Error',
  3: 'Prepare',
  4: 'Fulfill',
  5: 'Reject',
  6: 'Message',
  7: 'Transfer',
};

const CONTENT_TYPES: Readonly<Record<number, string>> = {
  0: 'application/octet-stream',
  1: 'text/plain; charset=utf-8',
  2: 'application/json',
};

/** Sub-protocols whose text is a secret: shown as such, since decoded packets end up in bug reports. */
const SECRET_PROTOCOLS: ReadonlySet<string> = new Set(['auth_token']);

/** Whether a first byte can start a BTP packet. */
export function startsBtpPacket(type: number): boolean {
  return NAMES[type] !== undefined;
}

/** A BTP packet (RFC 0023, BilateralTransferProtocol.asn) and what it carries. */
export function dissectBtp(dissector: Dissector, stream: StreamDecoder | undefined): string {
  const type = dissector.field(
    'type',
    (reader) => reader.readUInt8(),
    (id) => `${id} (${NAMES[id] ?? 'unknown'})`,
  );
  dissector.title = `BTP ${NAMES[type] ?? ''}`;
  dissector.field('requestId', (reader) => reader.readUInt32());
  dissector.nested('content', (content) => {
    dissectBody(type, content);
    dissectProtocolData(content, stream);
    return undefined;
  });
  return dissector.title;
}

function dissectBody(type: number, content: Dissector): void {
  const id = (): void => {
    content.field('transferId', (reader) => reader.readOctets(16), hex);
  };
  switch (type) {
    case 2:
      content.field('code', (reader) => reader.readAscii(3), quote);
      content.field('name', (reader) => reader.readVarAscii(), quote);
      content.field('triggeredAt', readGeneralizedTimeText);
      content.field('data', (reader) => reader.readVarOctets(8192), showOctets);
      break;
    case 3:
      id();
      content.field('amount', (reader) => reader.readUInt64());
      content.field('executionCondition', (reader) => reader.readOctets(32), hex);
      content.field('expiresAt', readGeneralizedTimeText);
      break;
    case 4:
      id();
      content.field('fulfillment', (reader) => reader.readOctets(32), hex);
      break;
    case 5:
      id();
      break;
    case 7:
      content.field('amount', (reader) => reader.readUInt64());
      break;
    default:
  }
}

function dissectProtocolData(content: Dissector, stream: StreamDecoder | undefined): void {
  content.group('protocolData', (entries) => {
    const count = entries.reader.readCount(3);
    for (let i = 0; i < count; i++) {
      entries.group(String(i), (entry) => {
        const name = entry.field('protocolName', (reader) => reader.readVarAscii(), quote);
        const contentType = entry.field(
          'contentType',
          (reader) => reader.readUInt8(),
          (number) => `${number} (${CONTENT_TYPES[number] ?? 'unknown'})`,
        );
        entry.nested('data', (data) => dissectData(name, contentType, data, stream));
        return undefined;
      });
    }
    return `${count}`;
  });
}

function dissectData(
  name: string,
  contentType: number,
  data: Dissector,
  stream: StreamDecoder | undefined,
): string | undefined {
  const { reader } = data;
  if (name === 'ilp' && reader.remaining > 0 && startsIlpPacket(reader.peekUInt8())) {
    return dissectIlp(data, stream);
  }
  const bytes = reader.readOctets(reader.remaining);
  if (SECRET_PROTOCOLS.has(name)) return `(secret, ${bytes.length} bytes)`;
  return contentType === 0 ? hex(bytes) : showOctets(bytes);
}

/** Text where it is text, else hexadecimal. */
function showOctets(bytes: Uint8Array): string {
  try {
    return quote(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return hex(bytes);
  }
}
