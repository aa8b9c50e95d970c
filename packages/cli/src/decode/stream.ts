import { OerReader } from '@pennyswitch/oer-codec';
import { FRAME_TYPE_IDS, streamErrorName, type StreamKeys } from '@pennyswitch/stream';
import { Dissector, hex, quote } from './dissection.js';

/** Opens the data of ILP packets with the shared secret of one connection. */
export type StreamDecoder = StreamKeys;

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(FRAME_TYPE_IDS).map(([name, id]) => [id, name]),
);

/**
 * The STREAM packet (RFC 0029 5.2) inside an ILP packet's data. Offsets below are those of the decrypted bytes.
 * @param data where its fields are noted; @param sealed the bytes as they travel.
 */
export function dissectSealed(data: Dissector, sealed: Uint8Array, keys: StreamDecoder): string {
  const plaintext = keys.decrypt(sealed);
  if (plaintext === undefined) {
    return `${hex(sealed)} (not sealed with the given secret)`;
  }
  const packet = new Dissector(new OerReader(plaintext));
  try {
    dissectStreamPacket(packet);
  } finally {
    data.fields.push(...packet.fields);
  }
  return 'STREAM packet, decrypted';
}

/** A decrypted STREAM packet (RFC 0029 5.2). */
export function dissectStreamPacket(packet: Dissector): string {
  packet.field('version', (reader) => reader.readUInt8());
  packet.field('ilpPacketType', (reader) => reader.readUInt8());
  packet.field('sequence', (reader) => reader.readVarUInt());
  packet.field('prepareAmount', (reader) => reader.readVarUInt());
  packet.group('frames', (frames) => {
    const count = frames.reader.readCount(2);
    for (let i = 0; i < count; i++) {
      frames.group(String(i), (frame) => {
        const type = frame.field(
          'type',
          (reader) => reader.readUInt8(),
          (id) => `0x${id.toString(16).padStart(2, '0')} (${NAMES.get(id) ?? 'unknown'})`,
        );
        frame.nested('content', (content) => {
          dissectFrame(NAMES.get(type), content);
          return undefined;
        });
        return NAMES.get(type);
      });
    }
    return `${count}`;
  });
  const { remaining } = packet.reader;
  if (remaining > 0) {
    packet.field(
      'padding',
      (reader) => reader.readOctets(remaining),
      (bytes) => (bytes.every((byte) => byte === 0) ? `${remaining} zero bytes` : hex(bytes)),
    );
  }
  return 'STREAM packet';
}

/** The fields of each frame as Stream.asn has them. */
function dissectFrame(name: string | undefined, content: Dissector): void {
  const number = (field: string): void => {
    content.field(field, (reader) => reader.readVarUInt());
  };
  const text = (field: string): void => {
    content.field(field, (reader) => reader.readVarUtf8(), quote);
  };
  const errorCode = (): void => {
    content.field(
      'errorCode',
      (reader) => reader.readUInt8(),
      (code) => `${code} (${streamErrorName(code)})`,
    );
  };
  const octets = (field: string): void => {
    content.field(
      field,
      (reader) => reader.readVarOctets(),
      (bytes) => hex(bytes, 58),
    );
  };
  switch (name) {
    case 'ConnectionClose':
      errorCode();
      text('errorMessage');
      break;
    case 'ConnectionNewAddress':
      text('sourceAddress');
      break;
    case 'ConnectionMaxData':
    case 'ConnectionDataBlocked':
      number('maxOffset');
      break;
    case 'ConnectionMaxStreamId':
    case 'ConnectionStreamIdBlocked':
      number('maxStreamId');
      break;
    case 'ConnectionAssetDetails':
      text('sourceAssetCode');
      content.field('sourceAssetScale', (reader) => reader.readUInt8());
      break;
    case 'StreamClose':
      number('streamId');
      errorCode();
      text('errorMessage');
      break;
    case 'StreamMoney':
      number('streamId');
      number('shares');
      break;
    case 'StreamMaxMoney':
      number('streamId');
      number('receiveMax');
      number('totalReceived');
      break;
    case 'StreamMoneyBlocked':
      number('streamId');
      number('sendMax');
      number('totalSent');
      break;
    case 'StreamData':
      number('streamId');
      number('offset');
      octets('data');
      break;
    case 'StreamMaxData':
    case 'StreamDataBlocked':
      number('streamId');
      number('maxOffset');
      break;
    case 'StreamReceipt':
      number('streamId');
      octets('receipt');
      break;
    default:
  }
}
