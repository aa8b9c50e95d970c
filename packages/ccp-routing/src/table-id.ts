import { OerEncodeError, type OerReader, type OerWriter } from '@pennyswitch/oer-codec';

/**
 * Names one numbering of epochs: a UUID that its sender draws anew whenever earlier epochs lose their meaning. In lower
 * case, with hyphens.
 */
export type RoutingTableId = string;

/** The size on the wire, in bytes. */
export const TABLE_ID_LENGTH = 16;

/** Stands for "no table yet" in a control request. */
export const NO_TABLE: RoutingTableId = '00000000-0000-0000-0000-000000000000';

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The id that 16 bytes spell. */
export function tableIdOf(octets: Uint8Array): RoutingTableId {
  let text = '';
  for (let i = 0; i < TABLE_ID_LENGTH; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += ((octets[i] ?? 0) | 0x100).toString(16).slice(1);
  }
  return text;
}

/** Draws a new id, a random UUID (version 4, as deployed connectors use). */
export function randomTableId(randomBytes: (length: number) => Uint8Array): RoutingTableId {
  const octets = randomBytes(TABLE_ID_LENGTH).slice();
  octets[6] = ((octets[6] as number) & 0x0f) | 0x40;
  octets[8] = ((octets[8] as number) & 0x3f) | 0x80;
  return tableIdOf(octets);
}

/** Reads an id: 16 bytes, most significant first. */
export function readTableId(reader: OerReader): RoutingTableId {
  return tableIdOf(reader.readOctets(TABLE_ID_LENGTH));
}

/** Writes an id. @throws {@link OerEncodeError} `BAD_VALUE` for a text that is no UUID. */
export function writeTableId(writer: OerWriter, id: RoutingTableId): void {
  if (!UUID.test(id)) {
    throw new OerEncodeError('BAD_VALUE', `the table id ${JSON.stringify(id)} is no UUID`);
  }
  const digits = id.replaceAll('-', '');
  const octets = new Uint8Array(TABLE_ID_LENGTH);
  for (let i = 0; i < TABLE_ID_LENGTH; i++) {
    octets[i] = parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  }
  writer.writeOctets(octets);
}
